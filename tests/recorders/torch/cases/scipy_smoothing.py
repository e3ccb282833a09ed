import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d
from torch import nn


class Renderer:
    def __init__(self, sigma):
        self.sigma = sigma

    def blur(self, image):
        array = image.detach().cpu().numpy()  #~ left-through-numpy
        return torch.from_numpy(np.ascontiguousarray(gaussian_filter1d(array, self.sigma)))

    def __call__(self, points):
        return self.blur(points.sin().outer(points.cos()))


torch.manual_seed(0)
points = nn.Parameter(torch.randn(5))
gain = nn.Parameter(torch.ones(()))
opt = torch.optim.Adam([points, gain])
target = torch.zeros(5, 5)
for _ in range(2):
    opt.zero_grad()
    loss = (gain * Renderer(1.0)(points) - target).pow(2).mean()
    loss.backward()
    opt.step()
