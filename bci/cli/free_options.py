"""Options whose keys a config leaves free, such as `--decoder.options.dropout 0.2`: their values are TOML."""

import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bci.errors import ConfigError
from bci.nearest import nearest

if TYPE_CHECKING:
    from models.config import ExperimentConfig

__all__ = ["SECTIONS", "free_options", "refuse_unknown_options"]

WORDS = {"None": None, "True": True, "False": False}
"""As other options are given them."""
QUOTED = ("[", "{", '"', "'")
"""What begins like this is TOML or a mistake; other text that is no TOML stands for itself."""


def free_options(arguments: Sequence[str]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Take options of `SECTIONS` out of the command line.

    Returns
    -------
    free
        Section -> its options.
    others
        Arguments that are none.

    Raises
    ------
    ConfigError
        If a value is missing, or begins as TOML and is none.
    """
    given: dict[tuple[str, str], list[str]] = {}
    others: list[str] = []
    values = others
    for argument in arguments:
        name, equals, value = argument.partition("=")
        section, _, key = name.removeprefix("--").partition(".options.")
        if not argument.startswith("--"):
            values.append(argument)
        elif section in SECTIONS and key:
            values = given[section, key.replace("-", "_")] = [value] if equals else []
        else:
            values = others
            others.append(argument)
    free: dict[str, dict[str, Any]] = {}
    for (section, key), texts in given.items():
        free.setdefault(section, {})[key] = _value(f"--{section}.options.{key}", texts)
    return free, others


def _value(option: str, texts: Sequence[str]) -> Any:
    """Return what one text says, or a list of what several say."""
    if not texts:
        raise ConfigError(f"{option}: expected a value as in TOML, such as 0.2, true, [1, 2] or a word; got none")
    values = [_read(option, text) for text in texts]
    return values[0] if len(values) == 1 else values


def _read(option: str, text: str) -> Any:
    if text in WORDS:
        return WORDS[text]
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        if text.startswith(QUOTED):
            raise ConfigError(f"{option}: {text!r} is no TOML: {error}") from None
        return text


# --------------------------------------------------------------------------------------------------- known options


def refuse_unknown_options(config: "ExperimentConfig", free: Mapping[str, Collection[str]]) -> None:
    """Refuse options that the reader, decoder or projection of a config does not have.

    Raises
    ------
    ConfigError
        Naming the nearest one.
    """
    for section, options in free.items():
        who, known = SECTIONS[section](config)
        for key in (key for key in options if key not in known):
            instead = f"the nearest known one is {nearest(key, known)!r}" if known else "there are none"
            raise ConfigError(f"{who} has no option {key!r}; {instead}")


def _of_reader(config: "ExperimentConfig") -> tuple[str, Collection[str]]:
    from models.data import WORLD_OPTIONS
    from replay.readers import READERS

    if config.data.reader == "world":
        return "reader 'world'", WORLD_OPTIONS
    reader = READERS.get(config.data.reader)
    return f"reader {config.data.reader!r}", reader.options if reader else ()


def _of_decoder(config: "ExperimentConfig") -> tuple[str, Collection[str]]:
    from models.decoders import default_options

    return f"decoder {config.decoder.name!r}", default_options(config.decoder.name)


def _of_projection(config: "ExperimentConfig") -> tuple[str, Collection[str]]:
    import inspect

    from models.projections import PROJECTIONS

    build = PROJECTIONS.get(config.projection.name)
    parameters = inspect.signature(build).parameters.values() if build else ()
    return f"projection {config.projection.name!r}", [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]


SECTIONS: "dict[str, Callable[[ExperimentConfig], tuple[str, Collection[str]]]]" = {
    "data": _of_reader,
    "decoder": _of_decoder,
    "projection": _of_projection,
}
"""Section with options -> who has them, and their names."""
