import gradtape as gt


class Trainer:
    def __init__(self):
        self.actor, self.critic = gt.Variable(1.0), gt.Variable(2.0)

    def losses(self):
        value = self.critic * 2.0
        return self.actor * value, value**2

    def gradients(self):
        with gt.GradientTape() as tape:
            actor_loss, critic_loss = self.losses()
        first = tape.gradient(actor_loss, self.actor)
        return first, tape.gradient(critic_loss, self.critic)  #~ GT505


try:
    Trainer().gradients()
except RuntimeError:
    pass
