"""A synthetic recording with a photodiode in an AUX channel, and the markers of the program that lights it."""

import numpy as np

from bci.types import Channel, Recording


def photodiode(sfreq=500.0, delay=0.05, n_events=40, seed=0):
    """Bright for 0.15 s, `delay` seconds after each marker; markers about a second apart."""
    rng = np.random.default_rng(seed)
    samples = np.cumsum(rng.uniform(0.7, 1.2, n_events) * sfreq).astype(int) + round(sfreq)
    n_times = int(samples[-1] + 2 * sfreq)
    data = rng.normal(0, 20, (n_times, 3)).astype(np.float32)
    data[:, 2] = rng.normal(0, 5, n_times)
    for sample in samples:
        lit = np.arange(n_times)[sample : sample + round(0.4 * sfreq)]
        since = (lit - sample) / sfreq - delay
        data[lit[(since >= 0) & (since < 0.15)], 2] += 1000.0
    channels = (Channel("Cz"), Channel("Oz"), Channel("AUX1", "aux"))
    markers = tuple((int(sample), "flash") for sample in samples)
    return Recording(data, sfreq, ((0, 0.0),), markers, channels, "Fz")
