import gradtape as gt
from gradtape.scipy import special


class Test:
    def __init__(self, level):
        self.level = level

    def offset(self):
        return special.ncfdtrinc(3.0, 5.0, self.level, 1.1)  #~ GT305


def power(test):
    return 1.0 - test.offset() ** 2


level = gt.Variable(0.3)
with gt.GradientTape() as tape:
    loss = power(Test(level))
try:
    tape.gradient(loss, level)
except NotImplementedError:
    pass
