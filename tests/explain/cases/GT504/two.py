import gradtape as gt

x, memory, total = gt.Variable(3.0), gt.Variable(0.0), gt.Variable(0.0)
with gt.GradientTape() as tape:
    memory.assign(x * x)  #~ GT504
    total.assign_add(memory * 2.0)  #~ GT504
    loss = total * 3.0
tape.gradient(loss, x)
