"""Where a training runs: one device, or every process that `torchrun` has started (Lightning Fabric)."""

import os

import torch
from lightning_fabric import Fabric

__all__ = ["launch", "processes"]


def processes() -> int:
    """Return how many processes train together: 1 unless `torchrun` says otherwise."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "TORCHELASTIC_RUN_ID" in os.environ else 1


def launch(precision: str) -> Fabric:
    """Join the other processes, if there are any, and take a device.

    Parameters
    ----------
    precision
        As Fabric names it: `32-true`, `bf16-mixed`, `16-mixed`.
    """
    accelerator = "cuda" if torch.cuda.is_available() else "cpu"
    if processes() == 1:
        return Fabric(accelerator=accelerator, devices=1, precision=precision)  # type: ignore[arg-type]
    here = int(os.environ["LOCAL_WORLD_SIZE"])
    fabric = Fabric(
        accelerator=accelerator,
        devices=here,
        num_nodes=processes() // here,
        strategy="ddp",
        precision=precision,  # type: ignore[arg-type]
    )
    fabric.launch()
    return fabric
