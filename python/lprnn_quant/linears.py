"""Linear layers of a state dict: the one behind the recurrent layers, and those before them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from .formats import LEVELS, Format, finite

HEADS = (
    *("head", "heads", "decoder", "fc", "fc_out", "linear", "lin", "out", "output"),
    *("output_layer", "proj", "classifier", "dense", "regressor"),
)
# How names begin of what stands in front of an LSTM.
FRONTS = ("in_", "input", "fc_in", "pre", "front", "encoder", "embed", "stem")


@dataclasses.dataclass
class FloatHead:
    """A linear layer behind the LSTM, or before it."""

    name: str
    weight: np.ndarray
    """[O, I]; behind a layer of H units I is H, behind a bidirectional one 2H."""
    bias: np.ndarray
    """[O]."""
    formats: list[int] | None = None
    """Of a `QuantLinear` or `QuantFront`: bits and fraction of the weights; bits, fraction and levels of what it takes."""
    relu: bool = False
    """Of a layer before the LSTM: a ReLU stands behind it."""

    @property
    def x(self) -> Format:
        """The format of what a `QuantFront` takes."""
        bits, frac, levels = self.formats[2:]
        return Format(bits, frac, LEVELS[levels])


def last_word(name: str) -> str:
    """The last word of a module's name without numbers: `head` of `net.head.0.weight`."""
    words = (part.rstrip("0123456789_") for part in reversed(name.split(".")[:-1]))
    return next((word for word in words if word), "")


def is_head(arrays: dict[str, np.ndarray], name: str, hidden: int) -> bool:
    """Whether a tensor has the shape of a head's weights."""
    return name.endswith(".weight") and arrays[name].ndim == 2 and arrays[name].shape[1] == hidden


def may_be_front(arrays: dict[str, np.ndarray], name: str, inputs: int) -> bool:
    """Whether a tensor has the shape of the weights of a layer before one of so many inputs."""
    return name.endswith(".weight") and arrays[name].ndim == 2 and len(arrays[name]) == inputs


def find_head(
    arrays: dict[str, np.ndarray], inputs: int, hidden: int, used: set[str]
) -> list[str]:
    """Names of linear layers that may stand behind the LSTM.

    One of as many outputs as the LSTM has inputs may stand in front of it: its name must tell.
    """
    return [
        name.removesuffix(".weight")
        for name in sorted(set(arrays) - used)
        if is_head(arrays, name, hidden)
        and not last_word(name).startswith(FRONTS)
        and (len(arrays[name]) != inputs or last_word(name) in HEADS)
    ]


def read_head(
    arrays: dict[str, np.ndarray], name: str, hidden: int, used: set[str]
) -> FloatHead:
    """The linear layer of this name, behind a layer of so many outputs."""
    weight_name = f"{name}.weight"
    if weight_name not in arrays:
        found = [n.removesuffix(".weight") for n in arrays if is_head(arrays, n, hidden)]
        raise ValueError(f"no head {name!r}; linear layers of {hidden} inputs: {', '.join(found)}")
    if not is_head(arrays, weight_name, hidden):
        raise ValueError(f"{weight_name} has the shape {list(arrays[weight_name].shape)}, [O, {hidden}] wanted")
    return _linear(arrays, name, used)


def read_fronts(
    arrays: dict[str, np.ndarray], wanted: str | Sequence[str] | None, inputs: int, used: set[str]
) -> list[FloatHead]:
    """The linear layers before a layer of so many inputs, in their order: those that are named, else every `QuantFront`."""
    if wanted is None:
        names = [(name, False) for name in _quant_fronts(arrays, inputs)]
    else:
        parts = wanted.split(",") if isinstance(wanted, str) else wanted
        names = [(part.strip().removesuffix(":relu"), part.strip().endswith(":relu")) for part in parts]
    fronts = []
    for name, relu in names:
        weight = arrays.get(f"{name}.weight")
        if weight is None or weight.ndim != 2 or f"{name}.weight" in used:
            free = (n.removesuffix(".weight") for n in arrays if n.endswith(".weight") and n not in used)
            found = ", ".join(n for n in free if arrays[f"{n}.weight"].ndim == 2)
            raise ValueError(f"no linear layer {name!r} before the recurrent ones; there are {found or 'none'}")
        fronts.append(_front(arrays, name, relu, used))
    wanted_sizes = [*(part.weight.shape[1] for part in fronts[1:]), inputs]
    for part, size in zip(fronts, wanted_sizes):
        if len(part.weight) != size:
            raise ValueError(
                f"{part.name} gives {len(part.weight)} elements, {size} are taken behind it; name the linear layers "
                "before the recurrent ones in their order, front="
            )
    return fronts


def _quant_fronts(arrays: dict[str, np.ndarray], inputs: int) -> list[str]:
    """Names of the `QuantFront`s in the one order in which they give what is taken behind them."""
    flags = (name.removesuffix(".relu") for name in arrays if name.endswith(".relu"))
    left = [name for name in flags if {f"{name}.weight", f"{name}.formats"} <= set(arrays)]
    found: list[str] = []
    while left:
        fits = [name for name in left if may_be_front(arrays, f"{name}.weight", inputs)]
        if len(fits) != 1:
            raise ValueError(
                f"the order of the QuantFronts {', '.join(found[::-1] + left)} is not clear from their sizes; name "
                "them from the first to the last, front="
            )
        left.remove(fits[0])
        found.append(fits[0])
        inputs = arrays[f"{fits[0]}.weight"].shape[1]
    return found[::-1]


def _front(arrays: dict[str, np.ndarray], name: str, relu: bool, used: set[str]) -> FloatHead:
    """A linear layer before the recurrent ones; of a `QuantFront` its buffer says whether a ReLU is behind it."""
    front, flag = _linear(arrays, name, used), arrays.get(f"{name}.relu")
    if (front.formats is None) != (flag is None):
        raise ValueError(f"{name} is no nn.Linear and no QuantFront: it does not stand before the recurrent layers")
    if flag is None:
        front.relu = relu
        return front
    front.relu = bool(flag)
    if relu and not front.relu:
        raise ValueError(f"{name}:relu: it is a QuantFront, which was trained without a ReLU behind it")
    used.add(f"{name}.relu")
    return front


def _linear(arrays: dict[str, np.ndarray], name: str, used: set[str]) -> FloatHead:
    """The linear layer of this name."""
    weight_name, bias_name, formats_name = (f"{name}.{what}" for what in ("weight", "bias", "formats"))
    weight = arrays[weight_name]
    bias = arrays.get(bias_name, np.zeros(len(weight), np.float32))
    if bias.shape != (len(weight),):
        raise ValueError(f"{bias_name} has the shape {list(bias.shape)}, [{len(weight)}] wanted")
    used.update({weight_name, bias_name, formats_name} & set(arrays))
    linear = FloatHead(name, finite(weight, weight_name), finite(bias, bias_name))
    if formats_name in arrays:
        linear.formats = arrays[formats_name].tolist()
        if arrays[formats_name].dtype.kind != "i" or len(linear.formats) != 5:
            raise ValueError(f"{formats_name}: five integers of a QuantLinear are wanted")
        if not 0 <= linear.formats[4] < len(LEVELS):
            raise ValueError(f"{formats_name}: levels {linear.formats[4]} are not known")
    return linear
