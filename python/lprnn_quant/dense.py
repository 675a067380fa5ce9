"""One dense layer in integers, computed as docs/numerics.md says."""

from __future__ import annotations

import dataclasses

import numpy as np

from .formats import Format, requantize
from .layer import _columns, _product


@dataclasses.dataclass
class Dense:
    """A dense layer before or behind the recurrent ones; `y = weight x + bias`, exact, and what is given of it."""

    weight: np.ndarray
    """[O, I], symmetric codes."""
    bias: np.ndarray
    """[O], at the fraction of the sums, that of the weights and that of x together."""
    w_bits: int
    w_frac: int
    x: Format | None = None
    """Format of x; that of what is before where it is not given. A layer before the recurrent ones says it."""
    output: str = "sum"
    """"sum", the sums; "code", codes of `y`; or "argmax", the index of the largest, the lowest of equal ones."""
    y: Format | None = None
    """Format of the output "code"."""
    relu: bool = False
    """Sums below zero count as zero, before they become codes."""
    when: str = "step"
    """"step", at every step; or "last", at the last one of a sequence."""
    w_levels: str = "even"
    """Levels of the weights, "even" or "odd"; odd at one bit whatever it says."""

    def run(self, x: np.ndarray) -> np.ndarray:
        """Exact sums, [..., O], of codes of x, [..., I]; their fraction is `w_frac + x.frac`."""
        return _product(x, _columns(self.weight)) + self.bias

    def outputs(self, x: np.ndarray, form: Format) -> np.ndarray:
        """What the layer gives of codes of x in `form`, [..., I]: [..., O], or [..., 1] of an index."""
        total = self.run(x)
        if self.output == "argmax":
            return total.argmax(-1)[..., None]
        if self.output == "sum":
            return total
        if self.relu:
            total = np.maximum(total, 0)
        return requantize(total, self.w_frac + form.frac - self.y.frac, self.y)


Head = Dense
"""The name that the last layer had when it was the only one."""
