"""`bci align pictures`: pictures of the Natural Scenes Dataset as files, for `bci embed`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

__all__ = ["Pictures", "main"]

DESCRIPTION = """Write the pictures that one person of the Natural Scenes Dataset saw as PNG files, for bci embed.

examples:
  bci fetch nsd --subjects 1 --pictures --accept-terms --out data
  bci align pictures data/nsd --subject 1 --out data/nsd-pictures
  bci embed data/nsd-pictures --model ViT-B-32 --pretrained openai --out data/nsd-banks/vit_b32.safetensors

Those that are there already are left as they are. Exit codes: 0 written, 2 no such files, or no room."""


@dataclass(frozen=True)
class Pictures:
    """Options of `bci align pictures`."""

    folder: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FOLDER")]
    """Of the data set, as bci fetch nsd lays it out."""
    out: Path
    """Folder of the pictures."""
    subject: int = 1
    """1 to 8."""


def main(argv: list[str]) -> int:
    """Run `bci align pictures`."""
    options = tyro.cli(Pictures, args=argv, prog="bci align pictures", description=DESCRIPTION)
    from bci.cli.progress import progress_bar
    from bci.errors import ConfigError
    from replay.nsd.folder import SESSIONS, NsdFolder
    from replay.nsd.presentations import read_presentations
    from replay.nsd.stimuli import export_pictures

    if not 1 <= options.subject <= len(SESSIONS):
        raise ConfigError(f"expected --subject 1 to {len(SESSIONS)}, got {options.subject}")
    nsd = NsdFolder(options.folder, options.subject)
    sessions = range(1, SESSIONS[options.subject - 1] + 1)
    shown = read_presentations(nsd.table, options.subject, sessions).pictures.tolist()
    with progress_bar("writing") as report:
        export_pictures(nsd.stimuli, shown, options.out, report)
    print(f"{options.out}: {len(shown)} pictures that person {options.subject} saw")
    return 0
