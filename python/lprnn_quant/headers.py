"""Layers as a model file describes them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .dense import Dense
from .formats import Format
from .gru import GruLayer
from .layer import REVERSE, Layer, RowScale

OWN = {"lstm": "c", "gru": "vs"}
"""Formats that only layers of a kind have."""
PLAIN = ("w_bits", "w_frac_ih", "w_frac_hh", "a_frac")


class InputOffset(NamedTuple):
    """What is done to x before it becomes codes: the model is one of `(x - offset) * 2**shift`."""

    frac: int
    codes: list[int]
    """Constants of the elements, in units of `2**-frac`."""
    shift: list[int] = []
    """Exponents of the powers of two that the elements are multiplied by; empty where all are 0."""

    def values(self) -> np.ndarray:
        """The constants, [I], exact."""
        return np.array(self.codes, np.float64) * 2.0**-self.frac

    def applied(self, x: np.ndarray) -> np.ndarray:
        """`(x - offset) * 2**shift`, [..., I]."""
        rest = np.asarray(x, np.float64) - self.values()
        return rest * 2.0 ** np.array(self.shift) if self.shift else rest

    def stored(self) -> dict:
        """As the file has it."""
        return {key: value for key, value in self._asdict().items() if key != "shift" or value}


def formats_of(layer: Layer | GruLayer) -> dict:
    """The formats of a layer as the file has them."""
    about = {
        "kind": "gru" if isinstance(layer, GruLayer) else "lstm",
        "direction": layer.direction,
        **({"output_order": layer.output_order} if layer.output_order != "time" else {}),
        "input_size": layer.input_size,
        "hidden_size": layer.hidden_size,
        "x": layer.x.stored(),
        "h": layer.h.stored(),
    }
    about |= _pass_formats(layer, about["kind"])
    if layer.reverse is not None:
        about["reverse"] = _pass_formats(layer.reverse, about["kind"])
    return about


def tensors_of(layer: Layer | GruLayer, place: str) -> dict[str, np.ndarray]:
    """The tensors of a layer as the file has them, of both directions where there are two."""
    layer.check_direction()
    tensors = {}
    for ending, half in (("", layer), (REVERSE, layer.reverse)):
        if half is None:
            continue
        for name in ("weight_ih", "weight_hh", "bias"):
            tensors[f"{place}.{name}{ending}"] = narrowest(getattr(half, name))
        if isinstance(half, GruLayer):
            tensors[f"{place}.bias_n_h{ending}"] = narrowest(half.bias_n_h)
        if half.row_scale is not None:
            tensors[f"{place}.row_scale{ending}"] = narrowest(half.row_scale.multiplier)
    return tensors


def _pass_formats(layer: Layer | GruLayer, kind: str) -> dict:
    """The formats that a direction has by itself."""
    about = {
        "w_bits": layer.w_bits,
        "w_frac_ih": list(map(int, layer.w_frac_ih)),
        "w_frac_hh": list(map(int, layer.w_frac_hh)),
        "z": layer.z.stored(),
        "a_frac": layer.a_frac,
    }
    about |= {name: getattr(layer, name).stored() for name in OWN[kind]}
    if layer.w_levels == "odd" and layer.w_bits > 1:
        about["w_levels"] = "odd"
    if layer.row_scale is not None:
        about["row_scale"] = {"bits": layer.row_scale.bits, "frac": layer.row_scale.frac}
    return about


def layer_of(about: dict, index: int, tensors: dict[str, np.ndarray]) -> Layer | GruLayer:
    """A layer of a file; its tensors are taken out of `tensors`."""
    place = f"layers.{index}"
    kind = about["kind"]
    if kind not in OWN:
        raise ValueError(f"{place}: {kind}, this module knows lstm and gru")
    shared = {"kind", "direction", "output_order", "input_size", "hidden_size", "x", "h", "reverse"}
    own = {"w_levels", "row_scale", "z", *OWN[kind], *PLAIN}
    known(about, shared | own, place)
    layer = _pass_of((about, about), (place, place, ""), tensors)
    layer.direction = about.get("direction", "forward")
    layer.output_order = about.get("output_order", "time")
    if about.get("reverse") is not None:
        known(about["reverse"], own, f"{place}.reverse")
        where = (place, f"{place}.reverse", REVERSE)
        layer.reverse = _pass_of((about, about["reverse"]), where, tensors)
        layer.reverse.direction = "backward"
    try:
        layer.check_direction()
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error
    return layer


def _pass_of(
    headers: tuple[dict, dict], where: tuple[str, str, str], tensors: dict[str, np.ndarray]
) -> Layer | GruLayer:
    """One direction of a layer: what both share, and its own; places of tensors and formats, ending of names."""
    (shared, own), (place, formats, ending) = headers, where
    kind, inputs, hidden = shared["kind"], shared["input_size"], shared["hidden_size"]
    rows = (3 if kind == "gru" else 4) * hidden
    take = lambda name, *shape: _take(tensors, f"{place}.{name}{ending}", shape)  # noqa: E731
    scale = None
    if own.get("row_scale"):
        multiplier = take("row_scale", 4 * hidden)
        scale = RowScale(own["row_scale"]["bits"], own["row_scale"]["frac"], multiplier)
    codes = {
        "weight_ih": take("weight_ih", rows, inputs),
        "weight_hh": take("weight_hh", rows, hidden),
        "bias": take("bias", rows),
    }
    if kind == "gru":
        codes["bias_n_h"] = take("bias_n_h", hidden)
    return (GruLayer if kind == "gru" else Layer)(
        **codes,
        **{name: _format_of(shared[name], f"{place}.{name}") for name in "xh"},
        **{name: _format_of(own[name], f"{formats}.{name}") for name in "z" + OWN[kind]},
        **{name: own[name] for name in PLAIN},
        row_scale=scale,
        w_levels=_levels(own.get("w_levels", "even"), f"{formats}.w_levels"),
    )


def _format_of(about: dict, place: str) -> Format:
    """A format of a file."""
    known(about, {"bits", "frac", "levels"}, place)
    return Format(about["bits"], about["frac"], _levels(about.get("levels", "even"), place))


def _levels(levels: str, place: str) -> str:
    if levels not in ("even", "odd"):
        raise ValueError(f"{place}: levels {levels!r}, even or odd wanted")
    return levels


def dense_header(layer: Dense, x: Format) -> dict:
    """The formats of a dense layer on codes of the format `x` as the file has them."""
    outputs, inputs = layer.weight.shape
    about = {
        "kind": "dense",
        "input_size": inputs,
        "output_size": outputs,
        "x": x.stored(),
        "w_bits": layer.w_bits,
        "w_frac": int(layer.w_frac),
        "output": layer.output,
        "when": layer.when,
    }
    if layer.output == "code":
        about |= {"y": layer.y.stored(), **({"relu": True} if layer.relu else {})}
    if layer.w_levels == "odd" and layer.w_bits > 1:
        about["w_levels"] = "odd"
    return about


def dense_of(about: dict, place: str, tensors: dict[str, np.ndarray]) -> Dense:
    """A dense layer of a file; its tensors are taken out of `tensors`."""
    needed = {"kind", "input_size", "output_size", "x", "w_bits", "w_frac", "output"}
    known(about, needed | {"when", "y", "relu", "w_levels"}, place)
    outputs, inputs = about["output_size"], about["input_size"]
    kind, when = about["output"], about.get("when", "step")
    if kind not in ("sum", "code", "argmax") or when not in ("step", "last"):
        raise ValueError(f"{place}: gives {kind} at {when}; sum, code, argmax, step, last are known")
    if (kind == "code") != ("y" in about) or (about.get("relu") and kind != "code"):
        raise ValueError(f"{place}: y belongs to the output code, and relu to it alone")
    return Dense(
        _take(tensors, f"{place}.weight", (outputs, inputs)),
        _take(tensors, f"{place}.bias", (outputs,)),
        about["w_bits"],
        about["w_frac"],
        _format_of(about["x"], f"{place}.x"),
        kind,
        _format_of(about["y"], f"{place}.y") if kind == "code" else None,
        about.get("relu", False),
        when,
        _levels(about.get("w_levels", "even"), f"{place}.w_levels"),
    )


def embedding_of(about: dict, tensors: dict[str, np.ndarray]) -> np.ndarray:
    """The embedding of a file; its tensor is taken out of `tensors`."""
    known(about, {"kind", "vocabulary", "output_size"}, "layers.0")
    return _take(tensors, "layers.0.weight", (about["vocabulary"], about["output_size"]))


def check_chain(
    embedding: np.ndarray | None, front: list[Dense], layers: list[Layer | GruLayer], dense: list[Dense]
) -> None:
    """Refuses dense layers and an embedding that do not fit what is beside them."""
    size, form = layers[0].input_size, layers[0].x
    for index, layer in reversed(list(enumerate(front))):
        if (layer.output, layer.when) != ("code", "step"):
            raise ValueError(f"dense layer {index} is before a recurrent one: it must give codes at every step")
        if (len(layer.weight), layer.y) != (size, form):
            raise ValueError(f"dense layer {index} gives {len(layer.weight)} elements of {layer.y}, "
                             f"the layer behind takes {size} of {form}")
        size, form = layer.weight.shape[1], layer.x
    if embedding is not None:
        if embedding.shape[1] != size:
            raise ValueError(f"the embedding has {embedding.shape[1]} columns, x {size}")
        if not form.holds(embedding).all():
            raise ValueError(f"the embedding holds what is no code of x, {form}")
    for index, (below, layer) in enumerate(zip(layers, layers[1:])):
        if (layer.input_size, layer.x) != (below.output_size, below.h):
            raise ValueError(f"recurrent layer {index + 1} takes {layer.input_size} elements of {layer.x}, "
                             f"the layer before gives {below.output_size} of {below.h}")
    size, form = layers[-1].output_size, layers[-1].h
    for index, layer in enumerate(dense):
        if (layer.weight.shape[1], layer.x) != (size, form):
            raise ValueError(f"dense layer {index} takes {layer.weight.shape[1]} elements of {layer.x}, "
                             f"the layer before gives {size} of {form}")
        if layer is not dense[-1] and (layer.output, layer.when) != ("code", "step"):
            raise ValueError(f"dense layer {index} is not the last: it must give codes at every step")
        size, form = len(layer.weight), layer.y


def offset_of(about: dict | None, inputs: int) -> InputOffset | None:
    if about is None:
        return None
    known(about, {"frac", "codes", "shift"}, "input_offset")
    offset = InputOffset(**about)
    if len(offset.codes) != inputs:
        raise ValueError(f"input_offset has {len(offset.codes)} codes, x has {inputs} elements")
    if offset.shift and len(offset.shift) != inputs:
        raise ValueError(f"input_offset has {len(offset.shift)} shifts, x has {inputs} elements")
    return offset


def known(about: dict, keys: set[str], place: str) -> None:
    unknown = sorted(set(about) - keys)
    if unknown:
        raise ValueError(f"{place}: {', '.join(unknown)} is not known to this module")


def _take(tensors: dict[str, np.ndarray], name: str, shape: tuple[int, ...]) -> np.ndarray:
    value = tensors.pop(name)
    if value.shape != shape or value.dtype.kind != "i":
        raise ValueError(f"{name} is {value.dtype} {list(value.shape)}, integers {list(shape)} wanted")
    return value.astype(np.int64)


def narrowest(values: np.ndarray) -> np.ndarray:
    """The smallest of int8, int16 and int32 that holds every value."""
    for kind in ("i1", "<i2", "<i4"):
        info = np.iinfo(kind)
        if values.min(initial=0) >= info.min and values.max(initial=0) <= info.max:
            return values.astype(kind)
    raise ValueError("a bias needs more than 32 bits")
