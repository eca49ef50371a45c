"""`python -m motionalchemy` is the console script."""

from motionalchemy.cli.app import main

main()
