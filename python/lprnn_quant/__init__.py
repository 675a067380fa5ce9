"""LSTMs and GRUs in the integers of lprnn-hw, from Python.

NumPy is enough to write a model file and to compute what the hardware computes; PyTorch adds
`QuantLSTM` and `QuantGRU`, drop-ins for `nn.LSTM` and `nn.GRU` with the same numbers, for training
and evaluation, and `convert`, which puts them into a network.

    import lprnn_quant as lq

    model = lq.from_state_dict(net.state_dict(), lq.Widths.of(4), calibrate=x)   # x: [steps, I]
    model.save("lstm_w4a4.safetensors")            # for `lprnn-hw gen --model`
    h = model.run(model.quantize_input(x))         # codes, [steps, H], as `lprnn-hw run` gives

    layer = lq.QuantLSTM.from_lstm(lstm, lq.Widths.of(4), calibrate=x)   # trains, then
    layer.model().save("lstm_w4a4.safetensors")

The arithmetic is that of docs/numerics.md, written from that page alone; `tests/python/parity.py`
compares every word with `lprnn-hw run`. Formats are (bits, frac): an integer q stands for
q * 2**-frac; with levels "odd" the integers are odd.
"""

from .dense import Dense, Head
from .files import read_safetensors
from .formats import Format, Widths, best_fraction, codes, fit_h, requantize, rne, tables, v_format
from .gru import GruLayer
from .headers import InputOffset
from .layer import Layer, RowScale
from .model import Model
from .quantize import from_state_dict, signal_to_noise
from .state_dict import FloatHead, FloatLayer, FloatModel, read_state_dict

__all__ = [
    "Dense",
    "FloatHead",
    "FloatLayer",
    "FloatModel",
    "Format",
    "Head",
    "InputOffset",
    "GruLayer",
    "Layer",
    "Model",
    "RowScale",
    "Widths",
    "best_fraction",
    "codes",
    "fit_h",
    "from_state_dict",
    "read_safetensors",
    "read_state_dict",
    "requantize",
    "rne",
    "signal_to_noise",
    "tables",
    "v_format",
]

try:
    import torch  # noqa: F401
except ImportError:  # Everything but the modules and convert works without it.
    pass
else:
    from .convert import convert, save  # noqa: F401
    from .front import QuantFront  # noqa: F401
    from .linear import QuantLinear  # noqa: F401
    from .module import QuantGRU, QuantLSTM  # noqa: F401

    # A literal, which type checkers read.
    __all__ += ["QuantFront", "QuantGRU", "QuantLSTM", "QuantLinear", "convert", "save"]


def __getattr__(name: str) -> object:
    if name in ("QuantFront", "QuantGRU", "QuantLSTM", "QuantLinear", "convert", "save"):
        raise ImportError(f"{name} needs PyTorch: pip install torch")
    raise AttributeError(f"module 'lprnn_quant' has no attribute {name!r}")
