"""Rows of signal processing: those of `scipy.fft` and `scipy.signal`, loaded when the first one is used."""
