"""Rows of image processing: what `scipy.ndimage` is made of, loaded when the first one is used."""
