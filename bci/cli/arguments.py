"""Types of arguments that several commands take."""

import argparse

__all__ = ["positive"]


def positive(text: str) -> int:
    """Return a whole number of at least 1.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is less.
    """
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {number}")
    return number
