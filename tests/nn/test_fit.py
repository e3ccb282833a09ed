"""`fit`, `evaluate`, `predict` and the callbacks."""

import csv
import io
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import gradtape as gt
from gradtape import nn
from gradtape.errors import MissingGradientError, NotFiniteError
from gradtape.nn.fitting import progress

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 3)).astype("float32")
Y = (X @ np.array([[1.0], [-2.0], [0.5]]) + 0.3).astype("float32")


class Descent:
    """The plainest optimizer."""

    def __init__(self, rate=0.1):
        self.learning_rate = rate
        self.steps = 0

    def apply_gradients(self, pairs):
        self.steps += 1
        for gradient, variable in pairs:
            variable.assign_sub(self.learning_rate * gradient)


def line(**options):
    return nn.Sequential([nn.Dense(1, **options)])


def fitted(model=None, optimizer=None, **options):
    options = {"epochs": 5, "verbose": 0, "seed": 0, **options}
    return nn.fit(model or line(), "mse", optimizer or Descent(), options.pop("data", (X, Y)), **options)


def test_a_line_is_found():
    model = line()
    history = fitted(model, epochs=60, validation_data=(X[:10], Y[:10]), metrics=["mae"])
    np.testing.assert_allclose(model.layers[0].kernel[:, 0], [1.0, -2.0, 0.5], atol=1e-3)
    assert list(history.history) == ["loss", "mean_absolute_error", "val_loss", "val_mean_absolute_error"]
    assert history.epoch == list(range(60))
    assert history.history["loss"][-1] < 1e-5 < history.history["loss"][0]


def test_the_loss_of_an_epoch_is_the_mean_over_examples():
    model = line()
    model(X)
    frozen = Descent(0.0)
    history = fitted(model, frozen, epochs=1, batch_size=40)
    np.testing.assert_allclose(history.history["loss"][0], np.mean((model(X) - Y) ** 2), rtol=1e-5)
    assert frozen.steps == 3
    np.testing.assert_allclose(
        nn.evaluate(model, "mse", (X, Y), batch_size=40)["loss"], history.history["loss"][0], rtol=1e-5
    )


def test_a_seed_decides_everything():
    def run(seed, **options):
        model = nn.Sequential([nn.Dense(8, activation="relu"), nn.Dropout(0.3), nn.Dense(1)])
        return fitted(model, seed=seed, **options).history["loss"]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert run(None) != run(None)
    assert run(1, shuffle=False) != run(1)


def test_examples_weigh():
    x, y = np.concatenate([X, X]), np.concatenate([Y, Y + 100.0])
    weights = np.repeat([1.0, 0.0], len(X))
    model = line()
    fitted(model, data=(x, y, weights), epochs=80)
    np.testing.assert_allclose(model.layers[0].kernel[:, 0], [1.0, -2.0, 0.5], atol=0.05)
    assert nn.evaluate(model, "mse", (x, y, weights))["loss"] < 0.01


def test_batches_of_an_iterable():
    batches = [(X[k : k + 30], Y[k : k + 30]) for k in (0, 30, 60)]
    seen = Descent()
    fitted(optimizer=seen, data=batches, epochs=2)
    assert seen.steps == 6
    endless = ((X[:5], Y[:5]) for _ in iter(int, 1))
    once = Descent()
    fitted(optimizer=once, data=endless, epochs=3, steps_per_epoch=4)
    assert once.steps == 12
    with pytest.raises(ValueError, match="only once; say how many batches an epoch has with `steps_per_epoch`"):
        fitted(data=iter(batches))


def test_structures_of_inputs():
    class Two(nn.Model):
        def __init__(self):
            super().__init__()
            self.left, self.right = nn.Dense(1), nn.Dense(1)

        def call(self, x):
            return self.left(x["a"]) + self.right(x["b"])

    model = Two()
    fitted(model, data=({"a": X[:, :1], "b": X[:, 1:]}, Y), epochs=60)
    assert nn.predict(model, {"a": X[:, :1], "b": X[:, 1:]}, batch_size=7).shape == (90, 1)
    np.testing.assert_allclose(nn.predict(model, {"a": X[:, :1], "b": X[:, 1:]}), Y, atol=0.05)


@pytest.mark.parametrize(
    ("loss", "y", "units"),
    [
        ("sparse_categorical_crossentropy", (Y[:, 0] > 0).astype(int), 2),
        ("categorical_crossentropy", np.eye(2)[(Y[:, 0] > 0).astype(int)], 2),
        ("binary_crossentropy", (Y > 0).astype(int), 1),
    ],
)
def test_accuracy_is_the_one_that_fits_the_loss(loss, y, units):
    model = nn.Sequential([nn.Dense(units, activation="softmax" if units > 1 else "sigmoid")])
    history = nn.fit(model, loss, Descent(0.5), (X, y), epochs=40, metrics="accuracy", seed=0, verbose=0)
    assert history.history["accuracy"][-1] > 0.95
    scores = nn.losses.BinaryCrossentropy(from_logits=True)
    if units == 1:
        history = nn.fit(line(), scores, Descent(0.5), (X, y), epochs=40, metrics=["acc"], seed=0, verbose=0)
        assert history.history["accuracy"][-1] > 0.95


def test_penalties_are_part_of_the_loss():
    model = line(kernel_regularizer=nn.regularizers.L2(0.5))
    history = fitted(model, epochs=50)
    kernel = model.layers[0].kernel.numpy()
    assert abs(kernel).max() < 1.9
    here = nn.evaluate(model, "mse", (X, Y))["loss"]
    np.testing.assert_allclose(here, np.mean((model(X) - Y) ** 2) + 0.5 * (kernel**2).sum(), rtol=1e-4)
    assert history.history["loss"][-1] == pytest.approx(here, rel=0.1)


def test_what_is_no_module_says_what_it_trains():
    w = gt.Variable(np.zeros((3, 1), "float32"))
    with pytest.raises(TypeError, match="without `trainable_variables`"):
        fitted(lambda x: x @ w)
    history = fitted(lambda x: x @ w, variables=[w], epochs=30)
    assert history.history["loss"][-1] < 0.2


def test_a_missing_gradient_stops_with_the_diagnosis():
    class Rounded(nn.Layer):
        def build(self, shape):
            self.kernel = self.add_weight((shape[-1], 1), name="kernel")

        def call(self, x):
            return np.round(x @ self.kernel)

    model = nn.Sequential([Rounded(), nn.Dense(1)])
    model(X)
    model.layers[0].kernel.assign(3.0 * np.ones((X.shape[1], 1)))  # small ones could round to zeros alone
    before = model.state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(MissingGradientError) as caught:
            fitted(model)
    text = str(caught.value)
    assert text.startswith("fit, epoch 1: the loss has no gradient for a variable\n")
    assert "no gradient flows from `loss` to `model.layers[0].kernel`" in text
    assert "return np.round(x @ self.kernel)" in text
    assert "layers[1]" not in text
    assert caught.value.diagnostic.code.slug == "piecewise-constant"
    assert all((model.state()[k] == v).all() for k, v in before.items())


@pytest.mark.parametrize("optimizer", [Descent, lambda: gt.optim.SGD(0.1)])
def test_what_is_not_finite_stops_with_the_diagnosis(optimizer):
    model = nn.Sequential([nn.Dense(2), nn.Lambda(lambda h: np.log(h)), nn.Dense(1)])
    with np.errstate(invalid="ignore"), pytest.raises(NotFiniteError) as caught:
        fitted(model, optimizer())
    assert str(caught.value).startswith("fit, epoch 1: the loss is nan\n")
    assert "np.log(h)" in str(caught.value)
    root = nn.Sequential([nn.Dense(1, kernel_initializer="zeros"), nn.Lambda(lambda h: np.sqrt(h))])
    with np.errstate(all="ignore"), pytest.raises(NotFiniteError, match=r"a gradient is not finite|the loss is"):
        fitted(root, gt.optim.SGD(0.1))


SCRIPT = """
import numpy as np
from gradtape import nn, optim

class Stuck(nn.Layer):
    def build(self, shape):
        self.kernel = self.add_weight((shape[-1], 1), name="kernel")

    def call(self, x):
        return np.floor(x @ self.kernel)

model = nn.Sequential([nn.Dense(2), Stuck(), nn.Dense(1)])
nn.fit(model, "mse", optim.SGD(), (np.ones((8, 3)), np.ones((8, 1))), seed=0)
"""


def test_why_tells_of_a_fit(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "gradtape", "why", "train.py"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env={"PYTHONPATH": str(Path(gt.__file__).parents[1]), "PATH": "", "COLUMNS": "150"},
    )  # fmt: skip
    assert "fit at train.py:13" in done.stdout
    assert "d loss / d model.layers[1].kernel" in done.stdout
    assert "GT302 piecewise-constant at train.py:10" in done.stdout


def test_ctrl_c_keeps_what_was_learned(capsys):
    class Impatient(nn.callbacks.Callback):
        ended = False

        def on_epoch_end(self, epoch, logs):
            if epoch == 2:
                raise KeyboardInterrupt

        def on_train_end(self):
            self.ended = True

    model, callback = line(), Impatient()
    history = fitted(model, epochs=50, callbacks=[callback], verbose=2)
    assert history.interrupted
    assert callback.ended
    assert len(history.epoch) == 2
    assert np.mean((model(X) - Y) ** 2) < 1.0
    assert "interrupted in epoch 3; what was learned is kept" in capsys.readouterr().out


def test_early_stopping():
    stop = nn.callbacks.EarlyStopping("val_loss", patience=3, restore_best_weights=True)
    model = line()

    class Spoil(nn.callbacks.Callback):
        def on_epoch_begin(self, epoch):
            if epoch > 5:
                model.layers[0].bias.assign_add([0.5 * epoch])

    history = fitted(model, epochs=50, validation_data=(X, Y), callbacks=[stop, Spoil()])
    best = int(np.argmin(history.history["val_loss"]))
    assert (stop.best_epoch, stop.stopped_epoch) == (best, best + 3)
    assert history.epoch[-1] == best + 3
    np.testing.assert_allclose(np.mean((model(X) - Y) ** 2), min(history.history["val_loss"]), rtol=1e-4)
    with pytest.raises(KeyError, match="`monitor` is 'val_loss'; an epoch has loss; pass `validation_data`"):
        fitted(callbacks=[nn.callbacks.EarlyStopping()])


@pytest.mark.parametrize(
    ("monitor", "mode", "up"),
    [
        ("val_accuracy", "auto", True),
        ("loss", "auto", False),
        ("x", "max", True),
        ("auc", "auto", True),
        ("auc", "min", False),
    ],
)
def test_what_is_better(monitor, mode, up):
    stop = nn.callbacks.EarlyStopping(monitor, mode=mode, min_delta=0.1)
    stop.best = 1.0
    assert stop.better(1.2) is up
    assert stop.better(0.8) is not up
    assert not stop.better(1.05)


@pytest.mark.parametrize("optimizer", [lambda: Descent(0.4), lambda: gt.optim.SGD(0.4)])
def test_rates(optimizer):
    made = optimizer()
    plateau = nn.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=2, min_delta=10.0, min_lr=0.15)
    history = fitted(optimizer=made, epochs=8, callbacks=[plateau])
    np.testing.assert_allclose(history.history["learning_rate"], [0.4, 0.4, 0.4, 0.2, 0.2, 0.15, 0.15, 0.15], rtol=1e-6)
    made = optimizer()
    schedule = nn.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5 if epoch else rate)
    history = fitted(optimizer=made, epochs=3, callbacks=[schedule])
    np.testing.assert_allclose(history.history["learning_rate"], [0.4, 0.2, 0.1], rtol=1e-6)


def test_a_file_of_numbers(tmp_path):
    file = tmp_path / "log.csv"
    fitted(epochs=2, callbacks=[nn.callbacks.CSVLogger(file)], metrics=["mae"])
    fitted(epochs=3, initial_epoch=2, callbacks=[nn.callbacks.CSVLogger(file, append=True)], metrics=["mae"])
    rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert rows[0] == ["epoch", "loss", "mean_absolute_error"]
    assert [row[0] for row in rows[1:]] == ["0", "1", "2"]
    assert all(float(n) > 0 for row in rows[1:] for n in row[1:])


def test_checkpoints(tmp_path):
    model, optimizer = line(), gt.optim.Adam(0.1)
    save = nn.callbacks.ModelCheckpoint(tmp_path / "at-{epoch:02d}.npz", "loss", save_best_only=True)
    fitted(model, optimizer, epochs=3, callbacks=[save])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["at-01.npz", "at-02.npz", "at-03.npz"]
    other, twin = line(), gt.optim.Adam(0.1)
    other(X)
    twin.build(other.trainable_variables)
    state = gt.checkpoints.load(tmp_path / "at-03.npz", {"model": other, "optimizer": twin, "epoch": 0})
    assert state["epoch"] == 3
    np.testing.assert_array_equal(other(X), model(X))
    few = nn.callbacks.ModelCheckpoint(tmp_path / "step.npz", save_weights_only=True, save_freq=2)
    fitted(model, optimizer, epochs=1, callbacks=[few])
    assert gt.checkpoints.load(tmp_path / "step.npz", {"model": other, "epoch": 0})["epoch"] == 1


def test_an_interrupted_training_goes_on_as_if_nothing_had_been(tmp_path):
    def model():
        with nn.seeded(5):
            made = nn.Sequential([nn.Dense(8, activation="tanh"), nn.Dropout(0.2, seed=1), nn.Dense(1)])
            made(X, training=True)
        return made

    class Power(nn.callbacks.Callback):
        def on_epoch_begin(self, epoch):
            if epoch == 3:
                raise RuntimeError("gone")

    whole = fitted(model(), gt.optim.Adam(0.05), epochs=6)
    with pytest.raises(RuntimeError, match="gone"):
        fitted(model(), gt.optim.Adam(0.05), epochs=6, callbacks=[nn.callbacks.BackupAndRestore(tmp_path), Power()])
    backup = nn.callbacks.BackupAndRestore(tmp_path)
    rest = fitted(model(), gt.optim.Adam(0.05), epochs=6, callbacks=[backup])
    assert rest.epoch == [3, 4, 5]
    assert rest.history["loss"] == whole.history["loss"][3:]
    assert not list(tmp_path.iterdir())


def test_functions_as_a_callback():
    told = []
    names = nn.callbacks.LambdaCallback.NAMES
    callback = nn.callbacks.LambdaCallback(**{n: lambda *args, n=n: told.append(n) for n in names})
    fitted(epochs=1, batch_size=45, callbacks=[callback])
    batch = ["on_batch_begin", "on_batch_end"]
    assert told == ["on_train_begin", "on_epoch_begin", *batch, *batch, "on_epoch_end", "on_train_end"]
    with pytest.raises(TypeError, match="no argument 'on_epoch'"):
        nn.callbacks.LambdaCallback(on_epoch=print)


def test_what_is_told(capsys):
    fitted(epochs=2)
    assert capsys.readouterr().out == ""
    fitted(epochs=2, verbose="auto")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("epoch 1/2  ")
    assert "loss " in lines[1]


def test_a_bar_where_there_is_a_terminal():
    rich = pytest.importorskip("rich.console")
    screen = io.StringIO()
    bar = progress.Bar(2, rich.Console(file=screen, force_terminal=True, width=100))
    for epoch in range(2):
        bar.begin_epoch(epoch, 3)
        for _ in range(3):
            bar.step({"loss": 0.5})
        bar.progress.refresh()
        bar.end_epoch({"loss": 0.25, "accuracy": 0.875})
    bar.close()
    assert "epoch 2/2" in screen.getvalue()
    assert "loss 0.25  accuracy 0.875" in screen.getvalue()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: fitted(data=(X, Y[:-1])), r"`data` have one number of examples, got \[89, 90\]"),
        (lambda: fitted(data=(X[:0], Y[:0])), "`data` has no examples"),
        (lambda: fitted(data=3), "`data` is"),
        (lambda: fitted(data=[]), "`data` gave no batch"),
        (lambda: fitted(batch_size=0), "`batch_size` is 1 or more"),
        (lambda: fitted(verbose=7), "`verbose` is 0, 1, 2 or 'auto'"),
        (lambda: fitted(metrics="accuracy"), "which accuracy fits"),
        (lambda: fitted(nn.Sequential([nn.Flatten()])), "no variable that is trained"),
        (lambda: nn.callbacks.ReduceLROnPlateau(factor=2.0), "`factor` is below 1"),
    ],
)
def test_what_does_not_fit_is_refused(call, text):
    with pytest.raises((ValueError, TypeError), match=text):
        call()


def test_an_optimizer_by_its_name_and_a_loss_of_one_s_own():
    history = nn.fit(line(), lambda y, p: np.abs(y - p).mean(axis=-1), "adam", (X, Y), epochs=3, seed=0, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]


def test_a_model_that_was_compiled():
    model = nn.Sequential([nn.Dense(1, input_shape=(3,))])
    assert len(model.weights) == 2
    with pytest.raises(ValueError, match="call `compile"):
        model.fit(X, Y)
    model.compile(gt.optim.SGD(0.1), "mse", ["mae"])
    history = model.fit(X, Y, epochs=30, validation_split=0.2, seed=0, verbose=0)
    assert set(history.history) == {"loss", "mean_absolute_error", "val_loss", "val_mean_absolute_error"}
    assert model.evaluate(X, Y, return_dict=True)["loss"] < 1e-3
    model.compile(gt.optim.SGD(0.1), "mse")
    assert model.evaluate([(X, Y)]) < 1e-3
    model.fit([(X, Y), (X, Y)], epochs=1, verbose=0)
    np.testing.assert_allclose(model.predict(X), Y, atol=0.05)
    with pytest.raises(ValueError, match="`validation_split` is between 0 and 1"):
        model.fit(X, Y, validation_split=2.0)
