"""What a PyTorch state dict holds: the LSTM or GRU, its head, an embedding, and what is neither.

Refuse, never guess: a tensor that is not understood, or that asks for other mathematics, is an
error that names it and what helps.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .formats import Widths, finite
from .layer import REVERSE
from .linears import (
    HEADS,
    FloatHead,
    find_head,
    is_head,
    last_word,
    may_be_front,
    read_fronts,
    read_head,
)
from .reparametrised import fold

@dataclasses.dataclass
class FloatLayer:
    """One LSTM layer in real numbers, gates i, f, g, o, or one GRU layer, gates r, u, n."""

    weight_ih: np.ndarray
    """[4H, I], of a GRU [3H, I]."""
    weight_hh: np.ndarray
    """[4H, H], of a GRU [3H, H]."""
    bias: np.ndarray
    """[4H], the sum of both; of a GRU [3H], of its n that of x alone."""
    bias_n_h: np.ndarray | None = None
    """[H], of a GRU only: the bias of n's part of h."""
    reverse: FloatLayer | None = None
    """Of a bidirectional layer the half that takes the steps from the last one, of the same sizes."""

    @property
    def gates(self) -> int:
        """Gates of a unit."""
        return 4 if self.bias_n_h is None else 3

    @property
    def input_size(self) -> int:
        """Elements of x."""
        return self.weight_ih.shape[1]

    @property
    def hidden_size(self) -> int:
        """Units."""
        return self.weight_hh.shape[1]

    @property
    def output_size(self) -> int:
        """Elements of the output of a step: units, of both directions where there are two."""
        return self.hidden_size * len(self.passes())

    def passes(self) -> list[FloatLayer]:
        """The layer itself, or its halves, the forward one first."""
        return [self] if self.reverse is None else [self, self.reverse]


@dataclasses.dataclass
class FloatModel:
    """What a state dict was understood to hold."""

    layers: list[FloatLayer]
    head: FloatHead | None = None
    embedding: np.ndarray | None = None
    """[V, I], I the elements that the first layer takes, linear or recurrent."""
    left_out: list[str] = dataclasses.field(default_factory=list)
    widths: Widths | None = None
    """Of a `QuantLSTM` or `QuantGRU`: those that it was trained with."""
    fractions: list[int] | None = None
    """Of a `QuantLSTM`: of x, then 4 of weight_ih and 4 of weight_hh for every layer; of a `QuantGRU`
    3 and 3, and bits and fraction of v. Of a bidirectional layer those of both halves, the forward ones first."""
    front: list[FloatHead] = dataclasses.field(default_factory=list)
    """Linear layers before the recurrent ones, from the first."""

    @property
    def input_size(self) -> int:
        """Elements of x of the first layer, linear or recurrent."""
        return self.front[0].weight.shape[1] if self.front else self.layers[0].input_size

    @property
    def output_size(self) -> int:
        """Elements of the output of the last layer."""
        return self.layers[-1].output_size


def read_state_dict(
    state: Mapping[str, Any],
    prefix: str | None = None,
    head: str | None = None,
    only_lstm: bool = False,
    front: str | Sequence[str] | None = None,
) -> FloatModel:
    """Understands a state dict; arguments as of `from_state_dict`."""
    if not isinstance(state, Mapping):
        raise TypeError(f"{type(state).__name__} is no state dict; pass module.state_dict()")
    arrays = fold({name: to_array(value, name) for name, value in state.items()})
    chosen = prefix is not None
    prefix = _prefix(arrays, prefix)
    used: set[str] = set()
    model = FloatModel(_layers(arrays, prefix, used))
    _trained_formats(arrays, prefix, model, used)
    _refuse_strays(arrays, prefix, used)
    if front is not None and only_lstm:
        raise ValueError("front: only_lstm=True leaves what stands before the recurrent layers out; give one of both")
    # What stands before one of several networks is not known unless it is named.
    if front is not None or not (only_lstm or chosen):
        model.front = read_fronts(arrays, front, model.layers[0].input_size, used)
    lstm_alone = set(used)
    if not only_lstm:
        _embedding(arrays, model, used)
    if head is not None:
        model.head = read_head(arrays, head, model.output_size, used)
    elif not only_lstm:
        try:
            _surroundings(arrays, model, used)
        except ValueError:
            if not chosen:
                raise
        if chosen and set(arrays) - used:
            # What stands beside one of several networks need not belong to it.
            model.head = model.embedding = None
            used = lstm_alone
    model.left_out = sorted(set(arrays) - used)
    if model.left_out and not (only_lstm or chosen):
        raise ValueError(_unknown(arrays, model))
    return model


def _layers(arrays: dict[str, np.ndarray], prefix: str, used: set[str]) -> list[FloatLayer]:
    """All layers, from the lowest; an `nn.LSTMCell`, whose names have no number, is one."""
    if f"{prefix}weight_hh" in arrays:
        return [_layer(arrays, prefix, "", None, used)]
    own = (name.removeprefix(prefix) for name in arrays if name.startswith(prefix))
    both = any(re.fullmatch(rf"(weight|bias)_(ih|hh)_l\d+{REVERSE}", name) for name in own)
    layers: list[FloatLayer] = []
    while f"{prefix}weight_hh_l{len(layers)}" in arrays:
        below = layers[-1].output_size if layers else None
        suffix = f"_l{len(layers)}"
        layer = _layer(arrays, prefix, suffix, below, used)
        if both:
            layer.reverse = _reverse_half(arrays, prefix, suffix + REVERSE, layer, used)
        layers.append(layer)
    return layers


def _reverse_half(
    arrays: dict[str, np.ndarray], prefix: str, suffix: str, forward: FloatLayer, used: set[str]
) -> FloatLayer:
    """The backward half of a bidirectional layer, which has the cell and the sizes of the forward one."""
    name = f"{prefix}weight_hh{suffix}"
    if name not in arrays:
        raise ValueError(f"{name} is missing: other tensors are those of a bidirectional network")
    half = _layer(arrays, prefix, suffix, forward.input_size, used)
    if half.weight_hh.shape != forward.weight_hh.shape:
        raise ValueError(
            f"{name} has the shape {list(half.weight_hh.shape)}, {list(forward.weight_hh.shape)} wanted, as of "
            "the forward direction"
        )
    return half


def to_array(value: Any, name: str = "value") -> np.ndarray:
    """An array or tensor in float32, or float64 where it is; integers as they are.

    BF16 and half precision are widened. What holds no plain numbers is an error.
    """
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        if value.is_quantized or value.is_complex() or value.is_meta:
            raise ValueError(f"{name} is a tensor of {value.dtype}, real numbers are wanted")
        value = value.detach().to_dense() if value.layout != torch.strided else value.detach()
        if value.dtype in (torch.bfloat16, torch.float16):
            value = value.float()
        value = value.cpu().numpy()
    if isinstance(value, Mapping):
        raise ValueError(f"{name} is a mapping, not a tensor; pass checkpoint[{name!r}]")
    value = np.asarray(value)
    if value.dtype.kind in "iub" or value.dtype == np.float64:
        return value
    if value.dtype == object:
        raise ValueError(f"{name} is no tensor; packed weights of a quantised module are not read")
    if value.dtype.kind in "SUcM":
        raise ValueError(f"{name} holds {value.dtype}, real numbers are wanted")
    return value.astype(np.float32)


def _prefix(arrays: dict[str, np.ndarray], wanted: str | None) -> str:
    """What stands before `weight_hh_l0` (nn.LSTM) or `weight_hh` (nn.LSTMCell)."""
    names = (re.fullmatch(r"(.*?)weight_hh(_l0)?", name) for name in arrays)
    found = [match[1] for match in names if match]
    if wanted is not None:
        title = wanted.rstrip(".")
        exact = [prefix for prefix in found if prefix.rstrip(".") == title]
        found = exact or [prefix for prefix in found if prefix.startswith(f"{title}.")]
    if len(found) == 1:
        return found[0]
    if not found:
        about = f" with prefix {wanted!r}" if wanted is not None else ""
        raise ValueError(
            f"no LSTM{about}: weight_hh_l0 and so on are wanted; there are {', '.join(arrays)}"
        )
    raise ValueError(f"several LSTMs: {', '.join(map(repr, found))}; choose one with prefix=")


def _layer(
    arrays: dict[str, np.ndarray], prefix: str, suffix: str, below: int | None, used: set[str]
) -> FloatLayer:
    """One layer, its shapes checked; other recurrent layers are refused as what they are."""
    hh_name, ih_name = (f"{prefix}weight_{which}{suffix}" for which in ("hh", "ih"))
    projection = f"{prefix}weight_hr{suffix}"
    if projection in arrays:
        raise ValueError(f"{projection}: of an LSTM with proj_size, which is not implemented")
    if ih_name not in arrays:
        raise ValueError(f"{ih_name} is missing")
    ih, hh = arrays[ih_name], arrays[hh_name]
    _refuse_other_cells(hh_name, ih.shape, hh.shape)
    rows = len(hh)
    if ih.ndim != 2 or len(ih) != rows or (below is not None and ih.shape[1] != below):
        raise ValueError(f"{ih_name} has the shape {list(ih.shape)}, [{rows}, {below or 'I'}] wanted")
    biases = [f"{prefix}bias_{which}{suffix}" for which in ("ih", "hh")]
    biases = [name for name in biases if name in arrays]
    for name in biases:
        if arrays[name].shape != (rows,):
            raise ValueError(f"{name} has the shape {list(arrays[name].shape)}, [{rows}] wanted")
    for name in (ih_name, hh_name, *biases):
        if arrays[name].dtype.kind != "f":
            raise ValueError(f"{name} holds {arrays[name].dtype}, real numbers are wanted")
        finite(arrays[name], name)
        used.add(name)
    if rows == 4 * hh.shape[1]:
        return FloatLayer(ih, hh, sum((arrays[name] for name in biases), np.zeros(rows, np.float32)))
    # Of a GRU both biases of n stay apart.
    of_x, of_h = (
        arrays.get(f"{prefix}bias_{which}{suffix}", np.zeros(rows, np.float32)) for which in ("ih", "hh")
    )
    gates = 2 * hh.shape[1]
    return FloatLayer(ih, hh, np.concatenate([of_x[:gates] + of_h[:gates], of_x[gates:]]), of_h[gates:])


def _refuse_strays(arrays: dict[str, np.ndarray], prefix: str, used: set[str]) -> None:
    """Parameters of the LSTM's own module that no layer has taken are other mathematics."""
    for name in arrays:
        own = name.removeprefix(prefix)
        if name in used or not name.startswith(prefix) or "." in own:
            continue
        if re.fullmatch(rf"(weight|bias)_(ih|hh)_l\d+({REVERSE})?", own):
            raise ValueError(f"{name}: a layer below it is missing")
        raise ValueError(f"{name} is no parameter of nn.LSTM or nn.GRU: this is another network")


def _refuse_other_cells(name: str, ih: tuple[int, ...], hh: tuple[int, ...]) -> None:
    """An LSTM has four rows for every unit, a GRU three; what has another number is something else."""
    if len(hh) == 2 and hh[0] in (3 * hh[1], 4 * hh[1]):
        return
    if len(hh) == 2 and hh[1] == 4 * hh[0]:
        what = "transposed; Keras stores [H, 4H] and the gates i, f, c, o: import the Keras file"
    elif len(hh) == 2 and hh[0] == hh[1]:
        what = "of an nn.RNN"
    else:
        what = "of no LSTM and no GRU"
    raise ValueError(
        f"{name} has the shape {list(hh)}: it is {what}; [4H, H] is wanted, of a GRU [3H, H]"
    )


def _trained_formats(
    arrays: dict[str, np.ndarray], prefix: str, model: FloatModel, used: set[str]
) -> None:
    """What a `QuantLSTM` or `QuantGRU` keeps beside its weights."""
    formats, fractions = f"{prefix}formats", f"{prefix}fractions"
    if formats in arrays and arrays[formats].dtype.kind == "i":
        numbers = arrays[formats].tolist()
        model.widths = Widths.of_numbers(numbers)
        of_gru = numbers[0] in (3, 5)
        if (model.layers[0].gates == 3) != of_gru:
            what = "a QuantGRU" if of_gru else "a QuantLSTM"
            raise ValueError(f"{formats} are those of {what}, the weights are of the other")
        used.add(formats)
    if fractions in arrays and arrays[fractions].dtype.kind == "i":
        wanted = (1 + 8 * sum(len(layer.passes()) for layer in model.layers),)
        if arrays[fractions].shape != wanted:
            raise ValueError(f"{fractions} has the shape {list(arrays[fractions].shape)}")
        model.fractions = arrays[fractions].tolist()
        used.add(fractions)


def _embedding(arrays: dict[str, np.ndarray], model: FloatModel, used: set[str]) -> None:
    """Finds the table in front of the LSTM, where there is one."""
    inputs = model.input_size
    for name in sorted(set(arrays) - used):
        table = name.endswith(".weight") and name.removesuffix("weight") + "bias" not in arrays
        named = "emb" in last_word(name) or last_word(name) == "encoder"
        if table and named and arrays[name].ndim == 2 and arrays[name].shape[1] == inputs:
            model.embedding = finite(arrays[name], name)
            used.add(name)
            return


def _surroundings(arrays: dict[str, np.ndarray], model: FloatModel, used: set[str]) -> None:
    """Finds the head; several that may be it are an error."""
    found = find_head(arrays, model.layers[0].input_size, model.output_size, used)
    if len(found) > 1:
        raise ValueError(
            f"several heads: {', '.join(found)}; choose one with head=, or none: only_lstm=True"
        )
    if found:
        model.head = read_head(arrays, found[0], model.output_size, used)
    elif model.embedding is not None:
        _tied_head(arrays, model, model.output_size, used)


def _tied_head(
    arrays: dict[str, np.ndarray], model: FloatModel, hidden: int, used: set[str]
) -> None:
    """A head of which a file has only the bias: its weights are the embedding's, stored once."""
    for name in sorted(set(arrays) - used):
        shape = (len(model.embedding), hidden)
        if name.endswith(".bias") and last_word(name) in HEADS and arrays[name].shape == shape[:1]:
            if model.embedding.shape != shape:
                raise ValueError(f"{name}: its weights are missing, and the embedding does not fit")
            bias = finite(arrays[name], name)
            model.head = FloatHead(name.removesuffix(".bias"), model.embedding, bias)
            used.add(name)
            return


def _unknown(arrays: dict[str, np.ndarray], model: FloatModel) -> str:
    """One message about all tensors that are no part of the model, with what helps."""
    names, inputs = model.left_out, model.layers[0].input_size
    lines = [f"{name} {list(arrays[name].shape)}" for name in names]
    help_ = "only_lstm=True leaves them out"
    heads = [name for name in names if is_head(arrays, name, model.output_size)]
    fronts = [name for name in names if not model.front and may_be_front(arrays, name, inputs)]
    if heads:
        help_ += f"; head={heads[0].removesuffix('.weight')!r} takes it as the linear layer behind the LSTM"
    if fronts:
        help_ += f"; front={fronts[0].removesuffix('.weight')!r} takes it as one before the LSTM"
    return f"no part of an LSTM, head or embedding: {', '.join(lines)}; {help_}"
