"""The tables of `benchmarks/nano.py`: what is asked, how it is measured, and how it is written down."""
