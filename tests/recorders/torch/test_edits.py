"""The edits of whole programs: each program is edited as its report says, and every gradient flows."""

import textwrap
from pathlib import Path

import pytest

from .mended import HEAD, KEPT, PROGRAMS, PURPOSE
from .mended_lying import LYING
from .mended_numbers import NUMBERS, WITHHELD
from .mended_objects import OBJECTS, SHOWN
from .mended_rounds import CARRIED, ROUNDS
from .programs import edited, expected, flows_when_edited, why

CASES = Path(__file__).parent / "cases"

MENDED = """
    attack_on_normalised_images codec_two_breaks complex_spectral_loss custom_function_none gains_on_state_dict
    gan_one_forward_pass graph_table_made_once inference_features_reused percentile_of_residuals pooling_root_at_zero
    reentrant_checkpoint scipy_smoothing shrinkage_two_breaks tagger_head_replaced trainer_trains_a_copy
    whole_number_exponents
    """

SMALL = {
    "a deviation of one row": """
        import torch
        w = torch.ones(3, requires_grad=True)
        y = w * torch.tensor([[1.0, 2.0, 3.0]])
        z = torch.std(y, dim=0, unbiased=True, keepdim=True)
        ((y - y.mean(dim=0)) / (z + 1) + y).sum().backward()
        """,
    "a variance of one number": """
        import torch
        w = torch.ones(1, requires_grad=True)
        y = w * 2
        (y.var() + y.sum()).backward()
        """,
    "NumPy's function between from_numpy and numpy": """
        import numpy as np
        import torch
        x = torch.ones(3, requires_grad=True)
        w = torch.ones(3, requires_grad=True)
        a = x.detach().numpy()
        y = torch.from_numpy(np.sin(a))
        (y * w).sum().backward()
        print(x.grad)
        """,
    "torch.tensor around NumPy's function": """
        import numpy as np
        import torch
        x, w = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
        y = torch.tensor(np.exp(x.detach().numpy()), dtype=torch.float32)
        (y * w).sum().backward()
        print(x.grad)
        """,
    "a function of SciPy's of an expression": """
        import torch
        from scipy.special import gammaln
        x, w = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
        y = torch.from_numpy(gammaln(x.detach().numpy() + 1.5))
        (y * w).sum().backward()
        print(x.grad)
        """,
    "whole numbers that are marked": """
        import torch
        x = (torch.arange(3) + 1).requires_grad_()
        (x * 2.0).sum().backward()
        """,
}


@pytest.mark.parametrize("name", MENDED.split())
def test_the_edits_of_a_program_mend_it(name, tmp_path):
    flows_when_edited((CASES / f"{name}.py").read_text(encoding="utf-8"), tmp_path)


@pytest.mark.parametrize("name", SMALL)
def test_the_edited_lines_flow(name, tmp_path):
    flows_when_edited(textwrap.dedent(SMALL[name]), tmp_path)


@pytest.mark.parametrize("name", PROGRAMS | LYING | NUMBERS | OBJECTS | ROUNDS)
def test_what_is_told_mends(name, tmp_path):
    program = textwrap.dedent(HEAD) + textwrap.dedent((PROGRAMS | LYING | NUMBERS | OBJECTS | ROUNDS)[name])
    assert set(why(program, tmp_path).told) == set(expected(program))
    flows_when_edited(program, tmp_path)


@pytest.mark.parametrize("name", KEPT | WITHHELD | SHOWN | CARRIED)
def test_no_edit_is_told_where_none_will_do(name, tmp_path):
    program = textwrap.dedent(HEAD) + textwrap.dedent((KEPT | WITHHELD | SHOWN | CARRIED)[name])
    ran = why(program, tmp_path)
    assert set(ran.told) == set(expected(program))
    assert all(f.diagnostic.suggestion is None for r in ran.reports for f in r.findings)


def test_what_is_stopped_for_a_reason_stays(tmp_path):
    program = textwrap.dedent(HEAD) + textwrap.dedent(PURPOSE)
    new = edited(program, why(program, tmp_path).reports)
    assert "head(h)," in new
    assert "value(h)[" in new
    assert "with torch.no_grad()" in new
    assert new.count("detach()") == program.count("detach()") - 2
    assert why(new, tmp_path).statuses["body.weight"] in {"ok", "partial"}


def test_no_edit_drops_the_way_through_a_library_that_it_cannot_mend(tmp_path):
    program = """
        import torch
        from scipy.optimize import brentq
        x, w = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
        found = []
        for v in x.detach().numpy():
            found.append(brentq(lambda t: t**3 - v, 0, 5))
        (torch.tensor(found) * w).sum().backward()
        print(x.grad)
        """
    ran = why(program, tmp_path)
    assert any(r.findings for r in ran.reports)
    assert all(f.diagnostic.suggestion is None for r in ran.reports for f in r.findings)
