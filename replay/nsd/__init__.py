"""The Natural Scenes Dataset: fMRI of eight people who saw thousands of pictures, in its published form."""
