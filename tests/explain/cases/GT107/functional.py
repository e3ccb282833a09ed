import gradtape as gt


def height(x):
    return x * x - 3 * x


def descend(start):
    slope = gt.grad(height)
    return start - 0.1 * slope(start)  #~ GT107


try:
    descend(2)
except TypeError:
    pass
