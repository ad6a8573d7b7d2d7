"""Calibration of a person: what of a bundle is fitted anew to a few minutes of somebody whom it does not know."""
