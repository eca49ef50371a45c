"""Training: recipes, losses and motions learned from a few clips."""
