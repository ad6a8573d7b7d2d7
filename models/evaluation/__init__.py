"""Honest evaluation: splits and protocols, figures with intervals, controls, curves, and the report."""
