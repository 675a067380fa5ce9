"""Rounding with gradients: straight through, and stopped where a value was clamped."""

from __future__ import annotations

import torch
from torch import Tensor

from .formats import Format


class Through(torch.autograd.Function):
    """The nearest value of a format; gradients pass where nothing was clamped. NaN stays NaN.

    `scale` holds 2**frac of every row, [rows, 1] or as it broadcasts, where they differ.
    """

    @staticmethod
    def forward(
        ctx, value: Tensor, form: Format, symmetric: bool = False, scale: Tensor | None = None
    ) -> Tensor:
        scale = 2.0**form.frac if scale is None else scale
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
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        if ctx.saved_tensors:
            gradient = gradient * ctx.saved_tensors[0]
        return gradient, None, None, None
