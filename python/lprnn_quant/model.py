"""A quantised model: what it computes, and its file."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import NamedTuple

import numpy as np

from .files import read_safetensors, write_safetensors
from .formats import Format, codes
from .gru import GruLayer
from .layer import Head, Layer, RowScale

OWN = {"lstm": "c", "gru": "vs"}
"""Formats that only layers of a kind have."""
FORMAT = 2
"""Number of the file format that is written and read."""

State = list[tuple[np.ndarray, np.ndarray]]
"""h and c (of a GRU s) of every layer, [H] or [batch, H] each, as codes."""


class InputOffset(NamedTuple):
    """A constant for each element of x, in units of `2**-frac`: the model is one of `x - offset`."""

    frac: int
    codes: list[int]

    def values(self) -> np.ndarray:
        """The constants, [I], exact."""
        return np.array(self.codes, np.float64) * 2.0**-self.frac


@dataclasses.dataclass
class Model:
    """A quantised model: layers, an integer head, and float tensors that ride along."""

    layers: list[Layer | GruLayer]
    passengers: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    """Float tensors that ride along: `embedding.weight`, `decoder.weight`, `decoder.bias`."""
    head: Head | None = None
    left_out: list[str] = dataclasses.field(default_factory=list)
    """Tensors of the state dict that the model was made from and that are not in it."""
    input_offset: InputOffset | None = None
    """What is taken off real inputs before they become codes."""

    def quantize_input(self, x: np.ndarray) -> np.ndarray:
        """Codes of real inputs, of the same shape: the nearest, clamped."""
        if self.input_offset is not None:
            x = np.asarray(x, np.float64) - self.input_offset.values()
        return codes(x, self.layers[0].x)

    def run(self, x: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
        """Codes of the last layer's h, as `lprnn-hw run` computes them.

        `x` holds codes, [steps, I] or [batch, steps, I]; h has the same leading sizes. Every
        sequence starts from zero state. With `lengths`, [batch], the h behind a sequence's end are
        zeros.
        """
        return self.run_with_state(x, lengths)[0]

    def run_with_state(
        self, x: np.ndarray, lengths: np.ndarray | None = None, state: State | None = None
    ) -> tuple[np.ndarray, State]:
        """`run` from a state that an earlier call returned, and the state after the last step."""
        x = self._check_codes(np.asarray(x))
        last = _last_steps(x, lengths)
        states = []
        for index, layer in enumerate(self.layers):
            start = None if state is None else state[index]
            x, c = layer.run(x, start)
            at = (np.arange(len(x)), last) if x.ndim == 3 else last
            states.append((x[at], c[at]))
        if lengths is not None:
            x = np.where(np.arange(x.shape[1])[:, None] <= last[:, None, None], x, 0)
        return x, states

    def outputs(self, h: np.ndarray) -> np.ndarray:
        """The head's outputs, exact integers [..., O], of codes of h, [..., H].

        Their value is `y * 2**-(head.w_frac + layers[-1].h.frac)`.
        """
        if self.head is None:
            raise ValueError("the model has no integer head")
        return self.head.run(np.asarray(h))

    def _check_codes(self, x: np.ndarray) -> np.ndarray:
        """The inputs as integers; what are no codes of x, or of another shape, is an error."""
        first = self.layers[0]
        if x.dtype.kind not in "iu":
            raise ValueError(
                f"x is {x.dtype}: codes are wanted; quantize_input makes them of real inputs"
            )
        if x.ndim not in (2, 3) or x.shape[-1] != first.input_size:
            raise ValueError(
                f"x has the shape {list(x.shape)}; give [steps, {first.input_size}] or "
                f"[batch, steps, {first.input_size}]"
            )
        if 0 in x.shape:
            raise ValueError(f"x has the shape {list(x.shape)}: it holds no steps")
        x = x.astype(np.int64)
        wrong = ~first.x.holds(x)
        if wrong.any():
            at = tuple(map(int, np.argwhere(wrong)[0]))
            raise ValueError(f"x{list(at)} is {x[at]}, no code of {first.x}")
        return x

    def save(self, path: str | os.PathLike) -> None:
        """Writes the model file that `lprnn-hw gen --model` and all other commands take."""
        tensors = {name: np.asarray(value, "<f4") for name, value in self.passengers.items()}
        about: dict = {"format": FORMAT, "layers": []}
        for index, layer in enumerate(self.layers):
            for name in ("weight_ih", "weight_hh", "bias"):
                tensors[f"layers.{index}.{name}"] = _narrowest(getattr(layer, name))
            if isinstance(layer, GruLayer):
                tensors[f"layers.{index}.bias_n_h"] = _narrowest(layer.bias_n_h)
            if layer.row_scale is not None:
                tensors[f"layers.{index}.row_scale"] = _narrowest(layer.row_scale.multiplier)
            about["layers"].append(_formats_of(layer))
        if self.input_offset is not None:
            about["input_offset"] = self.input_offset._asdict()
        if self.head is not None:
            place = f"layers.{len(self.layers)}"
            tensors[f"{place}.weight"] = _narrowest(self.head.weight)
            tensors[f"{place}.bias"] = _narrowest(self.head.bias)
            about["layers"].append(_dense_of(self.head, self.layers[-1].h))
        write_safetensors(path, tensors, {"lprnn": json.dumps(about)})

    @classmethod
    def load(cls, path: str | os.PathLike) -> Model:
        """Reads a model file; what it does not know in one, it refuses by name."""
        tensors, metadata = read_safetensors(path)
        if "lprnn" not in metadata:
            raise ValueError(f"{path}: no quantised model; `lprnn-hw quantize` writes one")
        about = json.loads(metadata["lprnn"])
        if about.get("format") != FORMAT:
            raise ValueError(
                f"{path}: format {about.get('format')}, this module reads {FORMAT}; make the file again "
                "with the lprnn-hw or lprnn_quant of this version"
            )
        try:
            _known(about, {"format", "layers", "input_offset"}, "lprnn")
            forms = about["layers"]
            with_head = forms[-1]["kind"] == "dense"
            count = len(forms) - with_head
            layers = [_layer_of(form, index, tensors) for index, form in enumerate(forms[:count])]
            head = _head_of(forms[-1], f"layers.{count}", tensors) if with_head else None
            offset = _offset_of(about.get("input_offset"), layers[0].weight_ih.shape[1])
            for name, value in tensors.items():
                if value.dtype != np.float32:
                    raise ValueError(f"{name} is {value.dtype} and described by no format")
        except KeyError as error:
            raise ValueError(f"{path}: {error.args[0]} is missing") from error
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        return cls(layers, tensors, head, input_offset=offset)


def _last_steps(x: np.ndarray, lengths: np.ndarray | None) -> np.ndarray | int:
    """The index of the last step of every sequence."""
    steps = x.shape[-2]
    if lengths is None:
        return steps - 1 if x.ndim == 2 else np.full(len(x), steps - 1)
    lengths = np.asarray(lengths)
    if x.ndim != 3 or lengths.shape != (len(x),) or lengths.dtype.kind not in "iu":
        raise ValueError("lengths are [batch] integers, and x is [batch, steps, I]")
    if lengths.min() < 1 or lengths.max() > steps:
        raise ValueError(f"lengths are 1 to {steps}, the steps of x")
    return lengths.astype(np.int64) - 1


def _formats_of(layer: Layer | GruLayer) -> dict:
    """The formats of a layer as the file has them."""
    about = {
        "kind": "gru" if isinstance(layer, GruLayer) else "lstm",
        "direction": "forward",
        "input_size": layer.input_size,
        "hidden_size": layer.hidden_size,
        "x": layer.x.stored(),
        "h": layer.h.stored(),
        "w_bits": layer.w_bits,
        "w_frac_ih": list(map(int, layer.w_frac_ih)),
        "w_frac_hh": list(map(int, layer.w_frac_hh)),
        "z": layer.z.stored(),
        "a_frac": layer.a_frac,
    }
    about |= {name: getattr(layer, name).stored() for name in OWN[about["kind"]]}
    if layer.w_levels == "odd" and layer.w_bits > 1:
        about["w_levels"] = "odd"
    if layer.row_scale is not None:
        about["row_scale"] = {"bits": layer.row_scale.bits, "frac": layer.row_scale.frac}
    return about


def _layer_of(about: dict, index: int, tensors: dict[str, np.ndarray]) -> Layer | GruLayer:
    """A layer of a file; its tensors are taken out of `tensors`."""
    place = f"layers.{index}"
    kind = about["kind"]
    if kind not in OWN or about["direction"] != "forward":
        raise ValueError(
            f"{place}: {about['direction']} {kind}, this module knows forward lstm and gru"
        )
    inputs, hidden = about["input_size"], about["hidden_size"]
    rows = (3 if kind == "gru" else 4) * hidden
    formats = "xhz" + OWN[kind]
    plain = ("w_bits", "w_frac_ih", "w_frac_hh", "a_frac")
    sizes = ("input_size", "hidden_size")
    _known(about, {"kind", "direction", *sizes, "row_scale", "w_levels", *formats, *plain}, place)
    scale = None
    if about.get("row_scale"):
        multiplier = _take(tensors, f"{place}.row_scale", (4 * hidden,))
        scale = RowScale(about["row_scale"]["bits"], about["row_scale"]["frac"], multiplier)
    codes = {
        "weight_ih": _take(tensors, f"{place}.weight_ih", (rows, inputs)),
        "weight_hh": _take(tensors, f"{place}.weight_hh", (rows, hidden)),
        "bias": _take(tensors, f"{place}.bias", (rows,)),
    }
    if kind == "gru":
        codes["bias_n_h"] = _take(tensors, f"{place}.bias_n_h", (hidden,))
    return (GruLayer if kind == "gru" else Layer)(
        **codes,
        **{name: _format_of(about[name], f"{place}.{name}") for name in formats},
        **{name: about[name] for name in plain},
        row_scale=scale,
        w_levels=_levels(about.get("w_levels", "even"), f"{place}.w_levels"),
    )


def _format_of(about: dict, place: str) -> Format:
    """A format of a file."""
    _known(about, {"bits", "frac", "levels"}, place)
    return Format(about["bits"], about["frac"], _levels(about.get("levels", "even"), place))


def _levels(levels: str, place: str) -> str:
    if levels not in ("even", "odd"):
        raise ValueError(f"{place}: levels {levels!r}, even or odd wanted")
    return levels


def _dense_of(head: Head, x: Format) -> dict:
    """The formats of a linear head on codes of the format `x` as the file has them."""
    outputs, inputs = head.weight.shape
    return {
        "kind": "dense",
        "input_size": inputs,
        "output_size": outputs,
        "x": x.stored(),
        "w_bits": head.w_bits,
        "w_frac": int(head.w_frac),
        "output": "sum",
        "when": "step",
    }


def _head_of(about: dict, place: str, tensors: dict[str, np.ndarray]) -> Head:
    """The linear head of a file; its tensors are taken out of `tensors`."""
    sizes = ("input_size", "output_size")
    _known(about, {"kind", *sizes, "x", "w_bits", "w_frac", "output", "when"}, place)
    if (about["output"], about.get("when", "step")) != ("sum", "step"):
        raise ValueError(f"{place}: this module knows dense layers that give sums at every step")
    outputs, inputs = about["output_size"], about["input_size"]
    weight = _take(tensors, f"{place}.weight", (outputs, inputs))
    bias = _take(tensors, f"{place}.bias", (outputs,))
    return Head(weight, bias, about["w_bits"], about["w_frac"])


def _offset_of(about: dict | None, inputs: int) -> InputOffset | None:
    if about is None:
        return None
    _known(about, {"frac", "codes"}, "input_offset")
    offset = InputOffset(**about)
    if len(offset.codes) != inputs:
        raise ValueError(f"input_offset has {len(offset.codes)} codes, x has {inputs} elements")
    return offset


def _known(about: dict, keys: set[str], place: str) -> None:
    unknown = sorted(set(about) - keys)
    if unknown:
        raise ValueError(f"{place}: {', '.join(unknown)} is not known to this module")


def _take(tensors: dict[str, np.ndarray], name: str, shape: tuple[int, ...]) -> np.ndarray:
    value = tensors.pop(name)
    if value.shape != shape or value.dtype.kind != "i":
        raise ValueError(f"{name} is {value.dtype} {list(value.shape)}, integers {list(shape)} wanted")
    return value.astype(np.int64)


def _narrowest(values: np.ndarray) -> np.ndarray:
    """The smallest of int8, int16 and int32 that holds every value."""
    for kind in ("i1", "<i2", "<i4"):
        info = np.iinfo(kind)
        if values.min(initial=0) >= info.min and values.max(initial=0) <= info.max:
            return values.astype(kind)
    raise ValueError("a bias needs more than 32 bits")
