"""Rows of the operations on images that are no compositions; loaded when they are needed."""
