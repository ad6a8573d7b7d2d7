"""Events of an EPOC in two parts, as files: with numbers of events as `bci pair` writes them, or without."""

import numpy as np

from bci.storage import save_json

DIGITS = {"train": (3, 1, 3, 0), "test": (1, 3)}


def write_digit_pairs(folder, events=None, digits=None, data=None, seed=0):
    """Write both parts, noise where no data are given; return the file of the training signals."""
    rng = np.random.default_rng(seed)
    form = "data" if events is None else "eeg_data"
    for part, own in (digits or DIGITS).items():
        signals = 4200 + rng.normal(0, 30, (len(own), 14, 256))
        signals = signals if data is None else data[part]
        np.save(folder / f"{part}_{form}.npy", signals.astype(np.float32))
        np.save(folder / f"{part}_labels.npy", np.array(own))
    if events is not None:
        save_json(folder / "metadata.json", {"events": events, "caveats": ["one person"]})
    return folder / f"train_{form}.npy"
