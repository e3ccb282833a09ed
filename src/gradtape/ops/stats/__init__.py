"""Rows of statistics: the distributions of `scipy.stats` and its measures of samples."""
