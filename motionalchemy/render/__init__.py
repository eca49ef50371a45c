"""Pixels of a motion: layers over a plate under a camera."""
