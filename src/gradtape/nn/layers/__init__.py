"""Layers with Keras's names and defaults; one file per kind."""
