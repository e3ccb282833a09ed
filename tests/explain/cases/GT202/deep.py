import math

import gradtape as gt


class Geometry:
    def angle(self, tilt):
        return math.atan(tilt)  #~ GT202

    def height(self, tilt, length):
        return length * math.sin(self.angle(tilt))


def energy(tilt, length):
    return 9.81 * Geometry().height(tilt, length)


tilt, length = gt.Variable(0.5), gt.Variable(2.0)
with gt.GradientTape() as tape:
    loss = energy(tilt, length)
tape.gradient(loss, [tilt, length])
