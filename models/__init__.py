"""Encoders, their training and evaluation, and the decoder that runs them live."""

import os

# Read when torch loads its thread pool. Threads that spin while they wait, which is its default, keep the cores
# from every other process: two trainings side by side on two cores then take three times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
