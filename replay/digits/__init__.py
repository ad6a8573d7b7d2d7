"""Pictures of digits, and the folder in which events of EEG are paired with them."""
