"""Programs whose pages and pictures are looked at."""

SMALL = """\
import numpy as np, gradtape as gt

w = gt.Variable(np.ones(3), name="w")
slack = gt.Variable(2.0)
b = gt.Variable(0.5)
unused = gt.Variable(1.0)
with gt.GradientTape() as tape:
    steps = np.floor(w * 2.0)
    rest = float(slack)
    loss = np.sum(steps**2) * b / rest
g = tape.gradient(loss, [w, slack, b, unused])
"""

EVIL = """\
import numpy as np, gradtape as gt

w = gt.Variable(np.ones(3))  # </script><script>alert(1)</script><b>bold</b> & "quoted" 'single' <!-- comment
with gt.GradientTape() as tape:
    parts = {"</script><img src=x onerror=alert(2)>": np.floor(w), "\u202e": 1}
    loss = np.sum(parts["</script><img src=x onerror=alert(2)>"])
g = tape.gradient(loss, {"<i>w</i>": w})
"""

LOOP = """\
import numpy as np, gradtape as gt

w = gt.Variable(0.5)
b = gt.Variable(0.1)
k = gt.Variable(1.2)
with gt.GradientTape() as tape:
    h = 1.0
    for step in range(100):
        h = np.tanh(
            w * h
            + b
        )
    loss = h * np.round(k)
g = tape.gradient(loss, [w, b, k])
"""

NAN = """\
import numpy as np, gradtape as gt

w = gt.Variable([0.0, 4.0])
with gt.GradientTape() as tape:
    direct = np.sum(w)
    length = np.sqrt(w)
    loss = np.sum(np.exp(length)) + direct
g = tape.gradient(loss, w)
"""

HELPER = """\
import numpy as np


def rounded(x):
    return np.round(x)
"""

TWO_FILES = """\
import numpy as np, gradtape as gt
from helper_of_a_page import rounded

w = gt.Variable(1.5)
b = gt.Variable(2.0)


def ask(f):
    with gt.GradientTape() as tape:
        loss = f(w) * b
    return tape.gradient(loss, [w, b])


ask(rounded)
ask(np.sin)
"""
