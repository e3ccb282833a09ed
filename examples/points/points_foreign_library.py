"""Stands for any library that takes arrays and knows no tape."""

import numpy as np


def smooth(values):
    """Average each value with the mean of all."""
    plain = np.asarray(values)
    return 0.5 * (plain + plain.mean())
