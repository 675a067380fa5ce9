"""Which linear layers of a network stand behind a recurrent layer: what reaches them is its h."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

# Functions that move numbers and change none of them; `__get__` is that of properties, such as `T`. Behind
# others a number may be no code of h. What a move does to the rows is seen from the rows.
MOVES = frozenset(
    "__get__ __getitem__ _pack_padded_sequence _pad_packed_sequence cat chunk clone concat contiguous "
    "detach double dropout expand expand_as flatten flip float gather index_select movedim narrow permute "
    "reshape select split squeeze stack swapaxes take_along_dim to transpose unbind unflatten unsqueeze "
    "view view_as".split()
)


class Heads(TorchFunctionMode):
    """While it is entered: which `nn.Linear` gets h of a recurrent layer, and of which.

    Tensors that the moves make of a layer's h are its own; a linear layer is behind a layer where every row
    that reaches it, in every call, is such a tensor's, and a row of the last layer's h or one of zeros. Of a
    layer of both directions the rows may be its last states instead, forward beside backward.
    """

    def __init__(self, recurrent: list[nn.RNNBase], linear: list[nn.Linear]) -> None:
        super().__init__()
        self.recurrent, self.linear = recurrent, linear
        # Tensors are kept, so that no other gets the id of one.
        self.own: dict[int, tuple[Tensor, nn.RNNBase]] = {}
        self.rows: dict[nn.RNNBase, set[int]] = {}
        # Last states of both directions, and the linear layers that they have reached.
        self.last: dict[nn.RNNBase, set[int]] = {}
        self.on_last: set[nn.Linear] = set()
        self.behind: dict[nn.Linear, set[nn.RNNBase | None]] = {}

    def hooks(self) -> list[RemovableHandle]:
        """The hooks of the layers, to remove them."""
        hooks = [layer.register_forward_hook(self._leaves) for layer in self.recurrent]
        return hooks + [layer.register_forward_pre_hook(self._reaches) for layer in self.linear]

    def found(self) -> dict[nn.Linear, nn.RNNBase]:
        """Every linear layer that is behind one recurrent layer, and that layer."""
        alone = {part: next(iter(before)) for part, before in self.behind.items() if len(before) == 1}
        return {part: before for part, before in alone.items() if before is not None}

    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") in MOVES:
            given = [part for part in _tensors((args, kwargs)) if part.is_floating_point()]
            before = {self.own[id(part)][1] if id(part) in self.own else None for part in given}
            if len(before) == 1 and None not in before:
                self._mark(result, before.pop())
        return result

    def _mark(self, tensors: Any, layer: nn.RNNBase) -> None:
        for part in _tensors(tensors):
            if part.is_floating_point():
                self.own[id(part)] = part, layer

    def _leaves(self, layer: nn.RNNBase, _: tuple, result: tuple) -> None:
        out, state = result
        h = state[0] if isinstance(state, tuple) else state
        self._mark((out, h), layer)
        data = out.data if isinstance(out, PackedSequence) else out
        zeros = data.new_zeros(1, data.shape[-1])
        self.rows.setdefault(layer, set()).update(_rows(data), _rows(zeros))
        if layer.bidirectional:
            self.last.setdefault(layer, set()).update(_rows(torch.cat([h[-2], h[-1]], -1)))

    def _reaches(self, linear: nn.Linear, arguments: tuple) -> None:
        layer = None
        if arguments:
            _, layer = self.own.get(id(arguments[0]), (None, None))
        if layer is not None:
            rows = set(_rows(arguments[0]))
            on_last = not self.rows[layer] >= rows and self.last.get(layer, set()) >= rows
            # In another call it had outputs of steps, or has them now.
            mixed = linear in self.behind and on_last != (linear in self.on_last)
            if mixed or not (on_last or self.rows[layer] >= rows):
                layer = None
            elif on_last:
                self.on_last.add(linear)
        self.behind.setdefault(linear, set()).add(layer)


def _tensors(nested: Any) -> Iterator[Tensor]:
    """All tensors of arguments or of a result."""
    if isinstance(nested, Tensor):
        yield nested
    elif isinstance(nested, dict):
        yield from _tensors(list(nested.values()))
    elif isinstance(nested, list | tuple):
        for part in nested:
            yield from _tensors(part)


def _rows(values: Tensor) -> Iterator[int]:
    """A number for each row, [..., H]; other rows have other ones."""
    flat = values.detach().double().cpu().reshape(-1, values.shape[-1]).numpy()
    return (hash(row.tobytes()) for row in flat)
