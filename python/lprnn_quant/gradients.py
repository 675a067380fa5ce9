"""What the steps of an LSTM layer keep, and the way back, straight through every rounding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .formats import Format, Widths

# Steps whose factors are computed at once, and stay in the cache until they are used.
BLOCK = 8

# d * (1 - y) * y, d * (1 - y**2), and d, or 0 where the input is at an end or beyond.
_sigmoid, _tanh, _inside = (
    getattr(torch.ops.aten, f"{name}_backward") for name in ("sigmoid", "tanh", "hardtanh")
)


class Kept(NamedTuple):
    """What the steps compute, [rows, H] each, or [rows, 4H] of all gates."""

    z: Tensor
    """Codes of z before they are clamped, counted from the lowest; at first the products of x."""
    gates: Tensor
    """Values of i, f, g, o."""
    c_sum: Tensor
    """Codes of c before they are clamped."""
    c: Tensor
    """Codes of c."""
    t_index: Tensor
    """Codes of tanh's operand before they are clamped, counted from the lowest."""
    t: Tensor
    """tanh(c) in units of h's codes, or of their distance where levels are odd."""
    h_product: Tensor
    """h in that unit, before it is clamped."""
    h: Tensor
    """Codes of h."""

    @classmethod
    def room(cls, z: Tensor, sizes: Sequence[int], gradients: bool) -> Kept:
        """Room for all steps; of what gradients alone need, for one, if none are wanted."""
        rows, hidden = len(z), z.shape[1] // 4
        some = rows if gradients else sizes[0]
        gates = torch.empty_like(z) if gradients else z
        c_sum, c, t_index, t, h_product, h = (
            z.new_empty(count, hidden) for count in (some, rows, some, some, some, rows)
        )
        return cls(z, gates, c_sum, c, t_index, t, h_product, h)

    def steps(self, sizes: Sequence[int]) -> Iterator[Kept]:
        """The rows of every step, as views."""
        rows = len(self.z)
        return map(
            Kept,
            *(
                part.split(sizes) if len(part) == rows else [part[:size] for size in sizes]
                for part in self
            ),
        )


def h_range(h: Format) -> tuple[int, int]:
    """The ends of h before the clamp: codes, or where levels are odd half of them, rounded down."""
    return (h.low // 2, h.high // 2) if h.odd else (h.low, h.high)


class Factors(NamedTuple):
    """What gradients are multiplied with on their way, for every row of every step.

    They hold no gradient, so they are computed for many steps at once.
    """

    to_z: Tensor
    """From the sum of c to z of i, f and g, and from h to z of o, [rows, 4H]."""
    to_c: Tensor
    """From h to c, by tanh, [rows, H]."""
    to_c_before: Tensor
    """From c to c of the step before, [rows, H]."""

    @classmethod
    def of(cls, widths: Widths, kept: Kept, c_before: Tensor) -> Factors:
        """From what all steps kept, and values of c of the steps before, [rows, H]."""
        hidden, h, c, levels = kept.c.shape[1], widths.h, widths.c, 2**widths.z.bits
        i, f, g, o = kept.gates.split(hidden, 1)
        t = kept.t * 2.0 ** (h.odd - h.frac)
        by_t, by_o = t, o
        # Of one bit the sign is all that was to be kept: gradients pass everywhere.
        if h.bits > 1:
            low, high = h_range(h)
            by_t, by_o = (_inside(part, kept.h_product, low - 1, high + 1) for part in (t, o))
        by_g, by_c, by_i, by_f = (
            _inside(part, kept.c_sum, c.low - 1, c.high + 1) for part in (g, c_before, i, f)
        )
        to_z = torch.empty_like(kept.z)
        z_i, z_f, z_g, z_o = to_z.split(hidden, 1)
        _sigmoid.grad_input(by_g, i, grad_input=z_i)
        _sigmoid.grad_input(by_c, f, grad_input=z_f)
        _tanh.grad_input(by_i, g, grad_input=z_g)
        _sigmoid.grad_input(by_t, o, grad_input=z_o)
        _inside.grad_input(to_z, kept.z, -1, levels, grad_input=to_z)
        return cls(to_z, _inside(_tanh(by_o, t), kept.t_index, -1, levels), by_f)


def back_through(
    widths: Widths,
    kept: Kept,
    c_before: Tensor,
    sizes: Sequence[int],
    weight_hh: Tensor,
    d_out: Tensor,
    d_h: Tensor,
    d_c: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of z, [rows, 4H], and of the first h and c, [batch, H].

    From those of every h, [rows, H], and of the last h and c, which wait until their sequence has
    its last step. `c_before` holds values of c of the steps before, [rows, H].
    """
    d_z = torch.empty_like(kept.z)
    d_h, d_c = (part.clone(memory_format=torch.contiguous_format) for part in (d_h, d_c))
    blocks = [sizes[at : at + BLOCK] for at in range(0, len(sizes), BLOCK)]
    rows = [sum(block) for block in blocks]
    parts = (kept.steps(rows), *(part.split(rows) for part in (c_before, d_out, d_z)))
    for block, kept_there, c_there, *gradients in reversed(list(zip(blocks, *parts))):
        factors = Factors.of(widths, kept_there, c_there)
        _back_through_block(factors, block, weight_hh, *gradients, d_h, d_c)
    return d_z, d_h, d_c


def _back_through_block(
    factors: Factors,
    sizes: Sequence[int],
    weight_hh: Tensor,
    d_out: Tensor,
    d_z: Tensor,
    d_h: Tensor,
    d_c: Tensor,
) -> None:
    """Fills d_z of some steps; d_h and d_c, behind them at first, become those before."""
    # Each of i, f, g on their own: the gradient of c goes to all three.
    to_z, of_z = (part.unflatten(1, (4, d_h.shape[1])) for part in (factors.to_z, d_z))
    of_steps = (d_out, factors.to_c, factors.to_c_before, to_z, of_z, d_z)
    for d_new, to_c, to_c_before, to_gates, of_gates, d_step in zip(
        *(reversed(part.split(sizes)) for part in of_steps)
    ):
        h, c = d_h[: len(d_new)], d_c[: len(d_new)]
        h.add_(d_new)
        c.addcmul_(h, to_c)
        torch.mul(c.unsqueeze(1), to_gates[:, :3], out=of_gates[:, :3])
        torch.mul(h, to_gates[:, 3], out=of_gates[:, 3])
        c.mul_(to_c_before)
        torch.mm(d_step, weight_hh, out=h)
