"""One LSTM layer over whole sequences, as one function with gradients.

Each step of the hardware's arithmetic is some twenty calls on buffers that are made once, on rows of
steps as in `steps`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .formats import Widths
from .gradients import Factors, Kept, back_through, refuse_second
from .steps import Lookup, before, last_rows, narrow, steps_of, value_tables


class LayerSequence(torch.autograd.Function):
    """h of every step, [rows, H], and the last h and c, [batch, H], as values of codes.

    Inputs: x, [rows, I], both matrices, [4H, I] and [4H, H], the bias, [4H], and the first h and c,
    [batch, H], all of them values of codes, of one dtype, in which their sums are exact. `sizes`
    holds the rows of each step. With `has_nan` every step looks for NaN, which then stays NaN.

    Gradients pass straight through every rounding and stop where a value was clamped (not at an h
    of one bit, of which the sign is all that is kept); sigmoid and tanh have the slope of the value
    that came from the table. The gradients have no gradients themselves.
    """

    @staticmethod
    def forward(
        ctx,
        x: Tensor,
        weight_ih: Tensor,
        weight_hh: Tensor,
        bias: Tensor,
        h: Tensor,
        c: Tensor,
        widths: Widths,
        sizes: Sequence[int],
        has_nan: bool,
    ) -> tuple[Tensor, Tensor, Tensor]:
        with torch.autocast(x.device.type, enabled=False):
            # Codes of z are counted from the lowest, which is where the tables start.
            scale = 2.0**widths.z.frac
            z = torch.addmm(bias * scale - widths.z.low, x, (weight_ih * scale).T)
            of_h, of_c = 2.0**-widths.h.frac, 2.0**-widths.c.frac
            cell = _Cell(widths, (weight_hh * (scale * of_h)).T, sizes[0], has_nan)
            kept = Kept.room(z, sizes, any(ctx.needs_input_grad))
            state = h / of_h, c / of_c
            for step in steps_of(kept, sizes, len(z)):
                state = cell.run(step, *state)
            out, last = kept.h.mul_(of_h), last_rows(sizes, x.device)
            if any(ctx.needs_input_grad):
                ctx.save_for_backward(x, weight_ih, weight_hh, h, c, *kept)
                ctx.widths, ctx.sizes = widths, sizes
            return out, out[last], kept.c[last] * of_c

    @staticmethod
    def backward(ctx, d_out: Tensor, d_h: Tensor, d_c: Tensor) -> tuple[Tensor | None, ...]:
        refuse_second()
        x, weight_ih, weight_hh, h, c, *kept = ctx.saved_tensors
        kept, sizes, wanted = Kept(*kept), ctx.sizes, ctx.needs_input_grad
        with torch.autocast(x.device.type, enabled=False):
            # c is kept as codes, h as values.
            c_before = before(c, kept.c * 2.0**-ctx.widths.c.frac, sizes)
            make = functools.partial(Factors.of, ctx.widths)
            d_z, d_h, d_c = back_through(make, kept, (c_before,), sizes, weight_hh, d_out, d_h, d_c)
            return (
                d_z @ weight_ih if wanted[0] else None,
                d_z.T @ x if wanted[1] else None,
                d_z.T @ before(h, kept.h, sizes) if wanted[2] else None,
                d_z.sum(0) if wanted[3] else None,
                d_h,
                d_c,
                *(None,) * 3,
            )


class _Cell:
    """The arithmetic of a step, on up to `rows` sequences."""

    def __init__(self, widths: Widths, recurrent: Tensor, rows: int, has_nan: bool) -> None:
        """`recurrent` takes codes of h to codes of z, [H, 4H]."""
        hidden = len(recurrent)
        self.widths, self.recurrent = widths, recurrent
        self.tables = _tables_of(widths, recurrent.dtype, recurrent.device)
        self.lowest_z = recurrent.new_tensor(-widths.z.low)
        self.gates, self.operand = (
            Lookup(widths.z, recurrent, rows, columns, has_nan) for columns in (4 * hidden, hidden)
        )

    def run(self, step: Kept, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Fills the views of a step; h and c after it, from those before, as codes."""
        rows, hidden = step.c.shape
        c_form, z_form = self.widths.c, self.widths.z
        step.z.addmm_(h[:rows], self.recurrent).round_()
        index = self.gates.of(step.z)
        index[:, 2 * hidden : 3 * hidden].add_(self.tables.past_sigmoid)
        torch.index_select(self.tables.both, 0, index.view(-1), out=step.gates.view(-1))
        i, f, g, o = step.gates.split(hidden, 1)
        torch.mul(f, c[:rows], out=step.c_sum).addcmul_(i, g, value=2.0**c_form.frac).round_()
        torch.clamp(step.c_sum, c_form.low, c_form.high, out=step.c)
        unit = 2.0 ** (z_form.frac - c_form.frac)
        torch.add(self.lowest_z, step.c, alpha=unit, out=step.t_index).round_()
        index = self.operand.of(step.t_index)
        torch.index_select(self.tables.tanh_for_h, 0, index.view(-1), out=step.t.view(-1))
        torch.mul(o, step.t, out=step.h_product)
        narrow(step.h_product, self.widths.h, step.h)
        return step.h, step.c


class _Tables(NamedTuple):
    """Values for every z code, from the lowest, and NaN behind the last."""

    both: Tensor
    """Sigmoid, then tanh."""
    past_sigmoid: int
    """Where tanh starts."""
    tanh_for_h: Tensor
    """tanh in the unit of `Kept.t`."""


@functools.lru_cache(maxsize=64)
def _tables_of(widths: Widths, dtype: torch.dtype, device: torch.device) -> _Tables:
    sigmoid, tanh = value_tables(widths.z, widths.a_frac, dtype, device)
    with torch.inference_mode(False):
        unit = 2.0 ** (widths.h.frac - widths.h.odd)
        return _Tables(torch.cat([sigmoid, tanh]), len(sigmoid), tanh * unit)
