"""Encoders, their training and evaluation, and the decoder that runs them live."""
