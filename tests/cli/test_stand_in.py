"""`import tensorflow` answered by gradtape.tf, here by a small module in its place."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from gradtape.cli import stand_in
from gradtape.cli.stand_in import StandIn


@pytest.fixture
def tf(monkeypatch):
    module = ModuleType("gradtape.tf")
    module.__path__ = []
    module.Variable = float
    module.math = SimpleNamespace(sin="sine")
    monkeypatch.setitem(sys.modules, "gradtape.tf", module)
    yield module
    for name in [n for n in sys.modules if n.split(".")[0] == "tensorflow"]:
        del sys.modules[name]


def test_every_form_of_import(tf):
    with StandIn() as finder:
        assert not finder.used
        import tensorflow as imported  # noqa: ICN001
        import tensorflow.math
        from tensorflow import Variable
        from tensorflow.math import sin
    assert imported is tf
    assert tensorflow.math is tf.math
    assert (Variable, sin) == (float, "sine")
    assert finder.used


def test_the_stand_in_keeps_its_own_name(tf):
    with StandIn():
        import tensorflow  # noqa: F401, ICN001
    assert tf.__name__ == "gradtape.tf"
    assert getattr(tf, "__spec__", None) is None


def test_an_unknown_part_says_who_does_not_have_it(tf):
    with StandIn(), pytest.raises(ModuleNotFoundError, match=r"gradtape\.tf, which stands in .* `tensorflow\.keras`"):
        import tensorflow.keras  # noqa: F401


def test_an_unknown_name_in_a_from_import_says_so_too(tf):
    with StandIn(), pytest.raises(ModuleNotFoundError, match=r"does not have `tensorflow\.estimator`"):
        from tensorflow import estimator  # noqa: F401


def test_only_tensorflow_is_claimed():
    finder = StandIn()
    assert finder.find_spec("tensorflow_probability", None) is None
    assert finder.find_spec("tensorflow.math", None).name == "tensorflow.math"


def test_it_ends_with_the_block():
    with StandIn() as finder:
        assert sys.meta_path[0] is finder
    assert finder not in sys.meta_path


def test_a_real_one_is_seen_without_importing_it(tmp_path, monkeypatch):
    (tmp_path / "tensorflow.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert stand_in.installed()


REAL = "import tensorflow\nprint(tensorflow.__name__)\n"


def test_a_real_tensorflow_is_left_alone_and_the_way_out_is_named(gradtape, tmp_path):
    (tmp_path / "tensorflow.py").write_text("")
    ran = gradtape("why", "train.py", program=REAL)
    assert ran.out.startswith("tensorflow\n")
    assert "this TensorFlow cannot be recorded (No module named 'tensorflow.python'" in ran.out
    assert "`gradtape why --stand-in SCRIPT`" in ran.out
