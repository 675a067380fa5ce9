"""Where float32 computes a layer exactly: all sums are integers below 2**24 of some unit."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .formats import Format, Widths

# Integers up to this are exact in float32, and so are their sums, in any order.
EXACT = 1 << 24


def sum_fractions(x: Format, h: Format, of_ih: list[int], of_hh: list[int]) -> list[int]:
    """The fraction of each gate's sum, from those of both matrices: that of the finer product."""
    return [max(ih + x.frac, hh + h.frac) for ih, hh in zip(of_ih, of_hh)]


def exact_in_float32(
    widths: Widths,
    fractions: tuple[Format, list[int], list[int]],
    weights: Sequence[Tensor],
    x_scale: float = 1.0,
) -> bool:
    """Whether float32 gives the values that float64 gives, whatever x, h and the state are.

    `fractions` holds the format of x and the fractions of both matrices for each gate; `weights`
    the values of both matrices and the bias, [4H, I], [4H, H], [4H], of a GRU of three gates and that
    of n's part of h, whose sums of magnitudes bound every sum. `x_scale` is what dropout multiplies x
    with; if it is no power of two, the products are rounded in either kind, and the bound is of their
    size alone.
    """
    if not _plain_products():
        return False
    x, of_ih, of_hh = fractions
    weight_ih, weight_hh, bias, *bias_n_h = (part.detach().abs() for part in weights)
    from_x, from_h = weight_ih.sum(1) * (_largest(x) * x_scale), weight_hh.sum(1) * _largest(widths.h)
    # Codes of z are counted from the lowest one.
    lowest = -widths.z.low * 2.0**-widths.z.frac
    gates = len(of_ih)
    sums = [part + lowest for part in (from_x + from_h + bias).chunk(gates)]
    units = [max(frac, widths.z.frac) for frac in sum_fractions(x, widths.h, of_ih, of_hh)]
    if bias_n_h:
        of_x, of_h = (part.chunk(3)[2] for part in (from_x + bias, from_h))
        sums[2:] = of_x, of_h + bias_n_h[0]
        products = of_ih[2] + x.frac, of_hh[2] + widths.h.frac
        units[2:] = (max(frac, widths.v.frac) for frac in products)
    largest = torch.stack([part.max() * 2.0**unit for part, unit in zip(sums, units)]).max()
    # NaN is not below.
    return bool(largest < EXACT) and (_gru_element_wise if bias_n_h else _element_wise)(widths)


def linear_exact_in_float32(h: Format, frac: int, weight: Tensor, bias: Tensor | None) -> bool:
    """The same of a linear layer on codes of h: weights, [O, H], of this fraction, and biases, [O], as values."""
    most = weight.detach().abs().sum(1) * _largest(h)
    most = most if bias is None else most + bias.detach().abs()
    return _plain_products() and bool(most.max() * 2.0 ** (frac + h.frac) < EXACT)


def _largest(form: Format) -> float:
    """The largest magnitude of a format's values."""
    return -form.low * 2.0**-form.frac


def _element_wise(widths: Widths) -> bool:
    """Whether c, the operand of its tanh, and o * tanh(c) are exact in float32."""
    z, a, c = widths.z, widths.a_frac, widths.c
    kept = -c.low << (a + max(0, a - c.frac))
    new = 1 << (2 * a + max(0, c.frac - a))
    operand = (-c.low << max(0, z.frac - c.frac)) + (-z.low << max(0, c.frac - z.frac))
    return max(kept + new, operand, 1 << 2 * a) < EXACT


def _gru_element_wise(widths: Widths) -> bool:
    """Whether tanh's operand, and s by way of its difference from n, are exact in float32."""
    z, a, v, s = widths.z, widths.a_frac, widths.v, widths.s
    # In units of the finest bit of v * r and z.
    finest = max(a + v.frac, z.frac)
    operand = (-2 * v.low << finest - v.frac) + (-z.low << finest - z.frac)
    # What s becomes lies between s and n, and is smaller than u times their difference may be.
    change = (-s.low << max(0, a - s.frac)) + (1 << max(a, s.frac))
    return max(operand, change << a) < EXACT


def _plain_products() -> bool:
    """Whether matrix products of float32 are computed in float32, not in TF32 or bfloat16."""
    backends = torch.backends.cuda.matmul, torch.backends.mkldnn.matmul
    if not all(hasattr(part, "fp32_precision") for part in backends):
        return torch.get_float32_matmul_precision() == "highest"
    return all(part.fp32_precision in ("ieee", "none") for part in backends)
