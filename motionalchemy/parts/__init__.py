"""Pretrained weights that ship inside packages, read without trusting them."""
