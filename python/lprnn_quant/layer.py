"""One LSTM layer in integers, computed as docs/numerics.md says."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Self

import numpy as np

from .formats import Format, requantize, tables

GATES = "ifgo"
LARGEST_SHIFT = 24
DIRECTIONS = ("forward", "backward", "bidirectional")
OUTPUT_ORDERS = ("time", "processing")
REVERSE = "_reverse"
"""Ending of the names of a bidirectional layer's backward half, in a state dict and in a model file."""

State = tuple[np.ndarray, np.ndarray]


@dataclasses.dataclass
class RowScale:
    """An unsigned multiplier for every row, `multiplier * 2**-frac`."""

    bits: int
    frac: int
    multiplier: np.ndarray
    """[4H]."""


class Recurrent:
    """Sizes, codes and steps that the layers of all cells have in common; fields are those of the cell."""

    @property
    def input_size(self) -> int:
        """Elements of x."""
        return self.weight_ih.shape[1]

    @property
    def weights(self) -> Format:
        """The codes of the weights; their fractions are those of gates and matrices."""
        return Format(self.w_bits, 0, self.w_levels)

    @property
    def output_size(self) -> int:
        """Elements of the output of a step: units, of both directions where there are two."""
        return self.hidden_size * len(self.passes())

    def passes(self) -> list[Self]:
        """The layer itself, or the halves of a bidirectional one, the forward one first."""
        return [self] if self.reverse is None else [self, self.reverse]

    def run_directed(
        self, x: np.ndarray, last: np.ndarray | int, state: State | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """`run` in the layer's direction or in both: h and what else is kept, [..., steps, output_size] each.

        `last` is the index of the last step of each sequence, [batch], or of the only one. What stands behind it
        means nothing.
        """
        if self.direction == "forward":
            return self.run(x, state)
        if state is not None:
            raise ValueError("a backward layer takes whole sequences, from zero state")
        halves = [self.reverse or self]
        turned = halves[0].run(_turned(x, last))
        if self.output_order == "time":
            turned = [_turned(part, last) for part in turned]
        if self.reverse is None:
            return tuple(turned)
        return tuple(np.concatenate(pair, -1) for pair in zip(self.run(x), turned))

    def check_direction(self) -> None:
        """Refuses a direction that the other half does not fit."""
        if self.direction not in DIRECTIONS:
            raise ValueError(f"direction {self.direction!r}, {', '.join(DIRECTIONS)} are known")
        if self.output_order not in OUTPUT_ORDERS:
            raise ValueError(f"output_order {self.output_order!r}, {' and '.join(OUTPUT_ORDERS)} are known")
        if self.direction == "forward" and self.output_order != "time":
            raise ValueError("output_order processing of a forward layer, whose order of processing is that of time")
        if (self.direction == "bidirectional") != (self.reverse is not None):
            raise ValueError(f"a {self.direction} layer, and {'no' if self.reverse is None else 'a'} reverse half")
        if self.reverse is None:
            return
        shared = [(type(of), of.weight_ih.shape, of.hidden_size, of.x, of.h) for of in (self, self.reverse)]
        if shared[0] != shared[1] or self.reverse.reverse is not None:
            raise ValueError("both directions have one kind, and the same sizes and formats of x and h")

    def product_fracs(self, gate: int) -> tuple[int, int]:
        """Fractions of the products of x and of h."""
        return self.w_frac_ih[gate] + self.x.frac, self.w_frac_hh[gate] + self.h.frac

    def _check_state(self, name: str, form: Format) -> None:
        """Refuses formats whose products of gates and state could leave 62 bits."""
        kept = (1 << self.a_frac) * (-form.low) << max(0, self.a_frac - form.frac)
        new = 1 << (2 * self.a_frac + max(0, form.frac - self.a_frac))
        if kept + new >= 1 << 62:
            raise ValueError(f"{name}: products at format {form} need more than 62 bits")

    def _steps(
        self, from_x: np.ndarray, state: State | None, update: Callable[..., State]
    ) -> tuple[np.ndarray, np.ndarray]:
        """h and what else is kept after every step, [..., steps, H] each.

        `update` takes the sums of x and of h of a step and what is kept; `state` is both before the first.
        """
        weight_hh = _columns(self.weight_hh)
        if state is None:
            state = (np.zeros((*from_x.shape[:-2], self.hidden_size), np.int64),) * 2
        h, kept = (np.asarray(part, np.int64) for part in state)
        all_h, all_kept = [], []
        for step in range(from_x.shape[-2]):
            h, kept = update(from_x[..., step, :], _product(h, weight_hh), kept)
            all_h.append(h)
            all_kept.append(kept)
        return np.stack(all_h, -2), np.stack(all_kept, -2)


@dataclasses.dataclass
class Layer(Recurrent):
    """One layer: codes in PyTorch's layout and gate order i, f, g, o, and all formats."""

    weight_ih: np.ndarray
    """[4H, I]."""
    weight_hh: np.ndarray
    """[4H, H]."""
    bias: np.ndarray
    """[4H], at the fraction that both products come to (`alignment`)."""
    x: Format
    h: Format
    w_bits: int
    w_frac_ih: list[int]
    w_frac_hh: list[int]
    z: Format = Format(8, 4)
    a_frac: int = 8
    c: Format = Format(16, 10)
    row_scale: RowScale | None = None
    w_levels: str = "even"
    """Levels of the weights, "even" or "odd"; odd at one bit whatever it says."""
    direction: str = "forward"
    """Order of the steps: "forward", "backward" or "bidirectional"."""
    reverse: Layer | None = None
    """The half of a bidirectional layer that takes the steps from the last one; its own direction says nothing."""
    output_order: str = "time"
    """Order of the outputs of what takes steps backward: "time", or "processing", in which the last output of a
    sequence has the last state of each direction."""

    @property
    def hidden_size(self) -> int:
        """Units."""
        return len(self.bias) // 4

    def alignment(self, gate: int) -> tuple[int, int, int]:
        """Left shifts of both products, and the fraction that they come to."""
        of_x, of_h = self.product_fracs(gate)
        both = max(of_x, of_h)
        return both - of_x, both - of_h, both

    def check_range(self) -> None:
        """Refuses formats whose sums could leave 62 bits, in which this module computes."""
        scale = 1 if self.row_scale is None else 1 << self.row_scale.bits
        for gate in range(4):
            shift_x, shift_h, _ = self.alignment(gate)
            w = self.weights.high + 1
            most = w * (-self.x.low) * self.input_size << shift_x
            most += (w * (-self.h.low) * self.hidden_size << shift_h) + (1 << 31)
            # A left shift follows where z is finer than the sum.
            if most * scale << max(0, -self._shift_z(gate)) >= 1 << 62:
                raise ValueError(f"gate {GATES[gate]}: its sums need more than 62 bits")
        self._check_state("c", self.c)

    def _shift_z(self, gate: int) -> int:
        """Fraction bits that the sum of a gate has more than z."""
        of_rows = 0 if self.row_scale is None else self.row_scale.frac
        return self.alignment(gate)[2] + of_rows - self.z.frac

    def run(self, x: np.ndarray, state: State | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Codes of h and c after every step, [..., steps, H], from codes of x, [..., steps, I].

        `state` is h and c before the first step, [..., H] each; zero where it is not given.
        """
        self.check_range()
        shifts = np.array([self.alignment(gate)[:2] for gate in range(4)])
        shift_x, shift_h = np.repeat(shifts.T, self.hidden_size, axis=1)
        from_x = (_product(x, _columns(self.weight_ih)) << shift_x) + self.bias
        return self._steps(
            from_x, state, lambda of_x, of_h, c: self._update(of_x + (of_h << shift_h), c)
        )

    def _update(self, total: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """h and c of a step, [..., H], from the sums of all gates, [..., 4H], and c before."""
        sigmoid, tanh = tables(self.z, self.a_frac)
        if self.row_scale is not None:
            total = total * self.row_scale.multiplier
        index = [
            requantize(part, self._shift_z(gate), self.z) - self.z.low
            for gate, part in enumerate(np.split(total, 4, axis=-1))
        ]
        i, f, o = (sigmoid[index[gate]] for gate in (0, 1, 3))
        g = tanh[index[2]]
        a, c_frac = self.a_frac, self.c.frac
        kept = (f * c) << max(0, a - c_frac)
        new = (i * g) << max(0, c_frac - a)
        c = requantize(kept + new, a + max(0, a - c_frac), self.c)
        t = tanh[requantize(c, c_frac - self.z.frac, self.z) - self.z.low]
        return requantize(o * t, 2 * a - self.h.frac, self.h), c


def _turned(values: np.ndarray, last: np.ndarray | int) -> np.ndarray:
    """[..., steps, N] from the last step of each sequence to its first; what is behind it stays."""
    step = np.arange(values.shape[-2])
    last = np.asarray(last)[..., None]
    index = np.where(step <= last, last - step, step)
    return np.take_along_axis(values, index[..., None], -2)


def _columns(matrix: np.ndarray) -> np.ndarray:
    """A matrix of integers, [rows, columns], as the right side of `_product`."""
    return np.ascontiguousarray(matrix.T, np.float64)


def _product(operand: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """`operand @ columns` of integers, in double precision, where it is exact.

    Products have 31 bits, 4096 of them 43; a double holds 53, and NumPy's integer product is slow.
    """
    return (operand.astype(np.float64) @ columns).astype(np.int64)
