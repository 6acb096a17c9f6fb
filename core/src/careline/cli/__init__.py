"""The command line: a thin layer over the library, and the only part that talks to a terminal."""

from careline.cli.main import main

__all__ = ["main"]
