"""The models: a table that is read before any weight, their code, and the formats of public checkpoints."""
