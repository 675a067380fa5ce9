"""Rounding with gradients: straight through, and stopped where a value was clamped."""

from __future__ import annotations

import functools

import torch

from .formats import Format, tables


class Through(torch.autograd.Function):
    """The nearest value of a format; gradients pass where nothing was clamped. NaN stays NaN."""

    @staticmethod
    def forward(ctx, value, form: Format, symmetric=False):
        scale = 2.0**form.frac
        if form.odd:
            rounded = 2 * torch.floor(value * scale / 2) + 1
        else:
            rounded = torch.round(value * scale)
        clamped = rounded.clamp(-form.high if symmetric else form.low, form.high)
        # Of one bit the sign is all that was to be kept: gradients pass everywhere.
        if form.bits > 1:
            ctx.save_for_backward(clamped == rounded)
        return clamped / scale

    @staticmethod
    def backward(ctx, gradient):
        if ctx.saved_tensors:
            gradient = gradient * ctx.saved_tensors[0]
        return gradient, None, None


class Gate(torch.autograd.Function):
    """Sigmoid or tanh of the nearest z code, from the table; the slope of the value that came."""

    @staticmethod
    def forward(ctx, value, z, a_frac, which):
        index = torch.round(value * 2.0**z.frac)
        code = index.clamp(z.low, z.high)
        table = _values(z, a_frac, which, value.device)
        out = table[(code.nan_to_num() - z.low).long()].to(value.dtype)
        # What is no number stays none, as in nn.LSTM.
        out = torch.where(code.isnan(), code, out)
        slope = 1 - out * out if which else out * (1 - out)
        ctx.save_for_backward(slope * (code == index))
        return out

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0], None, None, None


@functools.lru_cache(maxsize=64)
def _values(z: Format, a_frac: int, which: int, device: torch.device) -> torch.Tensor:
    """Sigmoid (0) or tanh (1) of every z code, from the lowest, as real numbers, [2**z.bits]."""
    with torch.inference_mode(False):
        return torch.tensor(tables(z, a_frac)[which], dtype=torch.float64, device=device) * 2.0**-a_frac
