"""`QuantLSTM`: `nn.LSTM` with the numbers of the hardware, to train and evaluate with."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from .autograd import Through
from .exact import exact_in_float32, sum_fractions
from .formats import Format, Widths
from .model import Model
from .quantize import check_inputs, input_format, quantize_layers
from .sequence import LayerSequence
from .state_dict import FloatLayer, FloatModel, to_array

Hidden = tuple[Tensor, Tensor]


class QuantLSTM(nn.LSTM):
    """`nn.LSTM` whose forward pass takes exactly the values of the hardware's codes.

    Takes what `nn.LSTM` takes, after the widths: layers, `bias=False`, `batch_first`, dropout
    between layers, packed sequences, an initial state. `bidirectional` and `proj_size` are refused:
    the hardware has neither. Computes in float32 where that is proved to be exact, else in float64, and
    returns the dtype of its input. An initial state is rounded to the formats of h and c. Gradients
    pass straight through every rounding and stop where a value was clamped; `create_graph=True` is
    refused. Behind dropout between layers x is no code, and its sums are rounded.

    `fit` chooses the fractions anew from the weights as they are and from inputs; call it once
    before training and, if you like, after the first epochs. Fractions and widths are buffers: they
    are in the state dict, and a state dict of other widths is refused.
    """

    fractions: Tensor
    formats: Tensor

    def __init__(self, widths: Widths, *args, **options) -> None:
        super().__init__(*args, **options)
        if self.bidirectional:
            raise ValueError("bidirectional=True: the hardware runs forward only")
        if self.proj_size:
            raise ValueError("proj_size: projections are not implemented")
        self.widths = widths
        device = self.weight_ih_l0.device
        fractions = torch.zeros(1 + 8 * self.num_layers, dtype=torch.int64, device=device)
        self.register_buffer("fractions", fractions)
        formats = torch.tensor(widths.numbers(), dtype=torch.int64, device=device)
        self.register_buffer("formats", formats)
        if device.type != "meta":
            self.fit(x_frac=max(widths.input - 2, 0))

    @classmethod
    def from_lstm(
        cls,
        lstm: nn.LSTM,
        widths: Widths,
        calibrate: Tensor | np.ndarray | None = None,
        x_frac: int | None = None,
    ) -> QuantLSTM:
        """The same weights, sizes, mode, dtype and device; fractions as `fit` chooses them.

        weight_norm and pruning of `lstm` are folded into the weights. Anything but an `nn.LSTM`
        that runs forward without projection is refused.
        """
        if not isinstance(lstm, nn.LSTM):
            raise TypeError(
                f"{type(lstm).__name__} is no nn.LSTM; of an nn.LSTMCell, from_state_dict makes a model"
            )
        names = "input_size hidden_size num_layers bias batch_first dropout bidirectional proj_size"
        options = {name: getattr(lstm, name) for name in names.split()}
        first = lstm.weight_hh_l0
        new = cls(widths, **options, dtype=first.dtype, device=first.device)
        with torch.no_grad():
            for name, parameter in new.named_parameters():
                parameter.copy_(_weight(lstm, name))
                parameter.requires_grad_(_trained(lstm, name))
        new.fit(calibrate, x_frac)
        return new.train(lstm.training)

    def fit(
        self, calibrate: Tensor | np.ndarray | None = None, x_frac: int | None = None
    ) -> None:
        """Chooses all fractions; that of x for inputs `calibrate`, or `x_frac`.

        `calibrate` holds real inputs, [..., I].
        """
        layers = self._float_layers()
        if calibrate is not None:
            calibrate = check_inputs(to_array(calibrate, "calibrate"), FloatModel(layers))
        x = input_format(self.widths, calibrate, x_frac)
        found = [x.frac]
        for layer in quantize_layers(layers, x, self.widths):
            found += [*layer.w_frac_ih, *layer.w_frac_hh]
        self.fractions.copy_(torch.tensor(found))

    def model(self) -> Model:
        """The integers of this module as it is now."""
        found = self.fractions.tolist()
        x = self.widths.at(self.widths.input, found[0])
        return Model(quantize_layers(self._float_layers(), x, self.widths, found[1:]))

    def forward(
        self, input: Tensor | PackedSequence, hx: Hidden | None = None
    ) -> tuple[Tensor | PackedSequence, Hidden]:
        """As `nn.LSTM`: output and (h, c). Without `hx` the state starts at zero."""
        if not isinstance(input, PackedSequence):
            return self._padded(input, hx)
        sizes = input.batch_sizes.tolist()
        if hx is not None:
            self._check_state(hx, (self.num_layers, sizes[0], self.hidden_size))
            if input.sorted_indices is not None:
                hx = tuple(part.index_select(1, input.sorted_indices) for part in hx)
        out, *state = (part.to(input.data.dtype) for part in self._run(input.data, sizes, hx))
        if input.unsorted_indices is not None:
            state = (part.index_select(1, input.unsorted_indices) for part in state)
        return input._replace(data=out), tuple(state)

    def _padded(self, input: Tensor, hx: Hidden | None) -> tuple[Tensor, Hidden]:
        """`forward` of [steps, I], [steps, batch, I] or, batch first, [batch, steps, I]."""
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
            sizes = (batch,) if batched else ()
            self._check_state(hx, (self.num_layers, *sizes, self.hidden_size))
        out, *state = (
            part.to(input.dtype) for part in self._run(signal.flatten(0, 1), [batch] * steps, hx)
        )
        out = out.unflatten(0, (steps, batch))
        if not batched:
            out, *state = (part.squeeze(1) for part in (out, *state))
        elif self.batch_first:
            out = out.transpose(0, 1)
        return out, tuple(state)

    def _check_state(self, hx: Hidden, shape: tuple[int, ...]) -> None:
        for name, part in zip(("h", "c"), hx):
            if tuple(part.shape) != shape:
                raise ValueError(f"{name} of hx has the shape {list(part.shape)}, {list(shape)} wanted")

    def _run(
        self, signal: Tensor, sizes: list[int], hx: Hidden | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """[rows, I] in; h of every row, [rows, H], and the last h and c, [layers, batch, H], out.

        The rows lie as in a `PackedSequence`, `sizes` of them in each step.
        """
        wide = signal.dtype == torch.float64 or self.weight_hh_l0.dtype == torch.float64
        x = self.widths.at(self.widths.input, int(self.fractions[0]))
        # Powers of two change no digit, so float32 rounds as float64 does; at odd levels not next to 0.
        signal = Through.apply(signal.double() if wide or x.odd else signal.float(), x)
        last = []
        for index in range(self.num_layers):
            scale = 1.0
            if index and self.training and self.dropout:
                signal = nn.functional.dropout(signal, self.dropout)
                scale = 1 / (1 - self.dropout) if self.dropout < 1 else 0.0
            operands = (signal, *self._weights(index), *self._state(hx, index, signal, sizes[0]))
            fracs = self._fractions(index)
            exact = not wide and exact_in_float32(self.widths, fracs, operands[1:4], scale)
            kind = torch.float32 if exact else torch.float64
            has_nan = bool(sum(part.detach().sum() for part in operands).isnan())
            operands = (part.to(kind) for part in operands)
            signal, *state = LayerSequence.apply(*operands, self.widths, sizes, has_nan)
            last.append(state)
        return signal, *(torch.stack([part.double() for part in parts]) for parts in zip(*last))

    def _state(self, hx: Hidden | None, index: int, signal: Tensor, batch: int) -> Hidden:
        """The initial state of a layer, [batch, H] each, as values of codes.

        With odd levels zero is no code, and stands for the start of a sequence.
        """
        if hx is None:
            return (signal.new_zeros(batch, self.hidden_size),) * 2
        h, c = (part[index].double().reshape(-1, self.hidden_size) for part in hx)
        near = Through.apply(h, self.widths.h)
        near = torch.where(h == 0, h, near) if self.widths.h.odd else near
        return near, Through.apply(c, self.widths.c)

    def _fractions(self, index: int) -> tuple[Format, list[int], list[int]]:
        """The format of a layer's x, and the fractions of both matrices, of each gate."""
        found = self.fractions.tolist()
        x = self.widths.h if index else self.widths.at(self.widths.input, found[0])
        of_layer = found[1 + 8 * index : 9 + 8 * index]
        return x, of_layer[:4], of_layer[4:]

    def _weights(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        """What a layer is computed with: values of codes, float64, [4H, I], [4H, H], [4H]."""
        x, ih, hh = self._fractions(index)
        form = self.widths.at(self.widths.weight, 0)
        matrices = []
        for name, fracs in (("weight_ih", ih), ("weight_hh", hh)):
            matrix = getattr(self, f"{name}_l{index}").double()
            matrices.append(Through.apply(matrix, form, True, self._rows(fracs).unsqueeze(1)))
        both = self._rows(sum_fractions(x, self.widths.h, ih, hh))
        return *matrices, Through.apply(self._bias(index).double(), Format(32, 0), False, both)

    def _rows(self, fracs: list[int]) -> Tensor:
        """2**frac of every row, [4H], from the fractions of the gates."""
        scales = torch.tensor([2.0**frac for frac in fracs], dtype=torch.float64)
        return scales.to(self.fractions.device).repeat_interleave(self.hidden_size)

    def _bias(self, index: int) -> Tensor:
        """The sum of both biases of a layer, [4H], in float32 or wider, as a model file's is."""
        if not self.bias:
            return self.weight_hh_l0.new_zeros(4 * self.hidden_size)
        both = (getattr(self, f"bias_{name}_l{index}") for name in ("ih", "hh"))
        ih, hh = (part if part.dtype == torch.float64 else part.float() for part in both)
        return ih + hh

    def _float_layers(self) -> list[FloatLayer]:
        """The weights as they are."""
        return [
            FloatLayer(
                *(to_array(getattr(self, f"weight_{name}_l{index}")) for name in ("ih", "hh")),
                to_array(self._bias(index)),
            )
            for index in range(self.num_layers)
        ]

    def _load_from_state_dict(self, state_dict, prefix, *arguments) -> None:
        name = f"{prefix}formats"
        # Checkpoints of the first version hold no widths.
        formats = state_dict.setdefault(name, self.formats)
        if formats.tolist() != self.widths.numbers():
            theirs = Widths.of_numbers(formats.tolist())
            raise ValueError(f"{name}: trained with {theirs}, this module has {self.widths}")
        super()._load_from_state_dict(state_dict, prefix, *arguments)


def _weight(lstm: nn.LSTM, name: str) -> Tensor:
    """A weight as `lstm` computes with it: masked where it is pruned."""
    if hasattr(lstm, f"{name}_mask"):
        return getattr(lstm, f"{name}_orig") * getattr(lstm, f"{name}_mask")
    return getattr(lstm, name)


def _trained(lstm: nn.LSTM, name: str) -> bool:
    """Whether gradients are wanted for a weight, also where it is made of others."""
    return _weight(lstm, name).requires_grad
