import gradtape as gt

scale = gt.Variable(2.0, trainable=False)  #~ GT102
shift = gt.Variable(1.0)
with gt.GradientTape() as tape:
    moved = gt.stop_gradient(scale * 3.0)  #~ GT304
    loss = moved * shift
tape.gradient(loss, [scale, shift])
