"""Every key of a config as an option of the command line."""

import difflib
from collections.abc import Iterator, Sequence
from typing import TypeVar

from pydantic import BaseModel

from bci.errors import ConfigError

__all__ = ["overridden"]

Config = TypeVar("Config", bound=BaseModel)


def overridden(config: Config, options: Sequence[str], prog: str) -> Config:
    """Return a config with some keys replaced, as in `--train.epochs 20`.

    Raises
    ------
    ConfigError
        For an option that is no key of the config, naming the nearest one.
    """
    if not options:
        return config
    _refuse_unknown(config, options)
    import tyro

    return tyro.cli(type(config), default=config, args=list(options), prog=prog)


def _refuse_unknown(config: BaseModel, options: Sequence[str]) -> None:
    known = list(_keys(config))
    for option in options:
        key = option.removeprefix("--").split("=")[0].replace("-", "_")
        if option.startswith("--") and key not in (*known, "help"):
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)[0]
            raise ConfigError(f"unknown key {key!r}; the nearest known one is {near!r}")


def _keys(config: BaseModel, prefix: str = "") -> Iterator[str]:
    """Yield the dotted names of all keys, those of option tables among them."""
    for name in type(config).model_fields:
        value = getattr(config, name)
        if isinstance(value, BaseModel):
            yield from _keys(value, f"{prefix}{name}.")
        else:
            yield prefix + name
            yield from (f"{prefix}{name}.{key}" for key in value) if isinstance(value, dict) else ()
