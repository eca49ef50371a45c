"""Rectified flow as mathematics: plans, tasks, stages, solvers and guidance; no model and no file."""
