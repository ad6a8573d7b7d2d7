"""Every key of a config as an option of the command line."""

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel

__all__ = ["overridden"]

Config = TypeVar("Config", bound=BaseModel)


def overridden(config: Config, options: Sequence[str], prog: str) -> Config:
    """Return a config with some keys replaced, as in `--train.epochs 20`.

    An option that is no key ends the command with exit code 2 and the nearest keys; `--help` lists all of them.
    """
    if not options:
        return config
    import tyro

    return tyro.cli(type(config), default=config, args=list(options), prog=prog)
