"""The command line: every task, training and measuring as a command."""
