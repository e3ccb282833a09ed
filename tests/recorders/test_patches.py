"""What is replaced for a run is exactly what was there before when the run is over."""

from gradtape.recorders.patches import Patches


class Base:
    def inherited(self):
        return "base"


class Derived(Base):
    @classmethod
    def made(cls):
        return cls

    @staticmethod
    def plain():
        return "plain"


def test_everything_is_put_back_as_it_was():
    before, patches = dict(vars(Derived)), Patches()
    for name in ("inherited", "made", "plain"):
        patches.set(Derived, name, lambda *_: "first")
        patches.set(Derived, name, lambda *_: "second")
    assert {getattr(Derived(), name)() for name in ("inherited", "made", "plain")} == {"second"}
    assert Base().inherited() == "base"
    patches.undo()
    assert dict(vars(Derived)) == before
    assert "inherited" not in vars(Derived)
