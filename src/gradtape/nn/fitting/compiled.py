"""`compile`, `fit`, `evaluate` and `predict` as methods of a model, as Keras has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradtape.nn.fitting.callbacks import Callback, History


class Compiled:
    """What a model can do that was told its loss and optimizer."""

    _compiled: tuple[Any, Any, Any] | None = None

    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, metrics: Any = None) -> None:
        """Keep an optimizer, a loss and metrics for `fit` and `evaluate`.

        Parameters
        ----------
        optimizer : str or Optimizer
        loss : str, Loss or callable
        metrics : sequence of str, Metric or callable, optional
        """
        if isinstance(optimizer, str):
            from gradtape import optim

            optimizer = optim.get(optimizer)
        self._compiled = (optimizer, loss, metrics or ())

    @property
    def optimizer(self) -> Any:
        """The optimizer that `compile` was given."""
        return self._needed()[0]

    def _needed(self) -> tuple[Any, Any, Any]:
        if self._compiled is None:
            raise ValueError(f"{type(self).__name__}: call `compile(optimizer, loss)` first, or use `gradtape.nn.fit`")
        return self._compiled

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Sequence[Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        seed: int | None = None,
    ) -> History:
        """Train the model; see `gradtape.nn.fit`.

        Parameters
        ----------
        x, y, sample_weight : array_like
            Examples along the first axis; `x` alone may be an iterable of batches.
        validation_split : float
            Which share of the arrays, the last of them, is kept for validation.
        batch_size, epochs, verbose, callbacks, validation_data, shuffle, initial_epoch, steps_per_epoch, \
validation_steps, seed
            As for `gradtape.nn.fit`.

        Returns
        -------
        History

        Examples
        --------
        >>> import numpy as np
        >>> import gradtape as gt
        >>> model = gt.nn.Sequential([gt.nn.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> x = np.ones((20, 2))
        >>> history = model.fit(x, x[:, :1], epochs=2, validation_split=0.5, verbose=0)
        >>> list(history.history)
        ['loss', 'val_loss']
        """
        from gradtape.nn.fitting.loop import fit

        optimizer, loss, metrics = self._needed()
        data = x if y is None and sample_weight is None and not hasattr(x, "shape") else (x, y, sample_weight)
        if validation_split and validation_data is None and isinstance(data, tuple):
            data, validation_data = divided(data, validation_split)
        return fit(
            self,  # type: ignore[arg-type]
            loss,
            optimizer,
            data,
            epochs,
            batch_size or 32,
            validation_data,
            callbacks or (),
            metrics,
            shuffle,
            seed,
            verbose,
            initial_epoch,
            steps_per_epoch,
            validation_steps,
        )

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",  # noqa: ARG002
        sample_weight: Any = None,
        steps: int | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Compute the loss and the metrics; see `gradtape.nn.evaluate`.

        Returns
        -------
        float, list of float or dict
            The loss alone, the loss and the metrics, or both by name with `return_dict`.
        """
        from gradtape.nn.fitting.loop import evaluate

        _, loss, metrics = self._needed()
        data = x if y is None and not hasattr(x, "shape") else (x, y, sample_weight)
        found = evaluate(self, loss, data, batch_size or 32, metrics, steps)  # type: ignore[arg-type]
        if return_dict:
            return found
        values = list(found.values())
        return values[0] if len(values) == 1 else values

    def predict(self, x: Any, batch_size: int | None = None, verbose: int | str = "auto") -> Any:  # noqa: ARG002
        """Compute the outputs batch by batch, as plain arrays; see `gradtape.nn.predict`."""
        from gradtape.nn.fitting.loop import predict

        return predict(self, x, batch_size or 32)  # type: ignore[arg-type]


def divided(data: tuple[Any, ...], share: float) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Take the last share of the examples away."""
    from gradtape.nn.fitting.data import as_arrays, picked
    from gradtape.tape.structure import flatten

    if not 0.0 < share < 1.0:
        raise ValueError(f"fit: `validation_split` is between 0 and 1, got {share}")
    parts = [None if part is None else as_arrays(part) for part in data]
    count = len(next(leaf for _, leaf in flatten(parts[0])))
    first = int(np.floor(count * (1.0 - share)))
    return tuple(
        tuple(None if part is None else picked(part, cut) for part in parts)
        for cut in (slice(0, first), slice(first, None))
    )  # type: ignore[return-value]
