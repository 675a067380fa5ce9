"""Number formats and the arithmetic of docs/numerics.md on NumPy arrays."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np


# Most bits of codes with odd levels.
MOST_ODD_BITS = 4
# What `levels` of widths may be, in the order of their numbers in a checkpoint.
LEVELS = ("even", "odd", "auto")


class Format(NamedTuple):
    """Codes of `bits` bits, of the value `q * 2**-frac`.

    With even levels they are the integers of two's complement, with odd ones the odd integers of
    `-(2**bits - 1)` to `2**bits - 1`; one bit, -1 and +1, is odd whatever `levels` says.
    """

    bits: int
    frac: int
    levels: str = "even"

    @property
    def odd(self) -> bool:
        """Whether the codes are the odd integers."""
        return self.bits == 1 or self.levels == "odd"

    @property
    def low(self) -> int:
        """The lowest code."""
        return -self.high if self.odd else -(1 << (self.bits - 1))

    @property
    def high(self) -> int:
        """The highest code."""
        return (1 << (self.bits if self.odd else self.bits - 1)) - 1

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Which of the integers are codes."""
        inside = (values >= self.low) & (values <= self.high)
        return inside & (values % 2 == 1) if self.odd else inside

    def stored(self) -> dict:
        """As a model file has it: levels are said where the bits alone do not say them."""
        about = {"bits": self.bits, "frac": self.frac}
        return {**about, "levels": "odd"} if self.odd and self.bits > 1 else about

    def __str__(self) -> str:
        return f"{'o' if self.odd else 's'}{self.bits}.{self.frac}"


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
    levels: str = "even"
    """Levels of weights, h and x: "even", "odd" up to 4 bits, or "auto", odd at 1 and 2 bits."""
    act_levels: str | None = None
    """Levels of h, where they are others."""
    h_frac: int | None = None
    """Fraction of h; where it is None, h reaches just below 1."""
    s: Format = Format(16, 14)
    """Of a GRU only: its state, in the place of c."""
    v: Format | None = None
    """Of a GRU only: n's parts; where it is None, `v_format` says it."""

    @classmethod
    def of(cls, bits: int, levels: str = "even") -> Widths:
        """The same width of weights, h and x."""
        return cls(bits, bits, bits, levels=levels)

    def at(self, bits: int, frac: int) -> Format:
        """The format of weights or x of so many bits, with the levels that go with them."""
        return _format_of(self.levels, bits, frac)

    @property
    def h(self) -> Format:
        """The format of h, which lies in -1..1.

        Where `h_frac` says nothing, the codes used are -1, 0 and 1 at 2 bits of even levels, -1 and 1 at one.
        """
        form = _format_of(self.levels if self.act_levels is None else self.act_levels, self.act, 0)
        if self.h_frac is not None:
            return form._replace(frac=self.h_frac)
        if self.act == 1 or (self.act == 2 and not form.odd):
            return form
        return form._replace(frac=self.act if form.odd else self.act - 1)

    def numbers(self, state: str = "c") -> list[int]:
        """As integers, for a checkpoint: a version, then the fields in their order.

        Of an LSTM, whose state is c, version 1 has even levels, and version 2 says them at its end. Of a
        GRU, whose `state` is "s", version 3 has s in the place of c, levels, and v, or zeros for None. Where h has
        levels or a fraction of its own, versions 4, of an LSTM, and 5 have them behind all that 2 and 3 have.
        """
        z, wide = self.z[:2], getattr(self, state)[:2]
        fields = [self.weight, self.act, self.input, *z, self.a_frac, *wide]
        self.at(self.weight, 0)  # Refuses levels that are none.
        levels = LEVELS.index(self.levels)
        of_v = (self.v or (0, 0))[:2] if state == "s" else ()
        if (self.act_levels, self.h_frac) != (None, None):
            h = self.h
            return [5 if state == "s" else 4, *fields, levels, *of_v, LEVELS.index(h.levels), h.frac]
        if state == "s":
            return [3, *fields, levels, *of_v]
        return [1, *fields] if self.levels == "even" else [2, *fields, levels]

    @classmethod
    def of_numbers(cls, numbers: list[int]) -> Widths:
        """The widths of the integers that `numbers` gave."""
        version, *fields = map(int, numbers)
        known = (version, len(fields)) in ((1, 8), (2, 9), (3, 11), (4, 11), (5, 13))
        of_h = fields[-2:] if version > 3 else ()
        if not known or not all(0 <= one < len(LEVELS) for one in (*fields[8:9], *of_h[:1])):
            raise ValueError(
                f"formats {numbers}: this module knows nine numbers, the first 1, ten, the first 2, or twelve, the "
                "first 4, and of a GRU twelve, the first 3, or fourteen, the first 5"
            )
        weight, act, inputs, z_bits, z_frac, a_frac, bits, frac, *rest = fields
        levels = LEVELS[rest[0]] if rest else "even"
        widths = cls(weight, act, inputs, Format(z_bits, z_frac), a_frac, levels=levels)
        if of_h:
            rest = rest[:-2]
            widths = widths._replace(act_levels=LEVELS[of_h[0]], h_frac=of_h[1])
        wide = Format(bits, frac)
        if version in (1, 2, 4):
            return widths._replace(c=wide)
        return widths._replace(s=wide, v=Format(*rest[1:]) if rest[1] else None)


def _format_of(levels: str, bits: int, frac: int) -> Format:
    """The format of so many bits with the levels that the word says."""
    if levels not in LEVELS:
        raise ValueError(f"levels {levels!r}: give one of {', '.join(LEVELS)}")
    most = {"even": 1, "odd": MOST_ODD_BITS, "auto": 2}[levels]
    return Format(bits, frac, "odd" if bits <= most else "even")


def v_format(z: Format, most: float = 0.0) -> Format:
    """The format of n's parts of a GRU, which reach `most`.

    Four fraction bits more than z, in the range of z or one that holds a quarter more than `most`; 24
    bits at most.
    """
    reach = 1.25 * most
    frac = 22 - int(np.floor(np.log2(reach))) if reach > 0 else 23
    while Format(24, frac).high * 2.0**-frac < reach:
        frac -= 1
    whole = max(24 - frac, z.bits - z.frac)
    frac = min(z.frac + 4, 24 - whole)
    return Format(whole + frac, frac)


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


def nearest_odd(value: np.ndarray, shift: int) -> np.ndarray:
    """Integers over `2**shift`, to the nearest odd one, the upper of two: floor, last bit set."""
    if shift <= 0:
        return (value << -shift) | 1
    return (value >> min(shift, 63)) | 1


def requantize(value: np.ndarray, shift: int, form: Format | int) -> np.ndarray:
    """The only place where bits are dropped: to codes of `form`, or of so many bits, even levels.

    Odd levels: the nearest of them, the upper of two; of one bit that is the sign, +1 at 0.
    """
    if isinstance(form, int):
        form = Format(form, 0)
    rounded = nearest_odd(value, shift) if form.odd else rne(value, shift)
    return np.clip(rounded, form.low, form.high)


def codes(values: np.ndarray, form: Format, symmetric: bool = False) -> np.ndarray:
    """The nearest codes of real values, of two the even one, or the upper where levels are odd.

    Without the lowest code of even levels if `symmetric`.
    """
    scaled = finite(values, "values to quantise") * 2.0**form.frac
    rounded = 2 * np.floor(scaled / 2) + 1 if form.odd else np.rint(scaled)
    low = -form.high if symmetric else form.low
    return np.clip(rounded, low, form.high).astype(np.int64)


def finite(values: np.ndarray, what: str) -> np.ndarray:
    """The values in double precision; NaN and infinity are an error that says what holds them."""
    values = np.asarray(values, np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"{what} hold NaN or infinity")
    return values


def best_fraction(values: np.ndarray, form: Format | int, symmetric: bool) -> int:
    """The fraction with the least squared error of codes like those of `form`, or of so many bits.

    Clamping a few outliers often pays.
    """
    if isinstance(form, int):
        form = Format(form, 0)
    values = finite(values, "values to find a format for").ravel()
    largest = np.abs(values).max(initial=0.0)
    if largest == 0:
        return form.bits - 1
    magnitude = form.high.bit_length()
    coarsest = magnitude - 1 - int(np.floor(np.log2(largest)))

    def error(frac: int) -> float:
        near = codes(values, form._replace(frac=frac), symmetric) * 2.0**-frac
        return float(((near - values) ** 2).sum())

    return min(range(coarsest - 1, coarsest + 7), key=error)


def fit_h(h: np.ndarray, widths: Widths) -> Widths:
    """These widths with the levels and the fraction of h that have the least squared error for `h`.

    `h`: what the network in real numbers gives, an array or a tensor of any shape, a few thousand values or more.
    Levels that `widths.act_levels` gives stay.
    """
    h = finite(h.detach().cpu().numpy() if hasattr(h, "detach") else h, "values of h").ravel()
    if not h.size:
        raise ValueError("values of h are none: give what the network in real numbers gives")
    given = widths.act_levels is not None or not 2 <= widths.act <= MOST_ODD_BITS
    kinds = [widths.h.levels] if given else ["even", "odd"]

    def format_of(levels: str) -> Format:
        form = Format(widths.act, 0, levels)
        return form._replace(frac=best_fraction(h, form, False))

    def error(form: Format) -> float:
        return float(((codes(h, form) * 2.0**-form.frac - h) ** 2).sum())

    best = min(map(format_of, kinds), key=error)
    return widths._replace(act_levels=best.levels, h_frac=best.frac)


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
