"""Recorded and synthetic EEG: readers, the synthetic world, and the simulated device that streams them."""
