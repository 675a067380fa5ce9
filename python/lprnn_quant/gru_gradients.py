"""What the steps of a GRU layer keep, and what gradients are multiplied with on the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .formats import Widths
from .gradients import Factors, Way, inside, sigmoid_back, tanh_back
from .steps import h_range

# The sums are n's of x, r, u, n's of h, and all get their gradient from s; h is in all but the first.
OF_GRU = Way(4, 1)


class Kept(NamedTuple):
    """What the steps compute, [rows, H] each, [rows, 2H] of both gates, or [rows, 3H] of the sums."""

    sums: Tensor
    """Codes before they are clamped: z of r and u, counted from the lowest, and v of n's part of h;
    at first the products of x, and the bias of n's part of h."""
    gates: Tensor
    """Values of r and u."""
    n_x: Tensor
    """Codes of v of n's part of x before they are clamped."""
    n_x_for_z: Tensor
    """Those clamped, in units of z, counted from the lowest."""
    n_h: Tensor
    """Codes of v of n's part of h."""
    t_index: Tensor
    """Codes of tanh's operand before they are clamped, counted from the lowest."""
    n: Tensor
    """n in units of s."""
    change: Tensor
    """s before the step less n, in units of s."""
    s_sum: Tensor
    """Codes of s before they are clamped."""
    s: Tensor
    """Codes of s."""
    h_product: Tensor
    """h in units of its codes, or of their distance where levels are odd, before it is clamped."""
    h: Tensor
    """Codes of h."""

    @classmethod
    def room(
        cls, widths: Widths, sums: Tensor, n_x: Tensor, sizes: Sequence[int], gradients: bool
    ) -> Kept:
        """Room for all steps; of what gradients alone need, for one, if none are wanted."""
        rows, hidden = n_x.shape
        some = rows if gradients else sizes[0]
        gates = sums.new_empty(some, 2 * hidden)
        z, v = widths.z, widths.v
        n_x_for_z = n_x.clamp(v.low, v.high).mul_(2.0 ** (z.frac - v.frac)).sub_(z.low)
        of_n, of_s = (
            [sums.new_empty(count, hidden) for count in counts]
            for counts in ([some] * 5, [rows, some, rows])
        )
        return cls(sums, gates, n_x, n_x_for_z, *of_n, *of_s)


def gru_factors(widths: Widths, kept: Kept) -> Factors:
    """From what all steps kept."""
    hidden, s, v, levels = kept.s.shape[1], widths.s, widths.v, 2**widths.z.bits
    r, u = kept.gates.split(hidden, 1)
    of_s, of_v = 2.0**-s.frac, 2.0**-v.frac
    to_h = torch.ones_like(u)
    # Of one bit the sign is all that was to be kept: gradients pass everywhere.
    if widths.h.bits > 1:
        low, high = h_range(widths.h)
        to_h = inside(to_h, kept.h_product, low - 1, high + 1)
    by_s, by_change, by_n = (
        inside(part, kept.s_sum, s.low - 1, s.high + 1) for part in (u, kept.change * of_s, 1 - u)
    )
    to_operand = inside(tanh_back(by_n, kept.n * of_s), kept.t_index, -1, levels)
    to_sums = kept.n.new_empty(len(kept.n), 4 * hidden)
    to_n_x, to_r, to_u, to_n_h = to_sums.split(hidden, 1)
    inside.grad_input(to_operand, kept.n_x, v.low - 1, v.high + 1, grad_input=to_n_x)
    sigmoid_back.grad_input(to_operand * kept.n_h * of_v, r, grad_input=to_r)
    sigmoid_back.grad_input(by_change, u, grad_input=to_u)
    of_gates = to_sums[:, hidden : 3 * hidden]
    inside.grad_input(of_gates, kept.sums[:, : 2 * hidden], -1, levels, grad_input=of_gates)
    of_h = kept.sums[:, 2 * hidden :]
    inside.grad_input(to_operand * r, of_h, v.low - 1, v.high + 1, grad_input=to_n_h)
    return Factors(to_sums, to_h, by_s)
