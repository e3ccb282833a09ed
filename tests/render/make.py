"""Hand-made messages about a small program, so that renderers are tested without anything that finds reasons."""

from gradtape.diagnostics import BY_NUMBER, Annotation, Applicability, Diagnostic, Edit, Severity, Span, Suggestion
from gradtape.explain.report import Finding, GradientReport, Status, Step

PROGRAM = """\
import numpy as np, gradtape as gt

w = gt.Variable(np.ones(3))
with gt.GradientTape() as tape:
    loss = np.sum(np.floor(w) ** 2)
g = tape.gradient(loss, w)
if g is None:
\tmüll = weigh("日本", w)  # a tab, wide and combining é́
total = (
    np.round(w)
    + 1.0
    + 2.0
    + 3.0
    + 4.0
)
long = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, np.sign(w), 26, 27, 28]
"""


class Maker:
    """Makes spans by the text that they cover."""

    def __init__(self, folder, program=PROGRAM, name="train.py"):
        self.file = str(folder / name)
        self.text = program
        (folder / name).write_text(program, encoding="utf-8")

    def span(self, text):
        start = self.text.index(text)
        return Span(self.file, *self._place(start), *self._place(start + len(text)))

    def _place(self, offset):
        before = self.text[:offset]
        return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1

    def message(self, primary, *others, label="", number="GT302", source="w", **rest):
        annotations = (
            Annotation(self.span(primary), label, primary=True),
            *(Annotation(self.span(t), s) for t, s in others),
        )
        code = BY_NUMBER[number]
        return Diagnostic(code, Severity.WARNING, f"no gradient flows from `loss` to `{source}`", annotations, **rest)

    def floor(self, source="w"):
        edit = Edit(self.file, 5, "    loss = np.sum(gt.straight_through(np.floor, w) ** 2)")
        message = self.message(
            "np.floor(w)",
            label="floor is constant between integers, so its derivative is zero wherever it exists",
            notes=("the only route is w -> floor (5) -> power (5) -> sum (5) -> loss; nothing else uses `w`",),
            helps=("use a smooth or straight-through floor: `gt.straight_through(np.floor, w)`",),
            suggestion=Suggestion(Applicability.LIKELY, (edit,)),
            source=source,
        )
        return Finding(message.code, message, path=(Step("floor", self.span("np.floor(w)")),))

    def report(self, *findings, source="w", status=Status.NONE, **rest):
        return GradientReport(
            "tape.gradient", self.span("tape.gradient(loss, w)"), "loss", source, status, findings, **rest
        )
