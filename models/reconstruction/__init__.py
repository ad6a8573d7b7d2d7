"""Reconstruction: from EEG to a picture by a VAE-GAN, with CLIP as a semantic loss; judged, and painted live.

VAE-GAN: Larsen et al. 2016, arXiv:1512.09300; networks after DCGAN, Radford et al. 2016, arXiv:1511.06434.
"""
