"""Attention: means of values, weighted by how well their keys answer a query."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradtape.arrays import doors
from gradtape.nn.layer import Layer
from gradtape.nn.layers.dense import EinsumDense, whole
from gradtape.nn.layers.noise import Dropout
from gradtape.nn.masks import plain
from gradtape.nn.windows import one_of

xp = doors.SPACE


def weights_of(scores: Any, allowed: Any) -> Any:
    """Turn scores into weights along the last axis; where something is not allowed, its weight is 0."""
    if allowed is not None:
        scores = xp.where(allowed, scores, np.finfo(scores.dtype).min / 2)
    return xp.softmax(scores, axis=-1)


def joined(*masks: Any) -> Any:
    """Return where all masks allow, None if there are none."""
    found: Any = None
    for mask in masks:
        if mask is not None:
            found = mask if found is None else found & mask
    return found


def earlier(queries: int, keys: int) -> Any:
    """Return which keys a query may see that must not look ahead."""
    return np.arange(queries)[:, None] >= np.arange(keys)


class Attention(Layer):
    """Attention by products of queries and keys (Luong et al. 2015), without weights unless asked for.

    Parameters
    ----------
    use_scale : bool
        Whether scores are multiplied by a learned number.
    score_mode : {"dot", "concat"}
        Products of query and key, or a learned number times the sum of `tanh(query + key)`.
    dropout : float
        Which share of the weights is 0 while training.
    seed : int, SeedGenerator, Generator or None
    **options
        `trainable`, `dtype`, `name`; see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> query, value = np.ones((2, 3, 4)), np.ones((2, 5, 4))
    >>> gt.nn.Attention()([query, value]).shape
    (2, 3, 4)
    """

    casts_integers: ClassVar[bool] = True
    supports_masking = True
    scale: Any = None
    concat_score_weight: Any = None

    def __init__(
        self, use_scale: bool = False, score_mode: str = "dot", dropout: float = 0.0, seed: Any = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.use_scale = use_scale
        self.score_mode = one_of(type(self).__name__, "score_mode", score_mode, ("dot", "concat"))
        self.seed = seed
        self.dropout = dropout
        self.dropping = Dropout(dropout, seed=seed, dtype=self._dtype)

    def build(self, input_shape: Any) -> None:  # noqa: ARG002
        """Make the weights."""
        if self.use_scale:
            self.scale = self.add_weight((), "ones", name="scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight")

    def scores(self, query: Any, key: Any) -> Any:
        """Return how well each key answers each query, of shape (batch, queries, keys)."""
        if self.score_mode == "dot":
            scores = xp.matmul(query, xp.swapaxes(key, 1, 2))
            return scores if self.scale is None else scores * self.scale
        both = xp.expand_dims(query, 2) + xp.expand_dims(key, 1)
        both = both if self.scale is None else both * self.scale
        return self.concat_score_weight * xp.sum(xp.tanh(both), axis=-1)

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """Compute the output.

        Parameters
        ----------
        inputs : list of array_like
            Queries (batch, queries, n), values (batch, keys, m), and keys (batch, keys, n), the values unless given.
        mask : list of array_like of bool, optional
            Which queries and which values count.
        return_attention_scores : bool
            Whether the weights are returned as well.
        use_causal_mask : bool
            Whether a query sees only keys up to its own place.

        Returns
        -------
        Tensor
            Of shape (batch, queries, m).
        """
        if not isinstance(inputs, list | tuple) or len(inputs) not in {2, 3}:
            self.refuse("the input is a list [query, value] or [query, value, key]")
        query, value, key = (*inputs, inputs[1])[:3]
        scores = self.scores(query, key)
        of_query, of_value = (*mask, None)[:2] if mask is not None else (None, None)
        allowed = joined(
            None if of_value is None else plain(of_value).astype(bool)[:, None, :],
            earlier(*scores.shape[1:])[None] if use_causal_mask else None,
        )
        weights = self.dropping(weights_of(scores, allowed))
        y = xp.matmul(weights, value)
        if of_query is not None:
            y = y * plain(of_query).astype(y.dtype)[..., None]
        return (y, weights) if return_attention_scores else y

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # noqa: ARG002
        """Return the mask of the queries."""
        return None if mask is None else mask[0]


class AdditiveAttention(Attention):
    """Attention by sums of `tanh(query + key)` (Bahdanau et al. 2015); the arguments are those of `Attention`.

    Parameters
    ----------
    use_scale : bool
        Whether the terms of the sum are multiplied by learned numbers.
    dropout : float
    seed : int, SeedGenerator, Generator or None
    **options
        `trainable`, `dtype`, `name`; see `Layer`.
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, seed: Any = None, **options: Any) -> None:
        super().__init__(use_scale, dropout=dropout, seed=seed, **options)

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        if self.use_scale:
            self.scale = self.add_weight((input_shape[0][-1],), "glorot_uniform", name="scale")

    def scores(self, query: Any, key: Any) -> Any:
        """Return how well each key answers each query, of shape (batch, queries, keys)."""
        terms = xp.tanh(xp.expand_dims(query, 2) + xp.expand_dims(key, 1))
        return xp.sum(terms if self.scale is None else terms * self.scale, axis=-1)


class MultiHeadAttention(Layer):
    """Several attentions side by side, each on projections of its own (Vaswani et al. 2017).

    Parameters
    ----------
    num_heads : int
        How many.
    key_dim : int
        The length of a query and key in each.
    value_dim : int, optional
        The length of a value; `key_dim` unless given.
    dropout : float
        Which share of the weights is 0 while training.
    use_bias : bool
        Whether the projections have offsets.
    output_shape : int, optional
        The length of the result; that of a query unless given.
    kernel_initializer, bias_initializer : str or callable
    kernel_regularizer, bias_regularizer, kernel_constraint, bias_constraint : str or callable, optional
    seed : int, SeedGenerator, Generator or None
    **options
        `trainable`, `dtype`, `name`; see `Layer`.

    Attributes
    ----------
    query_dense, key_dense, value_dense, output_dense : EinsumDense
        The projections: kernels of shape (features, heads, dim), the last (heads, dim, output).

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> layer = gt.nn.MultiHeadAttention(num_heads=2, key_dim=3)
    >>> x = np.ones((4, 6, 8))
    >>> layer(x, x, use_causal_mask=True).shape
    (4, 6, 8)
    """

    casts_integers: ClassVar[bool] = True
    supports_masking = True

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        seed: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.num_heads, self.key_dim = whole("num_heads", num_heads), whole("key_dim", key_dim)
        self.value_dim = None if value_dim is None else whole("value_dim", value_dim)
        self.dropout, self.use_bias, self.seed = dropout, use_bias, seed
        self.output_shape = output_shape[0] if isinstance(output_shape, list | tuple) else output_shape
        self.keep(
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
        )
        self.dropping = Dropout(dropout, seed=seed, dtype=self._dtype)

    def _projection(self, equation: str, shape: tuple[Any, ...], bias_axes: str) -> EinsumDense:
        """Make a projection."""
        given = {
            f"{part}_{what}": getattr(self, f"{part}_{what}")
            for part in ("kernel", "bias")
            for what in ("initializer", "regularizer", "constraint")
        }
        return EinsumDense(
            equation,
            output_shape=shape,
            bias_axes=bias_axes if self.use_bias else None,
            dtype=self._dtype,
            trainable=self._trainable,
            **given,
        )

    def build(self, input_shape: Any) -> None:
        """Make the projections."""
        heads, value_dim = self.num_heads, self.value_dim or self.key_dim
        self.query_dense = self._projection("abc,cde->abde", (None, heads, self.key_dim), "de")
        self.key_dense = self._projection("abc,cde->abde", (None, heads, self.key_dim), "de")
        self.value_dense = self._projection("abc,cde->abde", (None, heads, value_dim), "de")
        self.output_dense = self._projection("abcd,cde->abe", (None, self.output_shape or input_shape[-1]), "e")

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """Compute the output.

        Parameters
        ----------
        query : array_like
            Of shape (batch, queries, features).
        value, key : array_like
            Of shape (batch, keys, ...); keys are the values unless given.
        query_mask, value_mask, key_mask : array_like of bool, optional
            Which of them count.
        attention_mask : array_like of bool, optional
            Which query sees which key, of shape (batch, queries, keys) or one that broadcasts to it.
        return_attention_scores : bool
            Whether the weights (batch, heads, queries, keys) are returned as well.
        use_causal_mask : bool
            Whether a query sees only keys up to its own place.

        Returns
        -------
        Tensor
            Of shape (batch, queries, output).
        """
        key = value if key is None else key
        for name, x in (("query", query), ("value", value), ("key", key)):
            if x.ndim != 3:
                self.refuse(f"`{name}` has shape (batch, length, features), got {tuple(x.shape)}")
        q, k, v = self.query_dense(query), self.key_dense(key), self.value_dense(value)
        scores = xp.einsum([q * self.key_dim**-0.5, k], subscripts="btnh,bsnh->bnts")
        rows = (plain(m).astype(bool) if m is not None else None for m in (query_mask, value_mask, key_mask))
        of_query, of_value, of_key = rows
        allowed = joined(
            None if of_query is None else of_query[:, :, None],
            None if of_value is None else of_value[:, None, :],
            None if of_key is None else of_key[:, None, :],
            None if attention_mask is None else plain(attention_mask).astype(bool),
            earlier(query.shape[1], key.shape[1])[None] if use_causal_mask else None,
        )
        weights = weights_of(scores, None if allowed is None else allowed[..., None, :, :])
        mixed = xp.einsum([self.dropping(weights), v], subscripts="bnts,bsnh->btnh")
        y = self.output_dense(mixed)
        return (y, weights) if return_attention_scores else y
