"""careline: hears customers wherever they speak, and makes sure a person answers in time."""

__version__ = "0.1.0"
