"""One GRU layer in integers, computed as docs/numerics.md says."""

from __future__ import annotations

import dataclasses

import numpy as np

from .formats import Format, requantize, tables
from .layer import Recurrent, RowScale, State, _columns, _product


@dataclasses.dataclass
class GruLayer(Recurrent):
    """One layer: codes in PyTorch's layout and gate order r, u, n (PyTorch calls u z), and all formats."""

    weight_ih: np.ndarray
    """[3H, I]."""
    weight_hh: np.ndarray
    """[3H, H]."""
    bias: np.ndarray
    """[3H]; of r and u at the fraction that both products come to, of n at that of its product of x."""
    bias_n_h: np.ndarray
    """[H], the bias of n's part of h, at the fraction of that product."""
    x: Format
    h: Format
    w_bits: int
    w_frac_ih: list[int]
    w_frac_hh: list[int]
    z: Format = Format(8, 4)
    a_frac: int = 8
    v: Format = Format(12, 8)
    s: Format = Format(16, 14)
    row_scale: RowScale | None = None
    """[4H]: of r, u, n's part of x and n's part of h."""
    w_levels: str = "even"
    """Levels of the weights, "even" or "odd"; odd at one bit whatever it says."""
    direction: str = "forward"
    """Order of the steps: "forward", "backward" or "bidirectional"."""
    reverse: GruLayer | None = None
    """The half of a bidirectional layer that takes the steps from the last one; its own direction says nothing."""
    output_order: str = "time"
    """Order of the outputs of what takes steps backward: "time", or "processing", in which the last output of a
    sequence has the last state of each direction."""

    @property
    def hidden_size(self) -> int:
        """Units."""
        return len(self.bias_n_h)

    def check_range(self) -> None:
        """Refuses formats whose sums could leave 62 bits, in which this module computes."""
        scale = 1 if self.row_scale is None else 1 << self.row_scale.bits
        w, x, h = self.weights.high + 1, -self.x.low * self.input_size, -self.h.low * self.hidden_size
        for gate in range(3):
            of_x, of_h = self.product_fracs(gate)
            frac = max(of_x, of_h)
            most = (w * x << frac - of_x) + (w * h << frac - of_h) + (1 << 31)
            finest = self.v.frac if gate == 2 else self.z.frac
            if most * scale << max(0, finest - min(of_x, of_h)) >= 1 << 62:
                raise ValueError(f"gate {'run'[gate]}: its sums need more than 62 bits")
        self._check_state("s", self.s)

    def run(self, x: np.ndarray, state: State | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Codes of h and s after every step, [..., steps, H], from codes of x, [..., steps, I].

        `state` is h and s before the first step, [..., H] each; zero where it is not given.
        """
        self.check_range()
        from_x = _product(x, _columns(self.weight_ih))
        return self._steps(from_x, state, self._update)

    def _code(self, total: np.ndarray, frac: int, index: int, form: Format) -> np.ndarray:
        """The code of sum `index`, of this fraction, by its rows' multipliers."""
        if self.row_scale is not None:
            rows = slice(index * self.hidden_size, (index + 1) * self.hidden_size)
            total = total * self.row_scale.multiplier[rows]
            frac += self.row_scale.frac
        return requantize(total, frac - form.frac, form)

    def _update(
        self, from_x: np.ndarray, from_h: np.ndarray, s: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """h and s of a step, [..., H], from the products of all gates, [..., 3H], and s before."""
        sigmoid, tanh = tables(self.z, self.a_frac)
        xs, hs = np.split(from_x, 3, axis=-1), np.split(from_h, 3, axis=-1)
        biases = np.split(self.bias, 3)
        gates = []
        for gate in range(2):
            of_x, of_h = self.product_fracs(gate)
            frac = max(of_x, of_h)
            total = (xs[gate] << frac - of_x) + (hs[gate] << frac - of_h) + biases[gate]
            gates.append(sigmoid[self._code(total, frac, gate, self.z) - self.z.low])
        r, u = gates
        of_x, of_h = self.product_fracs(2)
        vx = self._code(xs[2] + biases[2], of_x, 2, self.v)
        vh = self._code(hs[2] + self.bias_n_h, of_h, 3, self.v)
        a = self.a_frac
        argument = requantize((vx << a) + r * vh, a + self.v.frac - self.z.frac, self.z)
        n = tanh[argument - self.z.low]
        kept = (u * s) << max(0, a - self.s.frac)
        new = (((1 << a) - u) * n) << max(0, self.s.frac - a)
        s = requantize(kept + new, a + max(0, a - self.s.frac), self.s)
        return requantize(s, self.s.frac - self.h.frac, self.h), s
