"""What the recurrent modules have in common: shapes, packing, fractions, weights, checkpoints."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, unpack_sequence

from .autograd import Through
from .exact import exact_in_float32, sum_fractions
from .formats import Format, Widths
from .gru import GruLayer
from .layer import REVERSE, Layer
from .model import Model
from .quantize import check_inputs, float_ranges, input_format, quantize_layers
from .state_dict import FloatLayer, FloatModel, to_array
from .steps import turned_rows

State = tuple[Tensor, Tensor]
"""h and the wide state, c or s."""
Signal = Tensor | np.ndarray | PackedSequence
"""What a layer is given."""

# Numbers of a layer, or of each half of a bidirectional one, in the buffer `fractions`.
OF_PASS = 8


class QuantRecurrent(nn.RNNBase):
    """The base of `QuantLSTM` and `QuantGRU`, beside PyTorch's own class, which is the next one."""

    fractions: Tensor
    formats: Tensor
    gates: ClassVar[int]
    """Gates of a unit, each with its rows of the weights."""
    wide: ClassVar[str]
    """The name of the wide state, which is a field of `Widths` too."""
    sequence: ClassVar[type[torch.autograd.Function]]
    """A layer over whole sequences."""

    def __init__(self, widths: Widths, *args, **options) -> None:
        super().__init__(*args, **options)
        if self.proj_size:
            raise ValueError("proj_size: projections are not implemented")
        self.widths = widths
        device = self.weight_ih_l0.device
        count = 1 + OF_PASS * len(self._suffixes())
        fractions = torch.zeros(count, dtype=torch.int64, device=device)
        self.register_buffer("fractions", fractions)
        formats = torch.tensor(self._numbers(), dtype=torch.int64, device=device)
        self.register_buffer("formats", formats)
        if device.type != "meta":
            self.fit(x_frac=max(widths.input - 2, 0))

    @classmethod
    def _from_float(
        cls,
        source: nn.RNNBase,
        widths: Widths,
        calibrate: Signal | list[Signal] | None = None,
        x_frac: int | None = None,
    ) -> Self:
        """The same weights, sizes, mode, dtype and device; fractions as `fit` chooses them.

        weight_norm and pruning are folded into the weights. Anything but an `nn.LSTM`, or an `nn.GRU`
        for a `QuantGRU`, without projection is refused.
        """
        kind = nn.GRU if issubclass(cls, nn.GRU) else nn.LSTM
        if not isinstance(source, kind):
            raise TypeError(
                f"{type(source).__name__} is no nn.{kind.__name__}; of an nn.{kind.__name__}Cell, "
                "from_state_dict makes a model"
            )
        names = "input_size hidden_size num_layers bias batch_first dropout bidirectional".split()
        options = {name: getattr(source, name) for name in names}
        if source.proj_size:
            options["proj_size"] = source.proj_size
        first = source.weight_hh_l0
        new = cls(widths, **options, dtype=first.dtype, device=first.device)
        take_weights(new, source)
        new.fit(calibrate, x_frac)
        return new.train(source.training)

    @property
    def output_size(self) -> int:
        """Elements of the output of a step: units, of both directions where there are two."""
        return self.hidden_size * (2 if self.bidirectional else 1)

    def _suffixes(self) -> list[str]:
        """How the names of the parameters end: of every layer, forward and backward where there are both."""
        directions = ("", REVERSE) if self.bidirectional else ("",)
        return [f"_l{layer}{ending}" for layer in range(self.num_layers) for ending in directions]

    def fit(
        self, calibrate: Signal | list[Signal] | None = None, x_frac: int | None = None
    ) -> None:
        """Chooses all fractions; that of x for real inputs `calibrate`, or `x_frac`.

        `calibrate` is what `forward` takes, [..., I] or packed, or a list of several.
        """
        layers = self._float_layers()
        rows, v_most = None, None
        if calibrate is not None:
            given = calibrate if isinstance(calibrate, list) else [calibrate]
            sequences = [part for one in given for part in self._sequences(one, layers)]
            rows = np.concatenate([part.reshape(-1, self.input_size) for part in sequences])
            if self.gates == 3:
                each = [float_ranges(layers, part) for part in sequences]
                v_most = np.max(each, axis=0).tolist()
        x = input_format(self.widths, rows, x_frac)
        found = [x.frac]
        for layer in quantize_layers(layers, x, self.widths, v_most=v_most):
            for half in layer.passes():
                found += _numbers_of(half)
        self.fractions.copy_(torch.tensor(found))

    def _sequences(self, given: Signal, layers: list[FloatLayer]) -> list[np.ndarray]:
        """Inputs as arrays of [steps, I] or [batch, steps, I]."""
        if isinstance(given, PackedSequence):
            parts = [to_array(part, "calibrate") for part in unpack_sequence(given)]
        else:
            part = to_array(given, "calibrate")
            parts = [part if part.ndim != 3 or self.batch_first else part.swapaxes(0, 1)]
        return [check_inputs(part, FloatModel(layers)) for part in parts]

    def model(self) -> Model:
        """The integers of this module as it is now."""
        found = self.fractions.tolist()
        x = self.widths.at(self.widths.input, found[0])
        return Model(quantize_layers(self._float_layers(), x, self.widths, found[1:]))

    def _forward(self, input: Tensor | PackedSequence, hx: State | None) -> tuple:
        """Output, and h and the wide state after the last step, [layers, batch, H] each.

        Where layers are bidirectional there are two for each of them, and backward the last step is the first.
        """
        if not isinstance(input, PackedSequence):
            return self._padded(input, hx)
        sizes = input.batch_sizes.tolist()
        if hx is not None:
            self._check_state(hx, (sizes[0],))
            if input.sorted_indices is not None:
                hx = tuple(part.index_select(1, input.sorted_indices) for part in hx)
        out, *state = (part.to(input.data.dtype) for part in self._run(input.data, sizes, hx))
        if input.unsorted_indices is not None:
            state = (part.index_select(1, input.unsorted_indices) for part in state)
        return input._replace(data=out), tuple(state)

    def _padded(self, input: Tensor, hx: State | None) -> tuple[Tensor, State]:
        """`_forward` of [steps, I], [steps, batch, I] or, batch first, [batch, steps, I]."""
        if input.dim() not in (2, 3) or input.shape[-1] != self.input_size or not input.numel():
            raise ValueError(
                f"input has the shape {list(input.shape)}, two or three dimensions, the last of "
                f"{self.input_size}, and at least one step are wanted"
            )
        batched = input.dim() == 3
        signal = input if batched else input.unsqueeze(1)
        if batched and self.batch_first:
            signal = signal.transpose(0, 1)
        steps, batch, _ = signal.shape
        if hx is not None:
            self._check_state(hx, (batch,) if batched else ())
        out, *state = (
            part.to(input.dtype) for part in self._run(signal.flatten(0, 1), [batch] * steps, hx)
        )
        out = out.unflatten(0, (steps, batch))
        if not batched:
            out, *state = (part.squeeze(1) for part in (out, *state))
        elif self.batch_first:
            out = out.transpose(0, 1)
        return out, tuple(state)

    def _state_shape(self, batch: tuple[int, ...]) -> tuple[int, ...]:
        """Of h and of the wide state, where these are the sizes of a batch, one or none."""
        return (len(self._suffixes()), *batch, self.hidden_size)

    def _check_state(self, hx: State, batch: tuple[int, ...]) -> None:
        shape = self._state_shape(batch)
        for name, part in zip(("h", self.wide), hx, strict=True):
            if tuple(part.shape) != shape:
                raise ValueError(f"{name} of hx has the shape {list(part.shape)}, {list(shape)} wanted")

    def _run(
        self, signal: Tensor, sizes: list[int], hx: State | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """[rows, I] in; h of every row, [rows, output_size], and the last h and wide state, [layers, batch, H], out.

        The rows lie as in a `PackedSequence`, `sizes` of them in each step. A backward half is the same function on
        rows in the turned order of their sequences.
        """
        wide = signal.dtype == torch.float64 or self.weight_hh_l0.dtype == torch.float64
        x = self.widths.at(self.widths.input, int(self.fractions[0]))
        # Powers of two change no digit, so float32 rounds as float64 does; at odd levels not next to 0.
        signal = Through.apply(signal.double() if wide or x.odd else signal.float(), x)
        turned = turned_rows(sizes, signal.device) if self.bidirectional else None
        last, scale = [], 1.0
        for layer in range(self.num_layers):
            if layer and self.training and self.dropout:
                signal = nn.functional.dropout(signal, self.dropout)
                scale = 1 / (1 - self.dropout) if self.dropout < 1 else 0.0
            if turned is None:
                signal, *state = self._pass(layer, signal, sizes, hx, wide, scale)
                last.append(state)
                continue
            forward, *of_forward = self._pass(2 * layer, signal, sizes, hx, wide, scale)
            signal = signal.index_select(0, turned)
            backward, *of_backward = self._pass(2 * layer + 1, signal, sizes, hx, wide, scale)
            signal = torch.cat([forward, backward.index_select(0, turned)], 1)
            last += [of_forward, of_backward]
        return signal, *(torch.stack([part.double() for part in parts]) for parts in zip(*last))

    def _pass(
        self, index: int, signal: Tensor, sizes: list[int], hx: State | None, wide: bool, scale: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """One direction of a layer over rows in its order: h of every row, and the last h and wide state.

        `index` counts the passes as `_suffixes` has them; in float32 where `wide` does not say otherwise and that
        is exact; `scale` is what dropout has multiplied the signal with.
        """
        weights = self._weights(index)
        operands = (signal, *weights, *self._state(hx, index, signal, sizes[0]))
        widths, *fracs = self._formats(index)
        exact = not wide and exact_in_float32(widths, fracs, weights, scale)
        kind = torch.float32 if exact else torch.float64
        has_nan = bool(sum(part.detach().sum() for part in operands).isnan())
        operands = (part.to(kind) for part in operands)
        return self.sequence.apply(*operands, widths, sizes, has_nan)

    def _state(self, hx: State | None, index: int, signal: Tensor, batch: int) -> State:
        """The initial state of a pass, [batch, H] each, as values of codes.

        With odd levels zero is no code, and stands for the start of a sequence.
        """
        if hx is None:
            return (signal.new_zeros(batch, self.hidden_size),) * 2
        h, wide = (part[index].double().reshape(-1, self.hidden_size) for part in hx)
        near = Through.apply(h, self.widths.h)
        near = torch.where(h == 0, h, near) if self.widths.h.odd else near
        return near, Through.apply(wide, getattr(self.widths, self.wide))

    def _formats(self, index: int) -> tuple[Widths, Format, list[int], list[int]]:
        """Widths of a pass, the format of its x, and fractions of both matrices, of each gate."""
        found = self.fractions.tolist()
        in_first = self._suffixes()[index].startswith("_l0")
        x = self.widths.at(self.widths.input, found[0]) if in_first else self.widths.h
        of_pass = found[1 + OF_PASS * index :][:OF_PASS]
        gates = self.gates
        # A GRU keeps the format of v behind its fractions.
        widths = self.widths if gates == 4 else self.widths._replace(v=Format(*of_pass[6:]))
        return widths, x, of_pass[:gates], of_pass[gates : 2 * gates]

    def _weights(self, index: int) -> tuple[Tensor, ...]:
        """What a pass is computed with: values of codes, float64, [4H, I], [4H, H], [4H].

        Of a GRU [3H, I], [3H, H], [3H] and, of n's part of h, [H].
        """
        _, x, ih, hh = self._formats(index)
        form = self.widths.at(self.widths.weight, 0)
        matrices = []
        for name, fracs in (("weight_ih", ih), ("weight_hh", hh)):
            matrix = getattr(self, f"{name}{self._suffixes()[index]}").double()
            matrices.append(Through.apply(matrix, form, True, self._rows(fracs).unsqueeze(1)))
        bias, bias_n_h = self._biases(index)
        both = sum_fractions(x, self.widths.h, ih, hh)
        if bias_n_h is None:
            return *matrices, Through.apply(bias.double(), Format(32, 0), False, self._rows(both))
        both[2] = ih[2] + x.frac
        of_n_h = Format(32, hh[2] + self.widths.h.frac)
        bias = Through.apply(bias.double(), Format(32, 0), False, self._rows(both))
        return *matrices, bias, Through.apply(bias_n_h.double(), of_n_h)

    def _rows(self, fracs: list[int]) -> Tensor:
        """2**frac of every row, from the fractions of the gates."""
        scales = torch.tensor([2.0**frac for frac in fracs], dtype=torch.float64)
        return scales.to(self.fractions.device).repeat_interleave(self.hidden_size)

    def _biases(self, index: int) -> tuple[Tensor, Tensor | None]:
        """The sum of both biases of a pass, in float32 or wider, as a model file's is.

        Of a GRU's n the first holds that of x alone, and the second, [H], that of h.
        """
        if self.bias:
            both = (getattr(self, f"bias_{name}{self._suffixes()[index]}") for name in ("ih", "hh"))
            ih, hh = (part if part.dtype == torch.float64 else part.float() for part in both)
        else:
            ih = hh = self.weight_hh_l0.new_zeros(self.gates * self.hidden_size)
        if self.gates == 4:
            return ih + hh, None
        r_and_u = 2 * self.hidden_size
        return torch.cat([ih[:r_and_u] + hh[:r_and_u], ih[r_and_u:]]), hh[r_and_u:]

    def _float_layers(self) -> list[FloatLayer]:
        """The weights as they are."""
        layers: list[FloatLayer] = []
        for index, suffix in enumerate(self._suffixes()):
            matrices = (getattr(self, f"weight_{name}{suffix}") for name in ("ih", "hh"))
            biases = (part for part in self._biases(index) if part is not None)
            half = FloatLayer(*map(to_array, (*matrices, *biases)))
            if suffix.endswith(REVERSE):
                layers[-1].reverse = half
            else:
                layers.append(half)
        return layers

    def _numbers(self) -> list[int]:
        """The widths as the buffer `formats` has them."""
        return self.widths.numbers(self.wide)

    def _load_from_state_dict(self, state_dict, prefix, *arguments) -> None:
        name = f"{prefix}formats"
        # Checkpoints of the first version hold no widths.
        formats = state_dict.setdefault(name, self.formats)
        if formats.tolist() != self._numbers():
            theirs = Widths.of_numbers(formats.tolist())
            raise ValueError(f"{name}: trained with {theirs}, this module has {self.widths}")
        super()._load_from_state_dict(state_dict, prefix, *arguments)


def _numbers_of(layer: Layer | GruLayer) -> list[int]:
    """A layer, or a half, in the buffer `fractions`: of both matrices, of a GRU bits and fraction of v behind them."""
    of_v = [*layer.v[:2]] if isinstance(layer, GruLayer) else []
    return [*layer.w_frac_ih, *layer.w_frac_hh, *of_v]


def take_weights(new: nn.Module, source: nn.Module) -> None:
    """The weights of a float module, folded, and which of them are trained."""
    for name, parameter in new.named_parameters():
        # Made with gradients: of what is folded they say whether its parts are trained.
        weight = _weight(source, name)
        with torch.no_grad():
            parameter.copy_(weight)
        parameter.requires_grad_(weight.requires_grad)


def _weight(source: nn.Module, name: str) -> Tensor:
    """A weight as a module computes with it: masked where it is pruned."""
    if hasattr(source, f"{name}_mask"):
        return getattr(source, f"{name}_orig") * getattr(source, f"{name}_mask")
    return getattr(source, name)
