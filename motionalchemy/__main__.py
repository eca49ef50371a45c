"""`python -m motionalchemy`, and the console script: the command line, or in one sentence why it cannot be imported."""

import sys


def main() -> None:
    """Run a command; see `cli.app.main`."""
    try:
        from motionalchemy.cli import app
    except ImportError as error:
        from motionalchemy.errors import MissingPart
        from motionalchemy.parts import packages

        try:
            lack = packages.explained(error)
        except MissingPart as other:
            lack = other
        if lack is None:
            raise
        print(f"motionalchemy: {lack}", file=sys.stderr)
        raise SystemExit(2) from None
    app.main()


if __name__ == "__main__":
    main()
