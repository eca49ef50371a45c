"""Where things go: movers that turn a scene and a beat into motion, and what they stand on."""
