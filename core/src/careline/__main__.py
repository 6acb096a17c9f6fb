"""`python -m careline`: the command line, where its program is not on the path."""

from careline.cli import main

if __name__ == "__main__":
    main()
