"""What `bci train` and `bci evaluate` share: an experiment by its name, each of its keys an option."""

import argparse
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from bci.cli.free_options import SECTIONS, free_options, refuse_unknown_options
from bci.errors import ConfigError
from bci.nearest import nearest

if TYPE_CHECKING:
    from models.config import ExperimentConfig

__all__ = ["experiment_parser", "load_experiment", "overridden", "with_keys"]

Config = TypeVar("Config", bound=BaseModel)


def experiment_parser(prog: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """Return a parser that knows `--data` and `--out`; keys of the config are what it does not know."""
    parser = argparse.ArgumentParser(
        prog=prog,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--data", nargs="+", type=Path, default=[], metavar="PATH", help="instead of data.paths")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="new folder for the result")
    return parser


def load_experiment(name: str, options: Sequence[str], prog: str) -> "ExperimentConfig":
    """Read the config of an experiment and replace some of its keys, see `overridden`."""
    from bci.config import load_config
    from models.config import ExperimentConfig

    config = _with_decoder_of(load_config(ExperimentConfig, name), options)
    return overridden(config, options, f"{prog} {name}")


def overridden(config: "ExperimentConfig", options: Sequence[str], prog: str) -> "ExperimentConfig":
    """Return a config with some keys replaced, as in `--train.epochs 20 --decoder.options.dropout 0.2`.

    Raises
    ------
    ConfigError
        For an option that is no key of the config, naming the nearest one, or a value that makes no sense.
    """
    free, others = free_options(options)
    _refuse_unknown(config, others)
    kept = {section: getattr(config, section).options for section in SECTIONS}
    changed = _parsed(_with_options(config, {}), others, prog) if others else config
    refuse_unknown_options(changed, free)
    return _with_options(changed, {section: own | free.get(section, {}) for section, own in kept.items()})


def with_keys(config: Config, options: Sequence[str], prog: str) -> Config:
    """Return a config of any kind with some keys replaced, as in `--train.epochs 20`.

    Raises
    ------
    ConfigError
        For an option that is no key of the config, naming the nearest one, or a value that makes no sense.
    """
    _refuse_unknown(config, options)
    return _parsed(config, options, prog) if options else config


def _with_options(config: "ExperimentConfig", options: Mapping[str, dict[str, Any]]) -> "ExperimentConfig":
    """Return a config with other `options` of each section that has some."""
    sections = {
        name: getattr(config, name).model_copy(update={"options": options.get(name, {})}) for name in SECTIONS
    }
    return config.model_copy(update=sections)


def _parsed(config: Config, options: Sequence[str], prog: str) -> Config:
    import tyro

    said = io.StringIO()
    try:
        with redirect_stderr(said):
            return tyro.cli(
                type(config),
                default=config,
                args=list(options),
                prog=prog,
                # `--train.balance False`, as all other values are given; a table that may be left out stays one
                config=(tyro.conf.FlagConversionOff, tyro.conf.AvoidSubcommands),
            )
    except SystemExit:
        raise ConfigError(f"{prog}: {_one_line(said.getvalue())}") from None


def _with_decoder_of(config: "ExperimentConfig", options: Sequence[str]) -> "ExperimentConfig":
    """Return the config with the decoder that `--decoder.name` names, at its own default options.

    Those of the config belong to the decoder that the config names.
    """
    named = re.search(r"(?:^|\0)--decoder\.name[=\0]([^\0]+)", "\0".join(options))
    if named is None or named[1] == config.decoder.name:
        return config
    from models.decoders import default_options

    update = {"name": named[1], "label": "", "options": default_options(named[1])}
    return config.model_copy(update={"decoder": config.decoder.model_copy(update=update)})


def _one_line(box: str) -> str:
    """Return what tyro says in a box of several lines, without title, frame, help and pydantic's addresses."""
    text = " ".join(re.sub(r"[│╭╮╰╯─]+|-{3,}", " ", box.partition("\n")[2]).split())
    text = re.split(r" (?:Argument helptext|For full helptext|For further information)", text)[0]
    text = re.sub(r"Error parsing (\S+?): \d+ validation errors? for \w+ ", r"\1: ", text)
    text = re.sub(r"\[type=\w+, input_value=\{.*", "", text).replace("Value error, ", "")
    return re.sub(r" \[type=\w+, input_value=(.*?), input_type=\w+\]", r", got \1", text).strip()


def _refuse_unknown(config: BaseModel, options: Sequence[str]) -> None:
    known = list(_keys(config))
    for option in options:
        key = option.removeprefix("--").split("=")[0].replace("-", "_")
        if option.startswith("--") and key not in known:
            raise ConfigError(f"unknown key {key!r}; the nearest known one is {nearest(key, known)!r}")


def _keys(config: BaseModel, prefix: str = "") -> Iterator[str]:
    """Yield the dotted names of all keys, those in tables among them."""
    for name in type(config).model_fields:
        value = getattr(config, name)
        if isinstance(value, BaseModel):
            yield from _keys(value, f"{prefix}{name}.")
        else:
            if name != "options":
                yield prefix + name
            yield from (f"{prefix}{name}.{key}" for key in value) if isinstance(value, dict) else ()
