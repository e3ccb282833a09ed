"""The functions of `scipy.signal`, on tensors.

Frequencies and times that a function returns beside its result are plain arrays.

Examples
--------
>>> import numpy as np
>>> import gradtape as gt
>>> import gradtape.scipy as gsp
>>> pole = gt.Variable(0.5)
>>> with gt.GradientTape() as tape:
...     y = gsp.signal.lfilter([1.0], np.stack([1.0, -pole]), [1.0, 0.0, 0.0])
>>> y
Tensor([1.  , 0.5 , 0.25])
>>> tape.gradient(y, pole)
Tensor(2.)
"""

from gradtape.scipy.publish import publish
from gradtape.scipy.signal import windows
from gradtape.scipy.signal.choices import deconvolve, medfilt, medfilt2d, order_filter, wiener
from gradtape.scipy.signal.design import (
    bilinear,
    chirp,
    firwin,
    freqz,
    freqz_sos,
    gausspulse,
    group_delay,
    sawtooth,
    sosfreqz,
)
from gradtape.scipy.signal.resampling import decimate, resample, resample_poly
from gradtape.scipy.signal.smoothing import detrend, envelope, hilbert, savgol_filter
from gradtape.scipy.signal.spectra import coherence, csd, istft, periodogram, spectrogram, stft, welch
from gradtape.scipy.signal.windows import get_window

__all__ = [
    "bilinear",
    "chirp",
    "coherence",
    "csd",
    "decimate",
    "deconvolve",
    "detrend",
    "envelope",
    "firwin",
    "freqz",
    "freqz_sos",
    "gausspulse",
    "get_window",
    "group_delay",
    "hilbert",
    "istft",
    "medfilt",
    "medfilt2d",
    "order_filter",
    "periodogram",
    "resample",
    "resample_poly",
    "savgol_filter",
    "sawtooth",
    "sosfreqz",
    "spectrogram",
    "stft",
    "welch",
    "wiener",
    "windows",
]
__getattr__ = publish(globals(), "signal", "signal")
