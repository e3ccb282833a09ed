"""Checkpoints: what goes in comes out, what does not fit changes nothing, and a killed process loses nothing."""

import io
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
import pytest

import gradtape as gt
from gradtape import checkpoints, optim
from gradtape.checkpoints import CheckpointError, files

FORMS = ["npz", "safetensors"]
pytest.importorskip("safetensors")


class Point(NamedTuple):
    x: Any
    y: Any


@dataclass
class Setting:
    scale: Any
    rest: Any


def through(tree, form, target=None):
    file = io.BytesIO()
    checkpoints.save(file, tree, format=form)
    return checkpoints.load(file, target)


@pytest.mark.parametrize("form", FORMS)
def test_plain_data_comes_back(form):
    tree = {
        "number": 1.5,
        "large": 2**80,
        "none": None,
        "yes": True,
        "text": "größe",
        "z": 1 + 2j,
        "nan": float("nan"),
        "list": [1, [2.5, "a"]],
        "tuple": (1, 2),
        3: {"inner": np.arange(6).reshape(2, 3)},
        "scalar": np.float32(0.1),
        "point": Point(1, np.ones(2)),
        "setting": Setting(0.5, [gt.constant([1.0, 2.0])]),
    }
    back = through(tree, form)
    assert back.pop("nan") != 0.0
    del tree["nan"]
    assert type(back["scalar"]) is np.float32
    assert back["scalar"] == np.float32(0.1)
    np.testing.assert_array_equal(back[3]["inner"], tree[3]["inner"])
    np.testing.assert_array_equal(back["point"]["y"], np.ones(2))
    assert back["setting"]["rest"][0].tolist() == [1, 2]
    for name in ("number", "large", "none", "yes", "text", "z", "list", "tuple"):
        assert back[name] == tree[name], name
        assert type(back[name]) is type(tree[name]), name


DTYPES = ["?", "i1", "u8", "f2", "f4", "f8", "g", "F", "D", "U5", "S3", "M8[s]", "bfloat16", "float8_e4m3fn", "int4"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", [*DTYPES, [("a", "i4"), ("b", "f8", (2,))]], ids=str)
def test_dtypes_and_shapes(form, dtype):
    dtype = np.dtype(getattr(ml_dtypes, dtype)) if hasattr(ml_dtypes, str(dtype)) else np.dtype(dtype)
    for shape in ((), (3,), (2, 3), (0, 2)):
        array = np.zeros(shape, dtype)
        array[...] = np.arange(array.size).reshape(shape).astype(dtype) if dtype.names is None else array
        for each in (array, np.asfortranarray(array), array[..., :1] if array.ndim else array):
            back = through({"a": each}, form)["a"]
            assert back.dtype == dtype
            assert back.shape == each.shape
            assert back.tobytes() == np.ascontiguousarray(each).tobytes()


def small_model(seed=0):
    with gt.nn.seeded(seed):
        model = gt.nn.Sequential([gt.nn.Dense(4, activation="tanh"), gt.nn.Dropout(0.3), gt.nn.Dense(1)])
        model(np.ones((1, 3)), training=True)
    return model


def train(model, optimizer, rng, steps):
    losses = []
    for _ in range(steps):
        x = rng.standard_normal((8, 3)).astype(np.float32)
        with gt.GradientTape() as tape:
            loss = np.mean((model(x, training=True) - np.sum(x, axis=1, keepdims=True)) ** 2)
        optimizer.apply_gradients(
            zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
        )
        losses.append(float(loss))
    return losses


OPTIMIZERS = {
    "sgd": lambda: optim.SGD(0.1, momentum=0.9, use_ema=True, ema_overwrite_frequency=3),
    "adam": lambda: optim.Adam(optim.schedules.CosineDecay(0.1, 20), gradient_accumulation_steps=2),
    "nadam": lambda: optim.Nadam(0.01),
    "adafactor": lambda: optim.Adafactor(0.01),
    "function": lambda: optim.RMSprop(lambda: 0.01),
    "loss scale": lambda: optim.LossScaleOptimizer(optim.Adam(0.01), dynamic_growth_steps=3),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_continued_run_is_the_same_bit_for_bit(tmp_path, form, name):
    file = tmp_path / f"run.{form}"
    model, optimizer, rng = small_model(), OPTIMIZERS[name](), np.random.default_rng(3)
    before = train(model, optimizer, rng, 5)
    checkpoints.save(file, {"model": model, "optimizer": optimizer, "rng": rng, "losses": before})
    rest = train(model, optimizer, rng, 6)

    other, fresh, stream = small_model(seed=9), OPTIMIZERS[name](), np.random.default_rng()
    state = checkpoints.load(file, {"model": other, "optimizer": fresh, "rng": stream, "losses": []})
    assert state["losses"] == before
    assert state["model"] is other
    assert train(other, fresh, stream, 6) == rest
    for path, variable in model.named_variables().items():
        np.testing.assert_array_equal(variable.numpy(), other.named_variables()[path].numpy(), err_msg=path)
    for one, two in zip(optimizer.variables, fresh.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_without_one_of_the_parts_the_run_is_another(tmp_path):
    """The proof above proves something: leave the optimizer or the random state out, and the numbers differ."""
    model, optimizer, rng = small_model(), optim.Adam(0.01), np.random.default_rng(3)
    train(model, optimizer, rng, 5)
    whole = {"model": model, "optimizer": optimizer, "rng": rng}
    checkpoints.save(tmp_path / "run.npz", whole)
    for left_out in whole:
        checkpoints.save(tmp_path / "part.npz", {k: v for k, v in whole.items() if k != left_out})
        tree = {"model": small_model(9), "optimizer": optim.Adam(0.01), "rng": np.random.default_rng(5)}
        if left_out == "model":
            tree["optimizer"].build(tree["model"])
            with pytest.raises(CheckpointError, match="was built for"):
                checkpoints.load(
                    tmp_path / "part.npz", {k: tree[k] for k in ("optimizer", "rng")} | {"model": tree["model"]}
                )
            continue
        checkpoints.load(tmp_path / "part.npz", {k: v for k, v in tree.items() if k != left_out})
        same = {"model": small_model(9), "optimizer": optim.Adam(0.01), "rng": np.random.default_rng(5)}
        checkpoints.load(tmp_path / "run.npz", same)
        assert train(*tree.values(), 3) != train(*same.values(), 3)


def test_names_are_places(tmp_path):
    model, optimizer = small_model(), optim.Adam()
    train(model, optimizer, np.random.default_rng(0), 1)
    file = tmp_path / "run.npz"
    checkpoints.save(file, {"net": model, "optimizer": optimizer, "best": [np.ones(2)]})
    with np.load(file) as arrays:
        names = set(arrays.files)
        np.testing.assert_array_equal(arrays["net.layers[0].kernel"], model.layers[0].kernel.numpy())
    assert {
        "best[0]",
        "gradtape.json",
        "net.layers[0].bias",
        "net.layers[2].kernel",
        "optimizer.iteration",
        "optimizer.momentum.net.layers[0].kernel",
        "optimizer.velocity.net.layers[2].bias",
    } <= names
    header = json.loads(zipfile.ZipFile(file).read("gradtape.json"))
    assert (header["format"], header["version"]) == ("gradtape.checkpoint", 1)


def test_the_file_of_safetensors_is_one_of_theirs(tmp_path):
    from safetensors import numpy as theirs

    checkpoints.save(tmp_path / "w.safetensors", {"w": np.arange(3.0), "z": np.ones(2, complex)})
    np.testing.assert_array_equal(theirs.load_file(tmp_path / "w.safetensors")["w"], np.arange(3.0))


def test_a_variable_that_is_there_twice_is_kept_once(tmp_path):
    w = gt.Variable([1.0, 2.0])
    checkpoints.save(tmp_path / "w.npz", {"a": w, "b": [w]})
    w.assign([0.0, 0.0])
    assert checkpoints.load(tmp_path / "w.npz")["b"][0].tolist() == [1, 2]
    checkpoints.load(tmp_path / "w.npz", {"a": w, "b": [w]})
    assert w.numpy().tolist() == [1, 2]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "make",
    [
        lambda s: np.random.Generator(np.random.PCG64(s)),
        lambda s: np.random.Generator(np.random.MT19937(s)),
        lambda s: np.random.Generator(np.random.Philox(s)),
        lambda s: np.random.Generator(np.random.SFC64(s)),
        np.random.RandomState,
    ],
)
def test_random_states(make, form):
    rng = make(1)
    rng.standard_normal(3)
    getattr(rng, "integers", getattr(rng, "randint", None))(0, 5, dtype=np.int32)  # half of a word is left over
    other = make(2)
    through({"rng": rng}, form, {"rng": other})
    np.testing.assert_array_equal(rng.standard_normal(5), other.standard_normal(5))


def test_pythons_random_state_and_tensorflows():
    rng, other = random.Random(1), random.Random(2)  # noqa: S311
    rng.gauss(0, 1)
    through([rng], "npz", [other])
    assert [rng.gauss(0, 1) for _ in range(3)] == [other.gauss(0, 1) for _ in range(3)]
    one, two = gt.tf.random.Generator.from_seed(1), gt.tf.random.Generator.from_seed(2)
    one.normal([3])
    through({"g": one}, "npz", {"g": two})
    np.testing.assert_array_equal(one.normal([3]).numpy(), two.normal([3]).numpy())


def test_tensorflows_modules():
    class Line(gt.tf.Module):
        def __init__(self, value):
            super().__init__()
            self.slope = gt.tf.Variable(value)
            self.parts = [gt.tf.Variable([value])]

    line = Line(0.0)
    through(Line(3.0), "npz", line)
    assert (float(line.slope), float(line.parts[0][0])) == (3, 3)


# -- what does not fit -----------------------------------------------------------------------------------------------


def saved(tree):
    file = io.BytesIO()
    checkpoints.save(file, tree)
    return file


@pytest.mark.parametrize(
    ("there", "here", "words"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, "in the checkpoint and not here: `b`"),
        ({"a": 1}, {"a": 1, "b": {"c": 2}}, "not in the checkpoint: `b`"),
        (
            {"w": gt.Variable([1.0])},
            {"w": gt.Variable([1.0, 2.0])},
            r"`w` is float64 \(1,\) in the .*, float64 \(2,\) here",
        ),
        (
            {"w": gt.Variable([1.0])},
            {"w": gt.Variable(np.float32([1.0]))},
            r"`w` is float64 \(1,\).*float32 \(1,\) here",
        ),
        ({"w": np.ones(2)}, {"w": np.ones(3)}, r"`w` is float64 \(2,\)"),
        ({"w": "text"}, {"w": gt.Variable(1.0)}, "`w` is a number or text in the checkpoint, here it is a Variable"),
        ({"w": np.ones(2)}, {"w": 1.0}, "`w` is an array in the checkpoint, here it is a float"),
        ({"w": [1]}, {"w": {"a": 1}}, "`w` is a list in the checkpoint, here it is a dict"),
        ({"w": [gt.Variable(1.0)]}, {"w": [gt.Variable(1.0)] * 2}, r"not in the checkpoint: `w\[1\]`|`w.1.`|`w.*1"),
        (
            {"g": np.random.default_rng(0)},
            {"g": np.random.RandomState(0)},
            "Generator with PCG64, here it is RandomState",
        ),
        ({"o": optim.Adam()}, {"o": optim.SGD()}, "`o` is Adam in the checkpoint, SGD here"),
        ({"o": optim.Adam()}, {"o": optim.Adam(optim.schedules.CosineDecay(0.1, 5))}, "not here: `o.learning_rate`"),
    ],
)
def test_what_does_not_fit_is_told_and_changes_nothing(there, here, words):
    witness = gt.Variable([7.0])
    rng = np.random.default_rng(5)
    state = rng.bit_generator.state
    file = saved({"first": gt.Variable([8.0]), "rng": np.random.default_rng(6)} | there)
    with pytest.raises(CheckpointError, match=f"(?s)does not fit; nothing was changed.*{words}.*help: "):
        checkpoints.load(file, {"first": witness, "rng": rng} | here)
    assert witness.numpy().tolist() == [7]
    assert rng.bit_generator.state == state


def test_an_optimizer_that_does_not_fit_is_left_alone():
    w, v = gt.Variable([1.0]), gt.Variable([1.0, 2.0])
    optimizer = optim.Adam()
    optimizer.apply([np.ones(1)], [w])
    file = saved({"w": w, "o": optimizer})
    fresh = optim.Adam()
    with pytest.raises(CheckpointError, match=r"float64 \(1,\)"):
        checkpoints.load(file, {"w": v, "o": fresh})
    assert not fresh.built
    with pytest.raises(CheckpointError, match="`o` is not built, and its variables `w` are not in the tree"):
        checkpoints.load(file, {"o": fresh})
    amsgrad = optim.Adam(amsgrad=True)
    with pytest.raises(CheckpointError, match=r"not in the checkpoint: `o.velocity_hat.w`"):
        checkpoints.load(file, {"w": w, "o": amsgrad})
    assert not amsgrad.built


def test_a_model_that_never_ran_is_told_so(tmp_path):
    checkpoints.save(tmp_path / "m.npz", small_model())
    model = gt.nn.Sequential([gt.nn.Dense(4), gt.nn.Dropout(0.3), gt.nn.Dense(1)])
    with pytest.raises(CheckpointError, match=r"not here: `layers\[0\].kernel`.*(?s:.)*run the model once"):
        checkpoints.load(tmp_path / "m.npz", model)


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"f": print}, "`f` is a builtin_function_or_method, which has no form"),
        ({"a": [{"o": object()}]}, r"`a\[0\].o` is a object"),
        ({"o": np.array([None])}, "`o` has dtype object"),
        ({(1, 2): 3}, r"the key \(1, 2\)"),
        ({"a.b": np.ones(1), "a": {"b": np.ones(1)}}, "two parts of the tree are called `a.b`"),
    ],
)
def test_what_has_no_form_is_refused_and_the_old_file_stays(tmp_path, tree, words):
    file = tmp_path / "run.npz"
    checkpoints.save(file, {"epoch": 1})
    with pytest.raises(CheckpointError, match=words):
        checkpoints.save(file, tree)
    assert checkpoints.load(file) == {"epoch": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]


# -- bad files -------------------------------------------------------------------------------------------------------


def bytes_of(form):
    file = io.BytesIO()
    checkpoints.save(file, {"w": np.arange(50.0), "v": np.arange(20), "epoch": 3}, format=form)
    return file.getvalue()


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_is_cut_off_anywhere_is_refused(form):
    whole = bytes_of(form)
    w = gt.Variable(np.zeros(50))
    for length in [0, 1, 2, 5, 9, *range(10, len(whole), max(1, len(whole) // 60)), len(whole) - 1]:
        with pytest.raises(CheckpointError, match=r"empty|damaged|no checkpoint"):
            checkpoints.load(io.BytesIO(whole[:length]), {"w": w, "v": np.arange(20), "epoch": 0})
    assert not w.numpy().any()


def test_a_bit_that_flipped_is_noticed_in_npz():
    whole = bytes_of("npz")
    start = whole.index(np.arange(50.0)[7:9].tobytes())
    damaged = whole[:start] + bytes([whole[start] ^ 1]) + whole[start + 1 :]
    with pytest.raises(CheckpointError, match=r"damaged.*CRC"):
        checkpoints.load(io.BytesIO(damaged))


@pytest.mark.parametrize("form", FORMS)
def test_random_damage_gives_a_clear_error_or_the_same_numbers(form):
    whole = bytes_of(form)
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(whole), 200):
        damaged = bytearray(whole)
        damaged[place] ^= int(rng.integers(1, 256))
        try:
            back = checkpoints.load(io.BytesIO(bytes(damaged)))
        except CheckpointError:
            continue
        assert back.keys() == {"w", "v", "epoch"}
        assert back["epoch"] == 3
        np.testing.assert_array_equal(back["w"], np.arange(50.0))
        np.testing.assert_array_equal(back["v"], np.arange(20))


def test_other_files(tmp_path):
    import safetensors.numpy

    np.savez(tmp_path / "other.npz", w=np.ones(3))
    safetensors.numpy.save_file({"w": np.ones(3)}, tmp_path / "other.safetensors")
    (tmp_path / "text.npz").write_text("hello, world", encoding="utf-8")
    for name, words in (
        ("other.npz", "no checkpoint: it is an npz file of other arrays"),
        ("other.safetensors", "no checkpoint: it is a safetensors file of somebody else's"),
        ("text.npz", "no checkpoint: it begins with b'hell'"),
    ):
        with pytest.raises(CheckpointError, match=words):
            checkpoints.load(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        checkpoints.load(tmp_path / "nothing.npz")
    with pytest.raises(ValueError, match=r"\.npz or \.safetensors"):
        checkpoints.save(tmp_path / "run.pkl", {})
    with pytest.raises(ValueError, match="format: one of"):
        checkpoints.save(io.BytesIO(), {}, format="pickle")


def test_a_later_version_is_refused():
    file = io.BytesIO()
    header = {"format": "gradtape.checkpoint", "version": 2, "written by": "gradtape 9", "tree": {"value": 1}}
    files.write_npz(file, header, {})
    with pytest.raises(CheckpointError, match=r"version 2.*gradtape 9.*up to 1"):
        checkpoints.load(file)


def test_nothing_is_unpickled(tmp_path):
    file = io.BytesIO()
    checkpoints.save(file, {"w": np.ones(2)})
    with zipfile.ZipFile(file, "a") as archive, archive.open("bad.npy", "w") as member:
        np.lib.format.write_array(member, np.array([Path(tmp_path)], object), allow_pickle=True)
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoints.load(file)


# -- a process that is killed ----------------------------------------------------------------------------------------

WRITER = """
import os, signal, sys
import numpy as np
from gradtape import checkpoints
from gradtape.checkpoints import files
file, moment = sys.argv[1:]
tree = {"w": np.full(200_000, 2.0), "epoch": 2}
def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
if moment == "writing":
    write_array = files.npy.write_array
    def half(member, array, **kwargs):
        member.write(b"half")
        sys.stdout.flush()
        die()
    files.npy.write_array = half
elif moment == "syncing":
    os.fsync = die
elif moment == "renaming":
    files.Path.replace = die
checkpoints.save(file, tree)
if moment == "loop":
    print("ready", flush=True)
    while True:
        tree["epoch"] += 1
        tree["w"] += 1
        checkpoints.save(file, tree)
"""


def start(file, moment):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(file), moment], env=environment, stdout=subprocess.PIPE
    )


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills a process")
@pytest.mark.parametrize("moment", ["writing", "syncing", "renaming"])
def test_a_process_that_is_killed_as_it_writes_leaves_the_old_file(tmp_path, moment):
    file = tmp_path / "run.npz"
    checkpoints.save(file, {"w": np.full(200_000, 1.0), "epoch": 1})
    with start(file, moment) as process:
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    back = checkpoints.load(file)
    assert back["epoch"] == 1
    assert np.all(back["w"] == 1)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills a process")
def test_a_process_that_is_killed_at_any_moment_leaves_a_whole_file(tmp_path):
    file = tmp_path / "run.npz"
    rng = np.random.default_rng()
    for _ in range(3):
        with start(file, "loop") as process:
            process.stdout.readline()
            try:
                process.wait(float(rng.uniform(0.02, 0.15)))
            except subprocess.TimeoutExpired:
                process.kill()
            process.communicate()
        back = checkpoints.load(file)
        assert back["epoch"] >= 2
        assert np.all(back["w"] == back["epoch"])


def test_an_error_while_writing_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    file = tmp_path / "run.npz"
    checkpoints.save(file, {"epoch": 1})

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        checkpoints.save(file, {"epoch": 2})
    assert checkpoints.load(file) == {"epoch": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]


def test_links_and_modes_stay(tmp_path):
    file, link = tmp_path / "run.npz", tmp_path / "latest.npz"
    checkpoints.save(file, {"epoch": 1})
    file.chmod(0o640)
    link.symlink_to(file)
    checkpoints.save(link, {"epoch": 2})
    assert link.is_symlink()
    assert checkpoints.load(file) == {"epoch": 2}
    assert file.stat().st_mode & 0o777 == 0o640


# -- several files ---------------------------------------------------------------------------------------------------


def test_the_manager_keeps_the_newest(tmp_path):
    w = gt.Variable(0.0)
    manager = checkpoints.CheckpointManager(tmp_path / "runs", max_to_keep=3)
    assert manager.latest_checkpoint is None
    assert manager.restore({"w": w}) is None
    (tmp_path / "runs" / "notes-1.npz").write_text("mine", encoding="utf-8")
    (tmp_path / "runs" / ".ckpt-1.npz.abc.tmp").write_text("half", encoding="utf-8")
    for step in range(1, 12):
        w.assign(step)
        assert manager.save({"w": w}).name == f"ckpt-{step}.npz"
    assert [p.name for p in manager.checkpoints] == ["ckpt-9.npz", "ckpt-10.npz", "ckpt-11.npz"]
    assert {p.name for p in (tmp_path / "runs").iterdir()} == {p.name for p in manager.checkpoints} | {"notes-1.npz"}
    w.assign(0.0)
    assert manager.restore({"w": w})["w"] is w
    assert float(w) == 11
    again = checkpoints.CheckpointManager(tmp_path / "runs", max_to_keep=None)
    assert again.save({"w": w}, checkpoint_number=40).name == "ckpt-40.npz"
    assert len(again.checkpoints) == 4
    manager.latest_checkpoint.write_bytes(b"PK")
    with pytest.raises(CheckpointError, match=r"ckpt-40.npz is damaged"):
        manager.restore({"w": w})


def test_the_manager_s_arguments(tmp_path):
    for arguments in ({"max_to_keep": 0}, {"checkpoint_name": "a/b"}, {"suffix": ".pkl"}):
        with pytest.raises(ValueError, match=r"max_to_keep|checkpoint_name|file"):
            checkpoints.CheckpointManager(tmp_path, **arguments)
    manager = checkpoints.CheckpointManager(tmp_path, suffix=".safetensors", checkpoint_name="net")
    with pytest.raises(CheckpointError):
        manager.save({"f": print})
    manager.save({"a": 1})
    assert [p.name for p in tmp_path.iterdir()] == ["net-1.safetensors"]
