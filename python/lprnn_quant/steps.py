"""What sequences of all cells have in common: rows of steps, tables as values, codes of h.

Codes are kept as floats. Sequences lie as in a `PackedSequence`: the rows of the first step, then
those of the second, no step with more rows than the one before.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from .formats import Format, tables

Kept = TypeVar("Kept", bound=NamedTuple)


def steps_of(kept: Kept, sizes: Sequence[int], rows: int) -> Iterator[Kept]:
    """The rows of every step, as views; of tensors of fewer than `rows` rows the first ones."""
    views = (
        part.split(sizes) if len(part) == rows else [part[:size] for size in sizes] for part in kept
    )
    return map(type(kept), *views)


def before(first: Tensor, tensor: Tensor, sizes: Sequence[int]) -> Tensor:
    """For every row that of the step before, [rows, H]; those of `first` for the first step."""
    steps = tensor.split(sizes)
    return torch.cat([first, *(step[:rows] for step, rows in zip(steps, sizes[1:]))])


def last_rows(sizes: Sequence[int], device: torch.device) -> Tensor:
    """The row of every sequence's last step, [batch]."""
    starts, last_step = _ends(sizes, device)
    return starts[last_step] + torch.arange(sizes[0], device=device)


def turned_rows(sizes: Sequence[int], device: torch.device) -> Tensor:
    """For every row that of the same sequence as far from its other end, [rows]; twice, it is the row itself."""
    starts, last_step = _ends(sizes, device)
    steps = torch.arange(len(sizes), device=device)
    step = steps.repeat_interleave(torch.tensor(sizes, device=device))
    sequence = torch.arange(len(step), device=device) - starts[step]
    return starts[last_step[sequence] - step] + sequence


def _ends(sizes: Sequence[int], device: torch.device) -> tuple[Tensor, Tensor]:
    """The first row of every step, [steps], and the last step of every sequence, [batch]."""
    rows = torch.tensor(sizes, device=device)
    sequence = torch.arange(sizes[0], device=device)
    return rows.cumsum(0) - rows, (rows.unsqueeze(1) > sequence).sum(0) - 1


def h_range(h: Format) -> tuple[int, int]:
    """The ends of h before the clamp: codes, or where levels are odd half of them, rounded down."""
    return (h.low // 2, h.high // 2) if h.odd else (h.low, h.high)


def narrow(product: Tensor, form: Format, h: Tensor) -> None:
    """Codes of h from h in their unit, or the distance of odd ones; `product` is rounded in its place."""
    low, high = h_range(form)
    if form.odd:
        torch.clamp(product.floor_(), low, high, out=h).mul_(2).add_(1)
    else:
        torch.clamp(product.round_(), low, high, out=h)


class Lookup:
    """Indices of tables from z codes, on buffers that are made once."""

    def __init__(self, z: Format, like: Tensor, rows: int, columns: int, has_nan: bool) -> None:
        self.top, self.has_nan = 2**z.bits - 1, has_nan
        self.clamped = like.new_empty(rows, columns)
        self.index = self.clamped.to(torch.int32)

    def of(self, code: Tensor) -> Tensor:
        """From codes counted from the lowest, [rows, columns]; NaN is behind the last code."""
        clamped, index = self.clamped[: len(code)], self.index[: len(code)]
        torch.clamp(code, 0, self.top, out=clamped)
        if self.has_nan:
            clamped.nan_to_num_(nan=self.top + 1)
        return index.copy_(clamped)


@functools.lru_cache(maxsize=64)
def value_tables(
    z: Format, a_frac: int, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Values of sigmoid and tanh for every z code, from the lowest, and NaN behind the last."""
    with torch.inference_mode(False):
        sigmoid, tanh = (
            torch.tensor([*table, float("nan")], dtype=dtype, device=device) * 2.0**-a_frac
            for table in tables(z, a_frac)
        )
    return sigmoid, tanh
