"""`python -m motionalchemy.cli` is the console script."""

from motionalchemy.cli.app import main

main()
