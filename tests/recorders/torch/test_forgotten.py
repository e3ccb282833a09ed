"""Parameters that get gradients and that nobody trains are remarked; those that are left alone on purpose are not."""

import pytest

from .programs import why

LOOP = """
    for _ in range(2):
        opt.zero_grad()
        loss().backward()
        opt.step()
    """

FORGOTTEN = {
    "made after the optimizer": (
        """
    import torch
    from torch import nn
    net = nn.Module()
    net.body = nn.Linear(3, 3)
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    net.extra = nn.Linear(3, 1)
    def loss():
        return net.extra(net.body(torch.ones(2, 3))).sum()
    """,
        "net.extra.weight",
        "after all optimizers",
    ),
    "in a plain list": (
        """
    import torch
    from torch import nn
    net = nn.Module()
    net.head = nn.Linear(3, 1)
    net.blocks = [nn.Linear(3, 3)]
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    def loss():
        return net.head(net.blocks[0](torch.ones(2, 3))).sum()
    """,
        "net.blocks[0].weight",
        "no optimizer holds",
    ),
    "of another model": (
        """
    import torch
    from torch import nn
    net, other = nn.Linear(3, 1), nn.Linear(3, 1)
    opt = torch.optim.SGD(other.parameters(), lr=0.1)
    def loss():
        return net(torch.ones(2, 3)).sum()
    """,
        "net.weight",
        "no optimizer holds",
    ),
}

MEANT = {
    "frozen": """
    import torch
    from torch import nn
    net, judge = nn.Linear(3, 3), nn.Linear(3, 1).requires_grad_(False)
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    def loss():
        return judge(net(torch.ones(2, 3))).sum()
    """,
    "changed by hand": """
    import torch
    from torch import nn
    net, scale, shift = nn.Linear(3, 3), nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    def loss():
        if scale.grad is not None:
            with torch.no_grad():
                scale.sub_(0.1 * scale.grad)
            shift.data = shift.data - 0.1 * shift.grad
        return (net(torch.ones(2, 3)) * scale + shift).sum()
    """,
    "held by another optimizer": """
    import torch
    from torch import nn
    net, other = nn.Linear(3, 3), nn.Linear(3, 1)
    opt, later = torch.optim.SGD(net.parameters(), lr=0.1), torch.optim.Adam(other.parameters())
    def loss():
        return other(net(torch.ones(2, 3))).sum()
    """,
}


@pytest.mark.parametrize("name", FORGOTTEN)
def test_a_forgotten_parameter_is_remarked(name, tmp_path):
    program, parameter, words = FORGOTTEN[name]
    ran = why(program + LOOP, tmp_path)
    assert ran.error is None
    assert any(parameter in remark and words in remark for remark in ran.remarks), ran.remarks


@pytest.mark.parametrize("name", MEANT)
def test_one_that_is_left_alone_on_purpose_is_not(name, tmp_path):
    ran = why(MEANT[name] + LOOP, tmp_path)
    assert ran.error is None
    assert not ran.remarks
