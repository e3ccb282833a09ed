"""`fit`: the loop over epochs and batches; `evaluate` and `predict`."""

from __future__ import annotations

from dataclasses import replace
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.arrays.record import unrecorded
from gradtape.errors import MissingGradientError, NotFiniteError
from gradtape.nn import losses
from gradtape.nn import metrics as all_metrics
from gradtape.nn.fitting.callbacks import Callback, History
from gradtape.nn.fitting.data import batches_of
from gradtape.nn.fitting.progress import teller
from gradtape.nn.layer import Layer
from gradtape.nn.metrics.metric import Mean, Metric
from gradtape.nn.random import seeded
from gradtape.tape.gradient_tape import GradientTape
from gradtape.tape.structure import flatten, rebuild

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradtape.nn.fitting.data import Arrays, Batch, Given


def fit(
    model: Callable[..., Any],
    loss: Any,
    optimizer: Any,
    data: Any,
    epochs: int = 1,
    batch_size: int = 32,
    validation_data: Any = None,
    callbacks: Sequence[Callback] = (),
    metrics: Any = (),
    shuffle: bool = True,
    seed: int | None = None,
    verbose: int | str = "auto",
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    variables: Any = None,
) -> History:
    """Train a model: for each batch a tape, the gradients of the loss, and a step of the optimizer.

    A gradient that is missing, or that is not finite, stops the training with the tape's diagnosis, before anything is
    changed by it. Ctrl-C ends the training and keeps what was learned.

    Parameters
    ----------
    model : Module or callable
        Called with a batch of `x`, and with `training=True` if it takes that.
    loss : str, Loss or callable
        Called with truth and prediction, and with `sample_weight` if there are weights. The model's own `losses` are
        added.
    optimizer : Optimizer
        An object with `apply_gradients`, or the name of an optimizer of `gradtape.optim`.
    data : tuple of arrays or iterable
        `(x, y)` or `(x, y, sample_weight)`, examples along the first axis; or an iterable of such batches.
    epochs : int
        The number of the last epoch.
    batch_size : int
        For arrays: how many examples a step has.
    validation_data : tuple of arrays or iterable, optional
        What the model is evaluated on after each epoch, under names that begin with `val_`.
    callbacks : sequence of Callback
        What is called as the training goes on.
    metrics : sequence or dict of str, Metric or callable
        What is computed besides the loss. `"accuracy"` stands for the one that fits the loss. The weights of examples
        count in them, as in Keras's `weighted_metrics`.
    shuffle : bool
        Whether the examples of arrays come in another order in each epoch.
    seed : int, optional
        Where all random numbers of the training come from: first weights, orders, layers that have no seed.
    verbose : {"auto", 0, 1, 2}
        A bar where there is a terminal and rich is installed and lines elsewhere; nothing; the same as "auto"; lines.
    initial_epoch : int
        How many epochs are done already.
    steps_per_epoch, validation_steps : int, optional
        How many batches of an iterable make an epoch.
    variables : list of Variable, optional
        What is trained; the model's `trainable_variables` unless given.

    Returns
    -------
    History
        `history` has a list per name, one number per epoch; `epoch` the epochs; `interrupted` whether Ctrl-C ended it.

    Raises
    ------
    MissingGradientError
        If the loss has no gradient for a variable; the text is the diagnosis.
    NotFiniteError
        If the loss or a gradient is infinite or not a number; the text is the diagnosis.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> x = np.linspace(-1.0, 1.0, 64)[:, None]
    >>> model = gt.nn.Sequential([gt.nn.Dense(16, activation="tanh"), gt.nn.Dense(1)])
    >>> history = gt.nn.fit(model, "mse", gt.optim.Adam(0.05), (x, x**2), epochs=100, seed=0, verbose=0)
    >>> history.history["loss"][-1] < 0.005
    True
    """
    run = Run(model, loss, optimizer, metrics, variables)
    with seeded(seed):
        training = batches_of(data, batch_size, shuffle=shuffle, seed=seed, steps=steps_per_epoch, name="data")
        checking = None
        if validation_data is not None:
            checking = batches_of(
                validation_data, batch_size, shuffle=False, seed=0, steps=validation_steps, name="validation_data"
            )
        return run.train(training, checking, epochs, initial_epoch, callbacks, verbose)


def evaluate(
    model: Callable[..., Any],
    loss: Any,
    data: Any,
    batch_size: int = 32,
    metrics: Any = (),
    steps: int | None = None,
) -> dict[str, float]:
    """Compute the loss and metrics of a model on data, without training.

    Parameters
    ----------
    model, loss, data, batch_size, metrics
        As for `fit`.
    steps : int, optional
        How many batches of an iterable are taken.

    Returns
    -------
    dict of str to float

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> x = np.ones((4, 2))
    >>> gt.nn.evaluate(lambda x: x * 2.0, "mae", (x, x), metrics=["mse"])
    {'loss': 1.0, 'mean_squared_error': 1.0}
    """
    run = Run(model, loss, None, metrics, ())
    return run.evaluate(batches_of(data, batch_size, shuffle=False, seed=0, steps=steps, name="data"))


def predict(model: Callable[..., Any], x: Any, batch_size: int = 32) -> Any:
    """Compute the outputs of a model batch by batch, as plain arrays.

    Parameters
    ----------
    model : Module or callable
    x : structure of array_like
        Examples along the first axis.
    batch_size : int

    Returns
    -------
    ndarray or structure of ndarray

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> gt.nn.predict(lambda x: x * 2.0, np.arange(3.0), batch_size=2)
    array([0., 2., 4.])
    """
    batches = batches_of((x,), batch_size, shuffle=False, seed=0, steps=None, name="x")
    call = caller(model)
    with unrecorded():
        results = [call(batch.x, False) for batch in batches.epoch(0)]
    columns = zip(*([leaf for _, leaf in flatten(result)] for result in results), strict=True)
    joined = (np.concatenate([v._value if isinstance(v, Node) else np.asarray(v) for v in c]) for c in columns)
    return rebuild(results[0], joined.__next__)


def caller(model: Callable[..., Any]) -> Callable[[Any, bool], Any]:
    """Make a function that calls a model, with `training` if it takes that."""
    if isinstance(model, Layer):
        return lambda x, training: model(x, training=training)
    try:
        parameters = signature(model).parameters
    except (TypeError, ValueError):
        return lambda x, _training: model(x)
    if "training" in parameters or any(p.kind is Parameter.VAR_KEYWORD for p in parameters.values()):
        return lambda x, training: model(x, training=training)
    return lambda x, _training: model(x)


class Run:
    """A model with all that it is trained with: what callbacks see as `run`."""

    def __init__(self, model: Callable[..., Any], loss: Any, optimizer: Any, metrics: Any, variables: Any) -> None:
        self.model = model
        self.call = caller(model)
        self.loss = losses.get(loss)
        self.optimizer = optimizer
        if isinstance(optimizer, str):
            from gradtape import optim

            self.optimizer = optim.get(optimizer)
        if variables is None and not hasattr(model, "trainable_variables"):
            raise TypeError(
                f"fit: `model` is a {type(model).__name__} without `trainable_variables`; make it a "
                "gradtape.nn.Module, or say what to train with `variables`"
            )
        self.variables = variables
        self.metrics = self._named(metrics)
        self.mean_loss = Mean(dtype=np.float64)
        self.stop_training = False
        self.epoch = 0

    def _named(self, metrics: Any) -> dict[str, Metric]:
        """Read the metrics: by their own names, or by those of a dict."""
        if isinstance(metrics, dict):
            return {name: self._metric(m) for name, m in metrics.items()}
        given = [metrics] if isinstance(metrics, str) or callable(metrics) else list(metrics)
        made = [(m, self._metric(m)) for m in given]
        return {"accuracy" if m in ("accuracy", "acc") else metric.name: metric for m, metric in made}

    def _metric(self, metric: Any) -> Metric:
        if isinstance(metric, str) and metric in {"accuracy", "acc"}:
            kind = getattr(self.loss, "fn", None)
            from_logits = getattr(self.loss, "kwargs", {}).get("from_logits", False)
            if kind in {losses.binary_crossentropy, losses.binary_focal_crossentropy}:
                found = all_metrics.BinaryAccuracy(threshold=0.5)
                return Squashed(found) if from_logits else found
            if kind in {losses.categorical_crossentropy, losses.categorical_focal_crossentropy}:
                return all_metrics.CategoricalAccuracy()  # type: ignore[no-any-return]
            if kind is losses.sparse_categorical_crossentropy:
                return all_metrics.SparseCategoricalAccuracy()  # type: ignore[no-any-return]
            raise ValueError(
                f"fit: `metrics`: which accuracy fits {self.loss!r} is not known; name one of gradtape.nn.metrics"
            )
        return all_metrics.get(metric)

    # one batch

    def _loss(self, batch: Batch, prediction: Any) -> Any:
        """Compute the loss of a batch, penalties included."""
        weights = {} if batch.sample_weight is None else {"sample_weight": batch.sample_weight}
        total = self.loss(batch.y, prediction, **weights)
        for penalty in getattr(self.model, "losses", ()):
            total = total + penalty
        return total

    def _note(self, batch: Batch, prediction: Any, value: Any) -> None:
        """Add a batch to the loss and the metrics."""
        self.mean_loss.update_state(float(np.mean(value._value)), sample_weight=float(batch.size))
        for metric in self.metrics.values():
            metric.update_state(batch.y, prediction, sample_weight=batch.sample_weight)

    def logs(self) -> dict[str, float]:
        """Return the loss and the metrics so far."""
        found = {"loss": float(self.mean_loss.outcome())}
        for name, metric in self.metrics.items():
            value = np.asarray(metric.outcome(), np.float64)
            found[name] = float(value) if value.ndim == 0 else float(value.mean())
        return found

    def reset(self) -> None:
        """Forget the loss and the metrics."""
        for metric in (self.mean_loss, *self.metrics.values()):
            metric.reset_state()

    def learn(self, batch: Batch) -> None:
        """Do one step."""
        with GradientTape() as tape:
            prediction = self.call(batch.x, True)
            loss = self._loss(batch, prediction)
        trained = self.model.trainable_variables if self.variables is None else self.variables  # type: ignore[attr-defined]
        variables = [v for _, v in flatten(trained)]
        if not variables:
            raise ValueError("fit: the model has no variable that is trained")
        try:
            gradients = tape.gradient(loss, variables, unconnected_gradients="raise")
        except MissingGradientError:
            self._refuse(MissingGradientError, "the loss has no gradient for a variable", tape, loss, variables)
        if not np.isfinite(loss._value).all():
            self._refuse(NotFiniteError, f"the loss is {np.mean(loss._value)}", tape, loss, variables)
        try:
            self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        except NotFiniteError:
            self._refuse(NotFiniteError, "a gradient is not finite", tape, loss, variables)
        self._note(batch, prediction, loss)

    def _refuse(self, kind: Any, headline: str, tape: GradientTape, loss: Any, variables: list[Any]) -> NoReturn:
        """Stop with the tape's diagnosis.

        Raises
        ------
        MissingGradientError, NotFiniteError
        """
        explained = tape.why(loss, variables)
        odd = tuple(g for g in explained.gradients if g.status != "ok")
        explained = replace(explained, gradients=odd)
        raise kind(f"fit, epoch {self.epoch + 1}: {headline}\n{explained}", explained.first_diagnostic) from None

    # epochs

    def evaluate(self, batches: Arrays | Given) -> dict[str, float]:
        """Return the loss and the metrics on data."""
        self.reset()
        with unrecorded():
            for batch in batches.epoch(0):
                prediction = self.call(batch.x, False)
                self._note(batch, prediction, self._loss(batch, prediction))
        return self.logs()

    def train(
        self,
        training: Arrays | Given,
        checking: Arrays | Given | None,
        epochs: int,
        initial_epoch: int,
        callbacks: Sequence[Callback],
        verbose: int | str,
    ) -> History:
        """Go through the epochs."""
        history = next((c for c in callbacks if isinstance(c, History)), None) or History()
        watching = [*(c for c in callbacks if c is not history), history]
        tells = teller(verbose, epochs)
        self.say, self.epoch, self.epochs = tells.say, initial_epoch, epochs
        for callback in watching:
            callback.run = self
        try:
            for callback in watching:
                callback.on_train_begin()
            while self.epoch < epochs and not self.stop_training:
                self._one_epoch(training, checking, watching, tells)
                self.epoch += 1
        except KeyboardInterrupt:
            history.interrupted = True
            tells.say(f"interrupted in epoch {self.epoch + 1}; what was learned is kept")
        finally:
            tells.close()
        for callback in watching:
            callback.on_train_end()
        return history

    def _one_epoch(self, training: Arrays | Given, checking: Any, watching: list[Callback], tells: Any) -> None:
        self.reset()
        tells.begin_epoch(self.epoch, len(training))
        for callback in watching:
            callback.on_epoch_begin(self.epoch)
        heard = [c for c in watching if c.hears_batches]
        for number, batch in enumerate(training.epoch(self.epoch)):
            for callback in heard:
                callback.on_batch_begin(number)
            self.learn(batch)
            logs = self.logs()
            for callback in heard:
                callback.on_batch_end(number, logs)
            tells.step(logs)
            if self.stop_training:
                break
        logs = self.logs()
        if checking is not None:
            logs |= {f"val_{name}": value for name, value in self.evaluate(checking).items()}
        for callback in watching:
            callback.on_epoch_end(self.epoch, logs)
        tells.end_epoch(logs)


class Squashed(Metric):
    """A metric of probabilities that is given scores."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        super().__init__(metric.name)

    def start(self) -> None:
        """Start the metric."""
        self.metric.start()

    def collect(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch: a score above 0 is a probability above a half."""
        self.metric.collect(y_true, np.exp(-np.logaddexp(0.0, -y_pred)), sample_weight)

    def outcome(self) -> Any:
        """Return the value."""
        return self.metric.outcome()
