"""Measuring: metrics that run offline, the suite that puts them in one table, and the speed bench."""
