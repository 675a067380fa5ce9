"""`QuantLSTM`: `nn.LSTM` with the numbers of the hardware, to train and evaluate with."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from .autograd import Gate, Through
from .formats import Format, Widths
from .model import Model
from .quantize import check_inputs, input_format, quantize_layers
from .state_dict import FloatLayer, FloatModel, to_array

Hidden = tuple[Tensor, Tensor]


class QuantLSTM(nn.LSTM):
    """`nn.LSTM` whose forward pass takes exactly the values of the hardware's codes.

    Takes what `nn.LSTM` takes, after the widths: layers, `bias=False`, `batch_first`, dropout
    between layers, packed sequences, an initial state. `bidirectional` and `proj_size` are refused:
    the hardware has neither. Computes in float64, where every sum of the hardware's is exact, and
    returns the dtype of its input. An initial state is rounded to the formats of h and c.

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
        signal, lengths = pad_packed_sequence(input)
        if hx is not None:
            self._check_state(hx, (self.num_layers, len(lengths), self.hidden_size))
        out, state = self._run(signal.double(), hx, lengths)
        if input.sorted_indices is not None:
            out = out[:, input.sorted_indices]
            lengths = lengths[input.sorted_indices.cpu()]
        packed = pack_padded_sequence(out, lengths)
        out = input._replace(data=packed.data.to(input.data.dtype))
        return out, tuple(part.to(input.data.dtype) for part in state)

    def _padded(self, input: Tensor, hx: Hidden | None) -> tuple[Tensor, Hidden]:
        """`forward` of [steps, I], [steps, batch, I] or, batch first, [batch, steps, I]."""
        if input.dim() not in (2, 3) or input.shape[-1] != self.input_size or not input.numel():
            raise ValueError(
                f"input has the shape {list(input.shape)}, two or three dimensions, the last of "
                f"{self.input_size}, and at least one step are wanted"
            )
        batched = input.dim() == 3
        signal = input.double()
        if not batched:
            signal = signal.unsqueeze(1)
        elif self.batch_first:
            signal = signal.transpose(0, 1)
        if hx is not None:
            batch = (signal.shape[1],) if batched else ()
            self._check_state(hx, (self.num_layers, *batch, self.hidden_size))
        out, state = self._run(signal, hx)
        if not batched:
            out, *state = (part.squeeze(1) for part in (out, *state))
        elif self.batch_first:
            out = out.transpose(0, 1)
        return out.to(input.dtype), tuple(part.to(input.dtype) for part in state)

    def _check_state(self, hx: Hidden, shape: tuple[int, ...]) -> None:
        for name, part in zip(("h", "c"), hx):
            if tuple(part.shape) != shape:
                raise ValueError(f"{name} of hx has the shape {list(part.shape)}, {list(shape)} wanted")

    def _run(self, signal: Tensor, hx: Hidden | None, lengths: Tensor | None = None) -> Hidden:
        """[steps, batch, I] in float64 in; h of every step and the last (h, c) out.

        Behind the end of a sequence of `lengths`, [batch], its state stands still.
        """
        widths, last_h, last_c = self.widths, [], []
        # Values that are in the format already come out as they are.
        x = widths.at(widths.input, int(self.fractions[0]))
        signal = Through.apply(signal, x)
        for index, (weight_ih, weight_hh, bias) in enumerate(self._weights()):
            if index and self.training and self.dropout:
                signal = nn.functional.dropout(signal, self.dropout)
            if hx is None:
                h = c = signal.new_zeros(signal.shape[1], self.hidden_size)
            else:
                h, c = self._state_codes(hx, index)
            out = []
            for step, from_x in enumerate(signal @ weight_ih.T + bias):
                new_h, new_c = self._step(from_x + h @ weight_hh.T, c)
                if lengths is not None:
                    runs = (step < lengths).to(signal.device).unsqueeze(1)
                    new_h, new_c = torch.where(runs, new_h, h), torch.where(runs, new_c, c)
                h, c = new_h, new_c
                out.append(h)
            signal = torch.stack(out)
            last_h.append(h)
            last_c.append(c)
        return signal, (torch.stack(last_h), torch.stack(last_c))

    def _step(self, z: Tensor, c: Tensor) -> Hidden:
        """h and c of a step, [batch, H] each, from pre-activations, [batch, 4H], and c before."""
        widths = self.widths
        i, f, g, o = z.chunk(4, 1)
        i, f, o = (Gate.apply(value, widths.z, widths.a_frac, 0) for value in (i, f, o))
        g = Gate.apply(g, widths.z, widths.a_frac, 1)
        c = Through.apply(f * c + i * g, widths.c)
        t = Gate.apply(c, widths.z, widths.a_frac, 1)
        return Through.apply(o * t, widths.h), c

    def _state_codes(self, hx: Hidden, index: int) -> Hidden:
        """The initial state of a layer, [batch, H] each, as values of codes.

        With odd levels zero is no code, and stands for the start of a sequence.
        """
        h, c = (part[index].double().reshape(-1, self.hidden_size) for part in hx)
        near = Through.apply(h, self.widths.h)
        near = torch.where(h == 0, h, near) if self.widths.h.odd else near
        return near, Through.apply(c, self.widths.c)

    def _weights(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """What each layer is computed with: values of codes, float64, [4H, I], [4H, H], [4H]."""
        found, bits = self.fractions.tolist(), self.widths.weight
        x_frac = found[0]
        for index in range(self.num_layers):
            ih, hh = found[1 + 8 * index : 5 + 8 * index], found[5 + 8 * index : 9 + 8 * index]
            matrices = []
            for name, fracs in (("weight_ih", ih), ("weight_hh", hh)):
                gates = getattr(self, f"{name}_l{index}").double().chunk(4)
                forms = [self.widths.at(bits, frac) for frac in fracs]
                near = [Through.apply(w, form, True) for w, form in zip(gates, forms)]
                matrices.append(torch.cat(near))
            bias = []
            for gate, part in enumerate(self._bias(index).double().chunk(4)):
                frac = max(ih[gate] + x_frac, hh[gate] + self.widths.h.frac)
                bias.append(Through.apply(part, Format(32, frac)))
            yield (*matrices, torch.cat(bias))
            x_frac = self.widths.h.frac

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
