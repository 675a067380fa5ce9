"""What the steps of an LSTM layer keep, and the way back of all cells, straight through every rounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .formats import Widths
from .steps import h_range, steps_of

# Steps whose factors are computed at once, and stay in the cache until they are used.
BLOCK = 8

# d * (1 - y) * y, d * (1 - y**2), and d, or 0 where the input is at an end or beyond.
sigmoid_back, tanh_back, inside = (
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


class Factors(NamedTuple):
    """What gradients are multiplied with on their way, for every row of every step.

    The state is c, or s of a GRU.

    They hold no gradient, so they are computed for many steps at once.
    """

    to_sums: Tensor
    """To the four sums of a unit, [rows, 4H]. LSTM: to z of i, f, g from c's sum, of o from h."""
    to_state: Tensor
    """From h to the state behind it, [rows, H]; LSTM: to c, by tanh."""
    to_state_before: Tensor
    """From the state to that of the step before, [rows, H]."""

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
            by_t, by_o = (inside(part, kept.h_product, low - 1, high + 1) for part in (t, o))
        by_g, by_c, by_i, by_f = (
            inside(part, kept.c_sum, c.low - 1, c.high + 1) for part in (g, c_before, i, f)
        )
        to_z = torch.empty_like(kept.z)
        z_i, z_f, z_g, z_o = to_z.split(hidden, 1)
        sigmoid_back.grad_input(by_g, i, grad_input=z_i)
        sigmoid_back.grad_input(by_c, f, grad_input=z_f)
        tanh_back.grad_input(by_i, g, grad_input=z_g)
        sigmoid_back.grad_input(by_t, o, grad_input=z_o)
        inside.grad_input(to_z, kept.z, -1, levels, grad_input=to_z)
        return cls(to_z, inside(tanh_back(by_o, t), kept.t_index, -1, levels), by_f)


def refuse_second() -> None:
    """Gradients are written by hand, and have none themselves."""
    if torch.is_grad_enabled():
        raise RuntimeError(
            "create_graph=True: gradients of QuantLSTM and QuantGRU have no gradients themselves"
        )


class Way(NamedTuple):
    """Which of the four sums of a unit get their gradient from where, and pass it on to h before."""

    from_state: int
    """So many from the state, those behind them from h."""
    from_h: int
    """The first of those that h before is in; the rows of weight_hh are those from here on."""


OF_LSTM = Way(3, 0)


def back_through(
    factors_of: Callable[..., Factors],
    kept: NamedTuple,
    more: tuple[Tensor, ...],
    sizes: Sequence[int],
    weight_hh: Tensor,
    d_out: Tensor,
    d_h: Tensor,
    d_state: Tensor,
    way: Way = OF_LSTM,
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of the sums, [rows, 4H], and of the first h and state, [batch, H].

    From those of every h, [rows, H], and of the last h and state, which wait until their sequence has
    its last step. `factors_of` makes factors of some rows of `kept` and of `more`.
    """
    count, hidden = d_out.shape
    d_sums = d_out.new_empty(count, 4 * hidden)
    d_h, d_state = (part.clone(memory_format=torch.contiguous_format) for part in (d_h, d_state))
    blocks = [sizes[at : at + BLOCK] for at in range(0, len(sizes), BLOCK)]
    rows = [sum(block) for block in blocks]
    of_more = zip(*(part.split(rows) for part in more)) if more else [()] * len(blocks)
    parts = (steps_of(kept, rows, count), of_more, d_out.split(rows), d_sums.split(rows))
    for block, kept_there, more_there, *gradients in reversed(list(zip(blocks, *parts))):
        factors = factors_of(kept_there, *more_there)
        _back_through_block(factors, block, weight_hh, *gradients, d_h, d_state, way)
    return d_sums, d_h, d_state


def _back_through_block(
    factors: Factors,
    sizes: Sequence[int],
    weight_hh: Tensor,
    d_out: Tensor,
    d_sums: Tensor,
    d_h: Tensor,
    d_state: Tensor,
    way: Way,
) -> None:
    """Fills d_sums of some steps; d_h and d_state, behind them at first, become those before."""
    # Each sum on its own: the gradient of the state goes to several.
    to_sums, of_sums = (part.unflatten(1, (4, d_h.shape[1])) for part in (factors.to_sums, d_sums))
    split, first = way.from_state, way.from_h * d_h.shape[1]
    of_steps = (d_out, factors.to_state, factors.to_state_before, to_sums, of_sums, d_sums[:, first:])
    for d_new, to_state, to_state_before, to_each, of_each, d_step in zip(
        *(reversed(part.split(sizes)) for part in of_steps)
    ):
        h, state = d_h[: len(d_new)], d_state[: len(d_new)]
        h.add_(d_new)
        state.addcmul_(h, to_state)
        torch.mul(state.unsqueeze(1), to_each[:, :split], out=of_each[:, :split])
        if split < 4:
            torch.mul(h, to_each[:, split], out=of_each[:, split])
        state.mul_(to_state_before)
        torch.mm(d_step, weight_hh, out=h)
