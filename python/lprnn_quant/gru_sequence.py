"""One GRU layer over whole sequences, as one function with gradients: the GRU's `sequence`."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import torch
from torch import Tensor

from .formats import Widths
from .gradients import back_through, refuse_second
from .gru_gradients import OF_GRU, Kept, gru_factors
from .steps import Lookup, before, last_rows, narrow, steps_of, value_tables


class GruSequence(torch.autograd.Function):
    """h of every step, [rows, H], and the last h and s, [batch, H], as values of codes.

    Inputs: x, [rows, I], both matrices, [3H, I] and [3H, H], the bias, [3H], that of n's part of h,
    [H], and the first h and s, [batch, H]; all else, gradients too, as of `LayerSequence`. `widths`
    have a format of v.
    """

    @staticmethod
    def forward(
        ctx,
        x: Tensor,
        weight_ih: Tensor,
        weight_hh: Tensor,
        bias: Tensor,
        bias_n_h: Tensor,
        h: Tensor,
        s: Tensor,
        widths: Widths,
        sizes: Sequence[int],
        has_nan: bool,
    ) -> tuple[Tensor, Tensor, Tensor]:
        z, v, hidden = widths.z, widths.v, len(bias_n_h)
        with torch.autocast(x.device.type, enabled=False):
            # Codes of z are counted from the lowest, which is where the tables start; those of v are not.
            scale, lowest = (
                bias.new_tensor(of_gates).repeat_interleave(hidden)
                for of_gates in ([2.0**z.frac] * 2 + [2.0**v.frac], [z.low, z.low, 0])
            )
            rows = scale.unsqueeze(1)
            sums = torch.addmm(bias * scale - lowest, x, (weight_ih * rows).T)
            of_n = sums[:, 2 * hidden :]
            n_x = of_n.round()
            of_n.copy_(bias_n_h * 2.0**v.frac)
            of_h, of_s = 2.0**-widths.h.frac, 2.0**-widths.s.frac
            cell = _Cell(widths, (weight_hh * (rows * of_h)).T, sizes[0], has_nan)
            kept = Kept.room(widths, sums, n_x, sizes, any(ctx.needs_input_grad))
            state = h / of_h, s / of_s
            for step in steps_of(kept, sizes, len(sums)):
                state = cell.run(step, *state)
            out, last = kept.h.mul_(of_h), last_rows(sizes, x.device)
            if any(ctx.needs_input_grad):
                ctx.save_for_backward(x, weight_ih, weight_hh, h, *kept)
                ctx.widths, ctx.sizes = widths, sizes
            return out, out[last], kept.s[last] * of_s

    @staticmethod
    def backward(ctx, d_out: Tensor, d_h: Tensor, d_s: Tensor) -> tuple[Tensor | None, ...]:
        refuse_second()
        x, weight_ih, weight_hh, h, *kept = ctx.saved_tensors
        kept, sizes, wanted = Kept(*kept), ctx.sizes, ctx.needs_input_grad
        hidden = h.shape[1]
        with torch.autocast(x.device.type, enabled=False):
            make = functools.partial(gru_factors, ctx.widths)
            d_sums, d_h, d_s = back_through(
                make, kept, (), sizes, weight_hh, d_out, d_h, d_s, OF_GRU
            )
            # The sums are n's of x, r, u, n's of h: those with x have n first, those with h last.
            d_x, d_before = d_sums[:, : 3 * hidden], d_sums[:, hidden:]
            return (
                d_x @ weight_ih.roll(hidden, 0) if wanted[0] else None,
                (d_x.T @ x).roll(-hidden, 0) if wanted[1] else None,
                d_before.T @ before(h, kept.h, sizes) if wanted[2] else None,
                d_x.sum(0).roll(-hidden) if wanted[3] else None,
                d_sums[:, 3 * hidden :].sum(0) if wanted[4] else None,
                d_h,
                d_s,
                *(None,) * 3,
            )


class _Cell:
    """The arithmetic of a step, on up to `rows` sequences."""

    def __init__(self, widths: Widths, recurrent: Tensor, rows: int, has_nan: bool) -> None:
        """`recurrent` takes codes of h to codes of z and v, [H, 3H]."""
        hidden = len(recurrent)
        self.widths, self.recurrent = widths, recurrent
        kind, of_h = (recurrent.dtype, recurrent.device), widths.h
        self.s_for_h = recurrent.new_tensor(2.0 ** (of_h.frac - of_h.odd - widths.s.frac))
        self.sigmoid, self.tanh_for_s = _tables_of(widths, *kind)
        self.gates, self.operand = (
            Lookup(widths.z, recurrent, rows, columns, has_nan) for columns in (2 * hidden, hidden)
        )

    def run(self, step: Kept, h: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
        """Fills the views of a step; h and s after it, from those before, as codes."""
        rows, hidden = step.s.shape
        form, v, of_h = self.widths.s, self.widths.v, self.widths.h
        step.sums.addmm_(h[:rows], self.recurrent).round_()
        index = self.gates.of(step.sums[:, : 2 * hidden])
        torch.index_select(self.sigmoid, 0, index.view(-1), out=step.gates.view(-1))
        r, u = step.gates.split(hidden, 1)
        torch.clamp(step.sums[:, 2 * hidden :], v.low, v.high, out=step.n_h)
        unit = 2.0 ** (self.widths.z.frac - v.frac)
        torch.addcmul(step.n_x_for_z, r, step.n_h, value=unit, out=step.t_index).round_()
        index = self.operand.of(step.t_index)
        torch.index_select(self.tanh_for_s, 0, index.view(-1), out=step.n.view(-1))
        # u * s + (1 - u) * n, whose every part is exact in this form as well.
        torch.sub(s[:rows], step.n, out=step.change)
        torch.addcmul(step.n, u, step.change, out=step.s_sum).round_()
        torch.clamp(step.s_sum, form.low, form.high, out=step.s)
        torch.mul(step.s, self.s_for_h, out=step.h_product)
        narrow(step.h_product, of_h, step.h)
        return step.h, step.s


@functools.lru_cache(maxsize=64)
def _tables_of(widths: Widths, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """Sigmoid, and tanh in units of s, for every z code and NaN."""
    sigmoid, tanh = value_tables(widths.z, widths.a_frac, dtype, device)
    with torch.inference_mode(False):
        return sigmoid, tanh * 2.0**widths.s.frac
