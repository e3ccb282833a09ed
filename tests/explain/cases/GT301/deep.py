import gradtape as gt
import numpy as np


class Decoder:
    def __init__(self, vocabulary):
        self.table = gt.Variable(np.eye(vocabulary))
        self.w = gt.Variable(np.ones((vocabulary, vocabulary)))

    def logits(self, state):
        return state @ self.w

    def tokens(self, state):
        return np.argmax(self.logits(state), axis=-1)  #~ GT301

    def embed(self, tokens):
        return self.table[tokens]


def perplexity(decoder, state):
    return np.sum(decoder.embed(decoder.tokens(state)) ** 2)


decoder = Decoder(3)
with gt.GradientTape() as tape:
    loss = perplexity(decoder, np.ones((2, 3)))
tape.gradient(loss, [decoder.w, decoder.table])
