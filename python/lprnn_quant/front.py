"""`QuantFront`: `nn.Linear` before a recurrent layer, and which layers of a network stand there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

from .autograd import Through
from .dense import Dense
from .formats import Format
from .heads import MOVES, _rows, _tensors
from .linear import QuantLinear
from .recurrent import take_weights


class QuantFront(QuantLinear):
    """`nn.Linear` before a recurrent layer whose forward pass takes exactly the values of the core's dense layer.

    Real inputs, [..., I], become the values of codes of the format `h`, those of x; the output, [..., O], are the
    exact sums. A ReLU behind it stays in the network, and `relu` says of the file that there is one; codes the sums
    become in the layer behind, which rounds its input.
    """

    relu: Tensor
    """Whether a ReLU stands behind it, a buffer."""

    def __init__(self, x: Format, bits: int, relu: bool, *args, **options) -> None:
        super().__init__(x, bits, *args, **options)
        self.register_buffer("relu", torch.tensor(relu, device=self.weight.device))

    @classmethod
    def from_linear(cls, linear: nn.Linear, x: Format, bits: int = 8, relu: bool = False) -> Self:
        """The same weights, sizes, mode, dtype and device, for inputs that become codes of the format `x`.

        weight_norm and pruning are folded into the weights.
        """
        sizes = linear.in_features, linear.out_features, linear.bias is not None
        new = cls(x, bits, relu, *sizes, dtype=linear.weight.dtype, device=linear.weight.device)
        take_weights(new, linear)
        new.fit()
        return new.train(linear.training)

    def dense(self, y: Format) -> Dense:
        """The integers of this module as it is now, its outputs codes of the format `y`."""
        dense = self.head()
        dense.x, dense.output, dense.y, dense.relu = self.h, "code", y, bool(self.relu)
        return dense

    def forward(self, input: Tensor) -> Tensor:
        """As `nn.Linear`, [..., I] in, [..., O] out."""
        wide = input.dtype == torch.float64 or self.h.odd
        # Powers of two change no digit, so float32 rounds as float64 does; at odd levels not next to 0.
        near = Through.apply(input.double() if wide else input.float(), self.h)
        return super().forward(near.to(input.dtype))


class Fronts(TorchFunctionMode):
    """While it is entered: which `nn.Linear` gives x of a recurrent layer, or of another such, behind a ReLU or not.

    A linear layer is before a layer where all that reaches that one, in every call, are rows of its output, moved
    about or cut at zero, but not computed with.
    """

    def __init__(self, recurrent: list[nn.RNNBase], linear: list[nn.Linear]) -> None:
        super().__init__()
        self.recurrent, self.linear = recurrent, linear
        # Tensors are kept, so that no other gets the id of one.
        self.own: dict[int, tuple[Tensor, nn.Linear, bool]] = {}
        self.rows: dict[nn.Linear, set[int]] = {}
        self.cut: dict[nn.Linear, set[int]] = {}
        self.before: dict[nn.Module, set[tuple[nn.Linear, bool] | None]] = {}
        self.inputs: dict[nn.Module, list[Tensor]] = {}
        """What reached each linear layer, in every call."""

    def hooks(self) -> list[RemovableHandle]:
        """The hooks of the layers, to remove them."""
        hooks = [layer.register_forward_hook(self._leaves) for layer in self.linear]
        parts = [*self.linear, *self.recurrent]
        return hooks + [part.register_forward_pre_hook(self._reaches, with_kwargs=True) for part in parts]

    def found(self, others: set[nn.Linear]) -> dict[nn.Linear, bool]:
        """The linear layers before recurrent ones but for `others`, each with whether a ReLU stands behind it."""
        chains: dict[nn.Linear, set[bool]] = {}
        for layer in self.recurrent:
            while len(before := self.before.get(layer, set())) == 1:
                (only,) = before
                if only is None or only[0] in others or only[1] in chains.get(only[0], set()):
                    break
                layer, relu = only
                chains.setdefault(layer, set()).add(relu)
        return {part: relu.pop() for part, relu in chains.items() if len(relu) == 1}

    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        result = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "").rstrip("_")
        if name == "relu" or getattr(func, "__name__", "") in MOVES:
            given = [part for part in _tensors((args, kwargs)) if part.is_floating_point()]
            before = {self.own[id(part)][1:] if id(part) in self.own else None for part in given}
            if len(before) == 1 and None not in before:
                linear, relu = before.pop()
                self._mark(result, linear, relu or name == "relu")
        return result

    def _mark(self, tensors: Any, linear: nn.Linear, relu: bool) -> None:
        for part in _tensors(tensors):
            if part.is_floating_point():
                self.own[id(part)] = part, linear, relu

    def _leaves(self, linear: nn.Linear, _: tuple, result: Tensor) -> None:
        self._mark(result, linear, False)
        zeros = result.new_zeros(1, result.shape[-1])
        for kept, values in ((self.rows, result), (self.cut, result.relu())):
            kept.setdefault(linear, set()).update([*_rows(values), *_rows(zeros)])

    def _reaches(self, layer: nn.Module, arguments: tuple, named: dict) -> None:
        given = arguments[0] if arguments else named["input"]
        if isinstance(layer, nn.Linear):
            self.inputs.setdefault(layer, []).append(given)
        data = given.data if isinstance(given, PackedSequence) else given
        _, linear, relu = self.own.get(id(data), (None, None, False))
        if linear is not None and not (self.cut if relu else self.rows)[linear].issuperset(_rows(data)):
            linear = None  # something has computed with it after all
        self.before.setdefault(layer, set()).add(None if linear is None else (linear, relu))


def ordered(fronts: list[QuantFront], size: int, form: Format) -> Iterator[Dense]:
    """The dense layers of a file, in this order, before a layer that takes `size` elements of `form`.

    Layers whose sizes do not follow one another are an error.
    """
    sizes = [*(part.in_features for part in fronts[1:]), size]
    forms = [*(part.h for part in fronts[1:]), form]
    for part, taken, y in zip(fronts, sizes, forms):
        if part.out_features != taken:
            raise ValueError(f"gives {part.out_features} elements, the layer behind takes {taken}")
        yield part.dense(y)
