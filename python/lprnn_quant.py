"""LSTMs in the integers of lprnn-hw, from Python.

NumPy is enough to write a model file and to compute what the hardware computes; PyTorch adds
`QuantLSTM`, a drop-in for `nn.LSTM` with the same numbers, for training and evaluation.

    import lprnn_quant as lq

    model = lq.from_state_dict(lstm.state_dict(), lq.Widths.of(4), calibrate=x)   # x: [steps, I]
    model.save("lstm_w4a4.safetensors")            # for `lprnn-hw gen --model`
    h = model.run(model.quantize_input(x))         # codes, [steps, H], as `lprnn-hw run` gives

    layer = lq.QuantLSTM.from_lstm(lstm, lq.Widths.of(4), calibrate=x)   # trains, then
    layer.model().save("lstm_w4a4.safetensors")

The arithmetic is that of docs/numerics.md, written from that page alone; `tests/python/parity.py`
compares every word with `lprnn-hw run`. Formats are pairs (bits, frac): an integer q stands for
q * 2**-frac. Row multipliers are not supported.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np

try:
    import torch
except ImportError:  # Everything but QuantLSTM works without it.
    torch = None

GATES = "ifgo"
LARGEST_SHIFT = 24


class Format(NamedTuple):
    """Signed two's complement of `bits` bits, of the value `q * 2**-frac`; one bit is -1 and +1."""

    bits: int
    frac: int

    @property
    def low(self) -> int:
        return -1 if self.bits == 1 else -(1 << (self.bits - 1))

    @property
    def high(self) -> int:
        return 1 if self.bits == 1 else (1 << (self.bits - 1)) - 1


class Widths(NamedTuple):
    """Bits of weights, of h and of x, and the element-wise formats."""

    weight: int
    act: int
    input: int
    z: Format = Format(8, 4)
    a_frac: int = 8
    c: Format = Format(16, 10)

    @classmethod
    def of(cls, bits: int) -> Widths:
        """The same width everywhere."""
        return cls(bits, bits, bits)

    @property
    def h(self) -> Format:
        """h lies in -1..1; at 2 bits the codes used are -1, 0 and 1."""
        return Format(self.act, 0 if self.act <= 2 else self.act - 1)


def rne(value: np.ndarray, shift: int) -> np.ndarray:
    """Integers over `2**shift`, to nearest, ties to even; a left shift where `shift` <= 0."""
    if shift <= 0:
        return value << -shift
    half = (1 << (shift - 1)) - 1
    return (value + half + ((value >> shift) & 1)) >> shift


def requantize(value: np.ndarray, shift: int, bits: int) -> np.ndarray:
    """The only place where bits are dropped. One bit: the sign of the exact value, +1 at 0."""
    if bits == 1:
        return np.where(value >= 0, 1, -1)
    return np.clip(rne(value, shift), Format(bits, 0).low, Format(bits, 0).high)


def codes(values: np.ndarray, form: Format, symmetric: bool = False) -> np.ndarray:
    """The nearest codes of real values, ties to even; without the lowest code if `symmetric`."""
    values = np.asarray(values, np.float64)
    if not np.isfinite(values).all():
        raise ValueError("values to quantise hold NaN or infinity")
    if form.bits == 1:
        return np.where(values >= 0, 1, -1).astype(np.int64)
    low = -form.high if symmetric else form.low
    return np.clip(np.rint(values * 2.0**form.frac), low, form.high).astype(np.int64)


def best_fraction(values: np.ndarray, bits: int, symmetric: bool) -> int:
    """The fraction with the least squared error; clamping a few outliers often pays."""
    values = np.asarray(values, np.float64).ravel()
    largest = np.abs(values).max(initial=0.0)
    if largest == 0:
        return bits - 1
    coarsest = bits - 2 - int(np.floor(np.log2(largest)))

    def error(frac: int) -> float:
        near = codes(values, Format(bits, frac), symmetric) * 2.0**-frac
        return float(((near - values) ** 2).sum())

    return min(range(coarsest - 1, coarsest + 7), key=error)


def tables(z: Format, a_frac: int) -> tuple[np.ndarray, np.ndarray]:
    """Sigmoid and tanh of every z code, from the lowest, as integers of `a_frac` fraction bits."""
    real = np.arange(z.low, z.high + 1) * 2.0**-z.frac
    sigmoid = np.exp(-np.logaddexp(0.0, -real))
    return tuple(np.rint(f * 2.0**a_frac).astype(np.int64) for f in (sigmoid, np.tanh(real)))


@dataclasses.dataclass
class Layer:
    """One layer: codes in PyTorch's layout and gate order, and all formats."""

    weight_ih: np.ndarray
    weight_hh: np.ndarray
    bias: np.ndarray
    x: Format
    h: Format
    w_bits: int
    w_frac_ih: list[int]
    w_frac_hh: list[int]
    z: Format = Format(8, 4)
    a_frac: int = 8
    c: Format = Format(16, 10)

    @property
    def hidden_size(self) -> int:
        return len(self.bias) // 4

    def alignment(self, gate: int) -> tuple[int, int, int]:
        """Left shifts of both products, and the fraction that they come to."""
        of_x = self.w_frac_ih[gate] + self.x.frac
        of_h = self.w_frac_hh[gate] + self.h.frac
        both = max(of_x, of_h)
        return both - of_x, both - of_h, both

    def run(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Codes of h and c after every step, [steps, H], from codes of x, [steps, I]."""
        sigmoid, tanh = tables(self.z, self.a_frac)
        hidden = self.hidden_size
        gates = [self.alignment(gate) for gate in range(4)]
        shift_x = np.repeat([gate[0] for gate in gates], hidden)
        shift_h = np.repeat([gate[1] for gate in gates], hidden)
        from_x = ((x.astype(np.int64) @ self.weight_ih.T) << shift_x) + self.bias
        a, c_frac = self.a_frac, self.c.frac
        h, c = np.zeros(hidden, np.int64), np.zeros(hidden, np.int64)
        all_h, all_c = [], []
        for row in from_x:
            total = row + ((self.weight_hh @ h) << shift_h)
            index = [
                requantize(part, gates[gate][2] - self.z.frac, self.z.bits) - self.z.low
                for gate, part in enumerate(total.reshape(4, hidden))
            ]
            i, f, o = (sigmoid[index[gate]] for gate in (0, 1, 3))
            g = tanh[index[2]]
            kept = (f * c) << max(0, a - c_frac)
            new = (i * g) << max(0, c_frac - a)
            c = requantize(kept + new, a + max(0, a - c_frac), self.c.bits)
            t = tanh[requantize(c, c_frac - self.z.frac, self.z.bits) - self.z.low]
            h = requantize(o * t, 2 * a - self.h.frac, self.h.bits)
            all_h.append(h)
            all_c.append(c)
        return np.array(all_h), np.array(all_c)


@dataclasses.dataclass
class Model:
    """A quantised model: layers, and float tensors that ride along (embedding and decoder)."""

    layers: list[Layer]
    passengers: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)

    def quantize_input(self, x: np.ndarray) -> np.ndarray:
        """Codes of real inputs."""
        return codes(x, self.layers[0].x)

    def run(self, x: np.ndarray) -> np.ndarray:
        """Codes of the last layer's h, [steps, H], from codes of x, [steps, I]; zero state first."""
        for layer in self.layers:
            x, _ = layer.run(x)
        return x

    def save(self, path: str | os.PathLike) -> None:
        """Writes the model file that `lprnn-hw gen --model` and all other commands take."""
        tensors, formats = dict(self.passengers), []
        for index, layer in enumerate(self.layers):
            for name in ("weight_ih", "weight_hh", "bias"):
                tensors[f"layers.{index}.{name}"] = _narrowest(getattr(layer, name))
            formats.append(
                {
                    "input_size": layer.weight_ih.shape[1],
                    "hidden_size": layer.hidden_size,
                    "x": layer.x._asdict(),
                    "h": layer.h._asdict(),
                    "w_bits": layer.w_bits,
                    "w_frac_ih": list(map(int, layer.w_frac_ih)),
                    "w_frac_hh": list(map(int, layer.w_frac_hh)),
                    "z": layer.z._asdict(),
                    "a_frac": layer.a_frac,
                    "c": layer.c._asdict(),
                }
            )
        _write_safetensors(path, tensors, {"lprnn": json.dumps({"format": 1, "layers": formats})})

    @classmethod
    def load(cls, path: str | os.PathLike) -> Model:
        """Reads a model file; a quantised head is left out."""
        tensors, metadata = read_safetensors(path)
        if "lprnn" not in metadata:
            raise ValueError(f"{path}: no quantised model; `lprnn-hw quantize` writes one")
        about = json.loads(metadata["lprnn"])
        if about["format"] != 1:
            raise ValueError(f"{path}: format {about['format']}, this module reads 1")
        layers = []
        for index, form in enumerate(about["layers"]):
            if form.get("row_scale"):
                raise ValueError(f"{path}: layer {index} has row multipliers, not supported here")
            wide = [
                tensors.pop(f"layers.{index}.{name}").astype(np.int64)
                for name in ("weight_ih", "weight_hh", "bias")
            ]
            names = ("w_bits", "w_frac_ih", "w_frac_hh", "a_frac")
            layers.append(
                Layer(
                    *wide,
                    **{name: Format(**form[name]) for name in "xhzc"},
                    **{name: form[name] for name in names},
                )
            )
        floats = {name: value for name, value in tensors.items() if value.dtype == np.float32}
        return cls(layers, floats)


def choose_fractions(
    weight_ih: np.ndarray, weight_hh: np.ndarray, bias: np.ndarray, x: Format, widths: Widths
) -> tuple[list[int], list[int]]:
    """Fractions of both matrices, per gate: those with the least squared error."""
    bits = widths.weight
    both = tuple(
        [best_fraction(part, bits, True) for part in np.split(matrix, 4)]
        for matrix in (weight_ih, weight_hh)
    )
    for gate, part in enumerate(np.split(bias, 4)):
        # The finer product is made coarser until both can be aligned and the bias fits 32 bits.
        while True:
            of_x, of_h = both[0][gate] + x.frac, both[1][gate] + widths.h.frac
            largest = float(np.abs(part).max(initial=0.0)) * 2.0 ** max(of_x, of_h)
            if abs(of_x - of_h) <= LARGEST_SHIFT and largest < 2.0**31 - 1:
                break
            both[0 if of_x > of_h else 1][gate] -= 1
    return both


def quantize_layer(
    weight_ih: np.ndarray,
    weight_hh: np.ndarray,
    bias: np.ndarray,
    x: Format,
    widths: Widths,
    fractions: tuple[list[int], list[int]] | None = None,
) -> Layer:
    """A float layer in integers; `bias` is the sum of both."""
    if fractions is None:
        fractions = choose_fractions(weight_ih, weight_hh, bias, x, widths)
    matrices = [
        np.concatenate(
            [
                codes(part, Format(widths.weight, frac), True)
                for part, frac in zip(np.split(matrix, 4), fracs)
            ]
        )
        for matrix, fracs in zip((weight_ih, weight_hh), fractions)
    ]
    layer = Layer(
        *matrices,
        np.zeros(len(bias), np.int64),
        x,
        widths.h,
        widths.weight,
        *fractions,
        widths.z,
        widths.a_frac,
        widths.c,
    )
    layer.bias = np.concatenate(
        [
            codes(part, Format(32, layer.alignment(gate)[2]))
            for gate, part in enumerate(np.split(bias, 4))
        ]
    )
    return layer


def from_state_dict(
    state: dict, widths: Widths, calibrate: np.ndarray | None = None, x_frac: int | None = None
) -> Model:
    """The model of an `nn.LSTM`'s state dict: arrays or tensors by name, with any prefix.

    The fraction of x is `x_frac`, or the best one for `calibrate`: real inputs, [steps, I].
    An embedding and a linear decoder ride along where they are named `embedding.weight`,
    `decoder.weight` and `decoder.bias`.
    """
    arrays = {name: _array(value) for name, value in state.items()}
    stems = {name.split("weight_hh_l0")[0] for name in arrays if name.endswith("weight_hh_l0")}
    if len(stems) != 1:
        raise ValueError(f"one LSTM is wanted, with weight_ih_l0 and so on; found {len(stems)}")
    prefix = stems.pop()
    for name in arrays:
        if re.fullmatch(re.escape(prefix) + r"(weight_hr_l\d+|.*_reverse)", name):
            raise ValueError(f"{name}: projections and backward directions are not implemented")
    if x_frac is None:
        if calibrate is None:
            raise ValueError("give inputs to calibrate on, or x_frac")
        x_frac = 0 if widths.input == 1 else best_fraction(calibrate, widths.input, False)
    x = Format(widths.input, x_frac)
    layers = []
    while f"{prefix}weight_hh_l{len(layers)}" in arrays:
        index = len(layers)
        ih, hh = (arrays[f"{prefix}weight_{name}_l{index}"] for name in ("ih", "hh"))
        bias = sum(
            (arrays.get(f"{prefix}bias_{name}_l{index}", np.zeros(len(hh), np.float32)))
            for name in ("ih", "hh")
        )
        layers.append(quantize_layer(ih, hh, bias, x, widths))
        x = widths.h
    around = ("embedding.weight", "decoder.weight", "decoder.bias")
    return Model(layers, {name: arrays[name] for name in around if name in arrays})


def _array(value) -> np.ndarray:
    if torch is not None and isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    return np.asarray(value, np.float32)


def _narrowest(values: np.ndarray) -> np.ndarray:
    """The smallest of int8, int16 and int32 that holds every value."""
    for kind in (np.int8, np.int16, np.int32):
        info = np.iinfo(kind)
        if values.min(initial=0) >= info.min and values.max(initial=0) <= info.max:
            return values.astype(kind)
    raise ValueError("a bias needs more than 32 bits")


KINDS = {"F32": np.float32, "I8": np.int8, "I16": np.int16, "I32": np.int32}


def _write_safetensors(
    path: str | os.PathLike, tensors: dict[str, np.ndarray], metadata: dict[str, str]
) -> None:
    """A safetensors file, whole or not at all."""
    header, body = {"__metadata__": metadata}, []
    at = 0
    names = {np.dtype(kind): name for name, kind in KINDS.items()}
    # Wider elements first: every tensor stays aligned.
    for name, value in sorted(tensors.items(), key=lambda item: (-item[1].itemsize, item[0])):
        data = np.ascontiguousarray(value).tobytes()
        offsets = [at, at + len(data)]
        at += len(data)
        header[name] = {
            "dtype": names[value.dtype],
            "shape": list(value.shape),
            "data_offsets": offsets,
        }
        body.append(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path = Path(path)
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(body))
    partial.replace(path)


def read_safetensors(path: str | os.PathLike) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Tensors and metadata of a safetensors file of the kinds that a model has."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, about in header.items():
        if about["dtype"] not in KINDS:
            raise ValueError(f"{path}: {name} is {about['dtype']}; read are {', '.join(KINDS)}")
        start, end = (8 + length + offset for offset in about["data_offsets"])
        kind = np.dtype(KINDS[about["dtype"]])
        tensors[name] = np.frombuffer(data[start:end], kind).reshape(about["shape"])
    return tensors, metadata


if torch is not None:

    class _Through(torch.autograd.Function):
        """The nearest value of a format; gradients pass where nothing was clamped."""

        @staticmethod
        def forward(ctx, value, bits, frac, symmetric):
            scale = 2.0**frac
            if bits == 1:
                return torch.where(value >= 0, 1.0, -1.0).to(value.dtype) / scale
            form = Format(bits, 0)
            rounded = torch.round(value * scale)
            clamped = rounded.clamp(-form.high if symmetric else form.low, form.high)
            ctx.save_for_backward(clamped == rounded)
            return clamped / scale

        @staticmethod
        def backward(ctx, gradient):
            if ctx.saved_tensors:
                gradient = gradient * ctx.saved_tensors[0]
            return gradient, None, None, None

    class _Gate(torch.autograd.Function):
        """Sigmoid or tanh of the nearest z code, from the table; the slope of the value that came."""

        @staticmethod
        def forward(ctx, value, z, a_frac, which):
            index = torch.round(value * 2.0**z.frac)
            code = index.clamp(z.low, z.high)
            table = torch.as_tensor(tables(z, a_frac)[which], device=value.device)
            out = table[(code - z.low).long()].to(value.dtype) * 2.0**-a_frac
            slope = 1 - out * out if which else out * (1 - out)
            ctx.save_for_backward(slope * (code == index))
            return out

        @staticmethod
        def backward(ctx, gradient):
            return gradient * ctx.saved_tensors[0], None, None, None

    class QuantLSTM(torch.nn.LSTM):
        """`nn.LSTM` whose forward pass takes exactly the values of the hardware's codes.

        Takes what `nn.LSTM` takes, after the widths; not bidirectional, no projection, biases
        always. Computes in float64, where every sum of the hardware's is exact, and returns the
        dtype of its input. `fit` chooses the fractions anew from the weights as they are and from
        inputs; call it once before training and, if you like, after the first epochs.
        """

        def __init__(self, widths: Widths, *args, **options):
            super().__init__(*args, **options)
            if self.bidirectional or self.proj_size or not self.bias:
                raise ValueError("not bidirectional, no projection, with biases")
            self.widths = widths
            fractions = torch.zeros(1 + 8 * self.num_layers, dtype=torch.int64)
            self.register_buffer("fractions", fractions)
            self.fit(x_frac=max(widths.input - 2, 0))

        @classmethod
        def from_lstm(cls, lstm, widths: Widths, calibrate=None, x_frac: int | None = None):
            """The same weights; fractions as `fit` chooses them."""
            names = ("input_size", "hidden_size", "num_layers", "batch_first", "dropout")
            new = cls(widths, **{name: getattr(lstm, name) for name in names})
            new.load_state_dict(lstm.state_dict(), strict=False)
            new.fit(calibrate, x_frac)
            return new

        def fit(self, calibrate=None, x_frac: int | None = None) -> None:
            """Chooses all fractions: of x for the inputs `calibrate`, or `x_frac`."""
            if calibrate is not None:
                calibrate = _array(calibrate)
            model = from_state_dict(self._floats(), self.widths, calibrate, x_frac)
            found = [model.layers[0].x.frac]
            for layer in model.layers:
                found += [*layer.w_frac_ih, *layer.w_frac_hh]
            self.fractions.copy_(torch.tensor(found))

        def _floats(self) -> dict:
            return {name: value.detach() for name, value in self.named_parameters()}

        def _formats(self):
            """Per layer: format of x, fractions of both matrices per gate."""
            found = self.fractions.tolist()
            x = Format(self.widths.input, found[0])
            for index in range(self.num_layers):
                of_layer = found[1 + 8 * index : 9 + 8 * index]
                yield x, of_layer[:4], of_layer[4:]
                x = self.widths.h

        def model(self) -> Model:
            """The integers of this module as it is now."""
            layers = []
            for index, (x, *fractions) in enumerate(self._formats()):
                ih, hh, *biases = (
                    _array(getattr(self, f"{name}_l{index}"))
                    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
                )
                layers.append(quantize_layer(ih, hh, sum(biases), x, self.widths, fractions))
            return Model(layers)

        def _weights(self, index, x, ih, hh):
            """What one layer is computed with: values of codes, float64."""
            bits = self.widths.weight
            matrices = []
            for name, fracs in (("weight_ih", ih), ("weight_hh", hh)):
                gates = getattr(self, f"{name}_l{index}").double().chunk(4)
                near = [_Through.apply(w, bits, frac, True) for w, frac in zip(gates, fracs)]
                matrices.append(torch.cat(near))
            both = getattr(self, f"bias_ih_l{index}") + getattr(self, f"bias_hh_l{index}")
            bias = []
            for gate, part in enumerate(both.double().chunk(4)):
                frac = max(ih[gate] + x.frac, hh[gate] + self.widths.h.frac)
                bias.append(_Through.apply(part, 32, frac, False))
            return (*matrices, torch.cat(bias))

        def forward(self, input, hx=None):
            """As `nn.LSTM`: output and (h, c). Without `hx` the state starts at zero."""
            if isinstance(input, torch.nn.utils.rnn.PackedSequence):
                raise TypeError("packed sequences are not supported; pad, and mask the output")
            batched = input.dim() == 3
            signal = input.double()
            if not batched:
                signal = signal.unsqueeze(1)
            elif self.batch_first:
                signal = signal.transpose(0, 1)
            widths, last_h, last_c = self.widths, [], []
            for index, (x, ih, hh) in enumerate(self._formats()):
                weight_ih, weight_hh, bias = self._weights(index, x, ih, hh)
                if index and self.training and self.dropout:
                    signal = torch.nn.functional.dropout(signal, self.dropout)
                # Values that are in the format already come out as they are.
                signal = _Through.apply(signal, *x, False)
                if hx is None:
                    h = c = signal.new_zeros(signal.shape[1], self.hidden_size)
                else:
                    h, c = (state[index].double().reshape(-1, self.hidden_size) for state in hx)
                out = []
                for from_x in signal @ weight_ih.T + bias:
                    i, f, g, o = (from_x + h @ weight_hh.T).chunk(4, 1)
                    i, f, o = (_Gate.apply(v, widths.z, widths.a_frac, 0) for v in (i, f, o))
                    g = _Gate.apply(g, widths.z, widths.a_frac, 1)
                    c = _Through.apply(f * c + i * g, *widths.c, False)
                    t = _Gate.apply(c, widths.z, widths.a_frac, 1)
                    h = _Through.apply(o * t, *widths.h, False)
                    out.append(h)
                signal = torch.stack(out)
                last_h.append(h)
                last_c.append(c)
            h, c = (torch.stack(states).to(input.dtype) for states in (last_h, last_c))
            if not batched:
                signal, h, c = signal.squeeze(1), h.squeeze(1), c.squeeze(1)
            elif self.batch_first:
                signal = signal.transpose(0, 1)
            return signal.to(input.dtype), (h, c)
