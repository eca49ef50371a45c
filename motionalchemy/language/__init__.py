"""Sentences understood, English and Chinese."""
