"""The tables of `benchmarks/evaluate/nano.py`: what is asked, how it is measured, and how it is written down."""
