"""Networks and the numerical methods beside them, in plain PyTorch."""
