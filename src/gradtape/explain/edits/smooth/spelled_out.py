"""Edits of TensorFlow's functions without a rule, or with half of one: written with functions that have theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import simple_name
from gradtape.explain.edits.smooth import slopes

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable

    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case
    from gradtape.explain.edits.pen import Pen

WARPED = '''

def warped(images, transforms):
    """Images in straight lines between their pixels, at the places that `transforms` say; zero outside."""
    last = tf.cast(tf.shape(images)[1:3] - 1, images.dtype)
    y, x = tf.meshgrid(tf.range(last[0] + 1.0), tf.range(last[1] + 1.0), indexing="ij")
    a = tf.unstack(tf.reshape(transforms, [-1, 8, 1, 1]), axis=1)
    scale = a[6] * x + a[7] * y + 1.0
    place = tf.stack([(a[3] * x + a[4] * y + a[5]) / scale, (a[0] * x + a[1] * y + a[2]) / scale], axis=-1)
    place, total = tf.broadcast_to(place, tf.concat([tf.shape(images)[:3], [2]], 0)), tf.zeros_like(images)
    for corner in ([0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]):
        at = tf.floor(place) + corner
        near = tf.reduce_prod(1.0 - tf.abs(place - at), axis=-1, keepdims=True)
        inside = tf.reduce_all((at >= 0.0) & (at <= last), axis=-1, keepdims=True)
        pixels = tf.gather_nd(images, tf.cast(tf.clip_by_value(at, 0.0, last), tf.int32), batch_dims=1)
        total += tf.where(inside, near * pixels, 0.0)
    return total

'''.rstrip()


def instead(case: Case, call: ast.Call) -> Changes:
    """Return the changes for a function that is known here."""
    way, pen = WAYS.get(simple_name(call)), case.pen
    if way is None or pen.dialect != "tensorflow" or scopes.stands_for(call.func, case.file) is None:
        return ()
    changes = way(pen, call, case.file)
    return (*changes, *pen.imports) if changes else ()


def _warped(pen: Pen, call: ast.Call, file: str) -> Changes:
    """Sample images by a function that moves with the transformation, where that is done in straight lines."""
    told = {k.arg or "**": syntax.text_of(k.value).strip("'\"") for k in call.keywords}
    images, transform = builders.argument(call, 0, "images"), builders.argument(call, 1, "transform")
    usual = {"interpolation": "bilinear", "fill_mode": "constant", "fill_value": "0", "images": "", "transform": ""}
    if images is None or transform is None or len(call.args) > 2 or set(told) - set(usual):
        return ()
    if any(usual[name] not in {"", text} for name, text in told.items()):
        return ()
    name, given = scopes.free_name(file, "warped"), (builders.written(n, file) for n in (images, transform))
    code = pen.say(WARPED.replace("warped(", f"{name}("))
    return (*builders.add_import(file, code), *builders.replace(call, file, f"{name}({', '.join(given)})"))


def _spectrogram(pen: Pen, call: ast.Call, file: str) -> Changes:
    """Write the spectrum of windows in time by a transformation, of which it is the size or its square."""
    wave, window, stride, squared = _given(call, file, "input", "window_size", "stride", "magnitude_squared")
    if not (wave and window and stride) or squared not in {"", "True", "False"}:
        return ()
    size = pen.say("tf.abs(tf.signal.stft(tf.transpose({x}), {w}, {s}))", x=wave, w=window, s=stride)
    return builders.replace(call, file, f"{size} ** 2" if squared == "True" else size)


def _cepstrum(pen: Pen, call: ast.Call, file: str) -> Changes:
    """Write mel coefficients by the words of `tf.signal`, which say the same up to rounding."""
    names = ("spectrogram", "sample_rate", "upper_frequency_limit", "lower_frequency_limit", "filterbank_channel_count")
    power, rate, high, low, count, kept = _given(call, file, *names, "dct_coefficient_count")
    if not (power and rate):
        return ()
    first, again = power, power
    if not power.isidentifier():
        again = scopes.free_name(file, "power")
        first = f"({again} := {power})"
    mel = pen.say(
        "tf.signal.linear_to_mel_weight_matrix({n}, {s}.shape[-1], {r}, {a}, {b})",
        n=count or "40",
        s=again,
        r=rate,
        a=low or "20",
        b=high or "4000",
    )
    loud = pen.say("tf.tensordot(tf.sqrt({p} + 1e-12), {m}, 1) + 1e-12", p=first, m=mel)
    text = pen.say("tf.signal.mfccs_from_log_mel_spectrograms(tf.math.log({x}))", x=loud)
    return builders.replace(call, file, f"{text}[..., :{kept or '13'}]")


def _given(call: ast.Call, file: str, *names: str) -> list[str]:
    """Write the arguments of a call by their names, in this order; empty for those that it leaves out."""
    found = (builders.argument(call, k, name) for k, name in enumerate(names))
    return [builders.written(node, file) if node is not None else "" for node in found]


WAYS: dict[str, Callable[[Pen, ast.Call, str], Changes]] = {
    "affine_transform": _warped,
    "audio_spectrogram": _spectrogram,
    "AudioSpectrogram": _spectrogram,
    "mfcc": _cepstrum,
    "Mfcc": _cepstrum,
    "betainc": lambda pen, call, file: slopes.with_slopes(pen, call, file, 2),
    "zeta": lambda pen, call, file: slopes.with_slopes(pen, call, file, 1),
}
"""By the last part of the function's name."""
