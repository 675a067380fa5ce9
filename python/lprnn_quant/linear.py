"""`QuantLinear`: `nn.Linear` behind a recurrent layer, with the numbers of the integer head."""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor, nn

from .autograd import Through
from .dense import Dense
from .exact import linear_exact_in_float32
from .formats import LEVELS, Format, best_fraction
from .quantize import quantize_head
from .recurrent import take_weights
from .state_dict import FloatHead, to_array


class QuantLinear(nn.Linear):
    """`nn.Linear` whose forward pass takes exactly the values of the integer head's codes.

    Its inputs are values of codes of h of the format `h`, as `QuantLSTM` and `QuantGRU` give them, [..., H];
    they are taken as they are, behind dropout too. Weights are rounded to `bits` bits, symmetric, and
    biases to the fraction of the sums, 32 bits. Computes in float32 where that is proved to be exact, else
    in float64, and returns the dtype of its input. Gradients pass straight through every rounding and
    stop where a value was clamped.

    `fit` chooses the fraction of the weights anew. Formats are a buffer, so they are in the state dict, and
    a state dict of other ones is refused.
    """

    formats: Tensor
    """Bits and fraction of the weights; bits, fraction and levels of h."""
    last_states: bool = False
    """It takes the last state of each direction of a bidirectional layer, and not an output of a step; for `save`."""

    def __init__(self, h: Format, bits: int, *args, **options) -> None:
        super().__init__(*args, **options)
        self.h, self.bits = h, bits
        numbers = [bits, 0, h.bits, h.frac, LEVELS.index(h.levels)]
        self.register_buffer("formats", torch.tensor(numbers, device=self.weight.device))
        if self.weight.device.type != "meta":
            self.fit()

    @classmethod
    def from_linear(cls, linear: nn.Linear, h: Format, bits: int = 8) -> Self:
        """The same weights, sizes, mode, dtype and device, for inputs of the format `h`.

        weight_norm and pruning are folded into the weights.
        """
        sizes = linear.in_features, linear.out_features, linear.bias is not None
        kind = {"dtype": linear.weight.dtype, "device": linear.weight.device}
        new = cls(h, bits, *sizes, **kind)
        take_weights(new, linear)
        new.fit()
        return new.train(linear.training)

    def fit(self) -> None:
        """Chooses the fraction of the weights: the one with the least squared error."""
        self.formats[1] = best_fraction(to_array(self.weight), self.bits, True)

    def head(self) -> Dense:
        """The integers of this module as it is now."""
        return quantize_head(self._float_head(), self.bits, self.h, int(self.formats[1]))

    def forward(self, input: Tensor) -> Tensor:
        """As `nn.Linear`, [..., H] in, [..., O] out."""
        form = Format(self.bits, int(self.formats[1]))
        weight = Through.apply(self.weight.double(), form, True)
        bias = None
        if self.bias is not None:
            bias = Through.apply(self.bias.double(), Format(32, form.frac + self.h.frac))
        wide = torch.float64 in (input.dtype, self.weight.dtype)
        exact = not wide and linear_exact_in_float32(self.h, form.frac, weight, bias)
        kind = torch.float32 if exact else torch.float64
        operands = (None if part is None else part.to(kind) for part in (input, weight, bias))
        with torch.autocast(input.device.type, enabled=False):
            return nn.functional.linear(*operands).to(input.dtype)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, h={self.h}, bits={self.bits}"

    def _float_head(self) -> FloatHead:
        """The weights as they are."""
        weight = to_array(self.weight)
        bias = to_array(self.weight.new_zeros(len(weight)) if self.bias is None else self.bias)
        return FloatHead("the linear layer", weight, bias)

    def _load_from_state_dict(self, state_dict, prefix, *arguments) -> None:
        formats = state_dict.get(f"{prefix}formats", self.formats)  # Missing ones are said by PyTorch.
        theirs, ours = ([bits, *h] for bits, _, *h in (formats.tolist(), self.formats.tolist()))
        if theirs != ours:
            raise ValueError(
                f"{prefix}formats: trained with {theirs}, this module has {ours} (bits of the weights; "
                "bits, fraction and levels of h)"
            )
        super()._load_from_state_dict(state_dict, prefix, *arguments)
