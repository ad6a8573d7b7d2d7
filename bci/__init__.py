"""The live decoder: EEG over the Lab Streaming Layer in, ranked concepts out.

Nothing in this package knows a model, a file format or a window; those live in `models`, `replay` and `gui`,
and only `bci.cli` puts them together.
"""
