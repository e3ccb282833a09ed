"""Rows of the special functions: those of `scipy.special`, loaded when the first one is used."""
