"""Where a training runs: one device, or every process that `torchrun` has started (Lightning Fabric)."""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lightning_fabric import Fabric

__all__ = ["is_first", "launch", "processes"]


def processes() -> int:
    """Return how many processes train together: 1 unless `torchrun` says otherwise."""
    return int(os.environ["WORLD_SIZE"]) if "TORCHELASTIC_RUN_ID" in os.environ else 1


def is_first() -> bool:
    """Whether this is the process that speaks and writes for all."""
    return processes() == 1 or os.environ["RANK"] == "0"


def launch(precision: str) -> "Fabric":
    """Join the other processes, if there are any, and take a device.

    Parameters
    ----------
    precision
        As Fabric names it: `32-true`, `bf16-mixed`, `16-mixed`.
    """
    import torch  # noqa: PLC0415 (the command line asks who speaks without it)
    from lightning_fabric import Fabric  # noqa: PLC0415

    how: dict[str, Any] = {"accelerator": "cuda" if torch.cuda.is_available() else "cpu", "precision": precision}
    if processes() == 1:
        return Fabric(devices=1, **how)
    here = int(os.environ["LOCAL_WORLD_SIZE"])
    fabric = Fabric(devices=here, num_nodes=processes() // here, strategy="ddp", **how)
    fabric.launch()
    return fabric
