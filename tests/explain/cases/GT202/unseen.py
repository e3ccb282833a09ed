import gradtape as gt


class Box:
    pass


w, box = gt.Variable(1.5), Box()
with gt.GradientTape() as tape:
    setattr(box, "v", float(w * 2.0))  #~ GT202?
    loss = getattr(box, "v") * 3.0
tape.gradient(loss, w)
