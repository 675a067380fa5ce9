"""Number formats and the arithmetic of docs/numerics.md on NumPy arrays."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np


class Format(NamedTuple):
    """Signed two's complement of `bits` bits, of the value `q * 2**-frac`; one bit is -1 and +1."""

    bits: int
    frac: int

    @property
    def low(self) -> int:
        """The lowest code."""
        return -1 if self.bits == 1 else -(1 << (self.bits - 1))

    @property
    def high(self) -> int:
        """The highest code."""
        return 1 if self.bits == 1 else (1 << (self.bits - 1)) - 1

    def __str__(self) -> str:
        return f"s{self.bits}.{self.frac}"


class Widths(NamedTuple):
    """Bits of weights, of h and of x, and the element-wise formats.

    The element-wise formats do not follow the widths: at 16 bits the defaults of z, gates and c are
    what limits h. `lprnn-hw quantize` chooses them from calibration, this module takes them as they
    stand here; `from_state_dict` warns where they cost more than the weights do.
    """

    weight: int
    act: int
    input: int
    z: Format = Format(8, 4)
    a_frac: int = 8
    c: Format = Format(16, 10)

    @classmethod
    def of(cls, bits: int) -> Widths:
        """The same width of weights, h and x."""
        return cls(bits, bits, bits)

    @property
    def h(self) -> Format:
        """h lies in -1..1; at 2 bits the codes used are -1, 0 and 1."""
        return Format(self.act, 0 if self.act <= 2 else self.act - 1)

    def numbers(self) -> list[int]:
        """As integers, for a checkpoint: a version, then the fields in their order."""
        return [1, self.weight, self.act, self.input, *self.z, self.a_frac, *self.c]

    @classmethod
    def of_numbers(cls, numbers: list[int]) -> Widths:
        """The widths of the integers that `numbers` gave."""
        if len(numbers) != 9 or numbers[0] != 1:
            raise ValueError(f"formats {numbers}: this module knows nine numbers, the first 1")
        weight, act, inputs, z_bits, z_frac, a_frac, c_bits, c_frac = map(int, numbers[1:])
        return cls(weight, act, inputs, Format(z_bits, z_frac), a_frac, Format(c_bits, c_frac))


def rne(value: np.ndarray, shift: int) -> np.ndarray:
    """Integers over `2**shift`, to nearest, ties to even; a left shift where `shift` <= 0.

    Values are below 2**62, which `Layer.check_range` sees to.
    """
    if shift <= 0:
        return value << -shift
    if shift > 62:
        # |value| < 2**62 is less than half of the divisor.
        return np.zeros_like(value)
    half = (1 << (shift - 1)) - 1
    return (value + half + ((value >> shift) & 1)) >> shift


def requantize(value: np.ndarray, shift: int, bits: int) -> np.ndarray:
    """The only place where bits are dropped. One bit: the sign of the exact value, +1 at 0."""
    if bits == 1:
        return np.where(value >= 0, 1, -1)
    return np.clip(rne(value, shift), Format(bits, 0).low, Format(bits, 0).high)


def codes(values: np.ndarray, form: Format, symmetric: bool = False) -> np.ndarray:
    """The nearest codes of real values, ties to even; without the lowest code if `symmetric`."""
    values = finite(values, "values to quantise")
    if form.bits == 1:
        return np.where(values >= 0, 1, -1).astype(np.int64)
    low = -form.high if symmetric else form.low
    return np.clip(np.rint(values * 2.0**form.frac), low, form.high).astype(np.int64)


def finite(values: np.ndarray, what: str) -> np.ndarray:
    """The values in double precision; NaN and infinity are an error that says what holds them."""
    values = np.asarray(values, np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"{what} hold NaN or infinity")
    return values


def best_fraction(values: np.ndarray, bits: int, symmetric: bool) -> int:
    """The fraction with the least squared error; clamping a few outliers often pays."""
    values = finite(values, "values to find a format for").ravel()
    largest = np.abs(values).max(initial=0.0)
    if largest == 0:
        return bits - 1
    coarsest = bits - 2 - int(np.floor(np.log2(largest)))

    def error(frac: int) -> float:
        near = codes(values, Format(bits, frac), symmetric) * 2.0**-frac
        return float(((near - values) ** 2).sum())

    return min(range(coarsest - 1, coarsest + 7), key=error)


@functools.lru_cache(maxsize=64)
def tables(z: Format, a_frac: int) -> tuple[np.ndarray, np.ndarray]:
    """Sigmoid and tanh of every z code, from the lowest, as integers of `a_frac` fraction bits.

    Two arrays of `2**z.bits`, computed once for each pair of formats and read-only.
    """
    real = np.arange(z.low, z.high + 1) * 2.0**-z.frac
    sigmoid = np.exp(-np.logaddexp(0.0, -real))
    both = tuple(np.rint(f * 2.0**a_frac).astype(np.int64) for f in (sigmoid, np.tanh(real)))
    for table in both:
        table.setflags(write=False)
    return both
