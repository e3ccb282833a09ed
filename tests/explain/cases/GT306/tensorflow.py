import gradtape.tf as tf

rate = tf.Variable([3.0, 5.0])
with tf.GradientTape() as tape:
    counts = tf.random.poisson([4], rate, seed=1)  #~ GT306
    loss = tf.reduce_mean(counts * 2.0)
tape.gradient(loss, rate)
