"""An optimiser's state as tensors by name, as checkpoints keep them."""

from torch import Tensor

__all__ = ["flat", "nested"]


def flat(state: dict[int, dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return `Optimizer.state_dict()["state"]` with names such as `3/exp_avg`."""
    return {f"{number}/{name}": tensor for number, of in state.items() for name, tensor in of.items()}


def nested(flattened: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    """Return what `flat` was given."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in flattened.items():
        number, _, key = name.partition("/")
        state.setdefault(int(number), {})[key] = tensor
    return state
