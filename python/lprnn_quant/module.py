"""`QuantLSTM` and `QuantGRU`: PyTorch's layers with the numbers of the hardware, to train with."""

from __future__ import annotations

from typing import overload

from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from .formats import Widths
from .gru_sequence import GruSequence
from .recurrent import QuantRecurrent, Signal, State
from .sequence import LayerSequence


class QuantLSTM(QuantRecurrent, nn.LSTM):
    """`nn.LSTM` whose forward pass takes exactly the values of the hardware's codes.

    Takes what `nn.LSTM` takes, after the widths: layers, `bias=False`, `batch_first`, dropout
    between layers, both directions, packed sequences, an initial state. `proj_size` is refused: the hardware
    has none. Computes in float32 where that is proved to be exact, else in float64, and
    returns the dtype of its input. An initial state is rounded to the formats of h and c; a core with both
    directions has none, and begins every sequence, from either end, at zero. Gradients pass straight through every rounding and stop where a value was clamped; `create_graph=True` is
    refused. Behind dropout between layers x is no code, and its sums are rounded.

    `fit` chooses the fractions anew from the weights as they are and from inputs; call it once
    before training and, if you like, after the first epochs. Fractions and widths are buffers: they
    are in the state dict, and a state dict of other widths is refused.
    """

    gates = 4
    wide = "c"
    sequence = LayerSequence

    @classmethod
    def from_lstm(
        cls,
        lstm: nn.LSTM,
        widths: Widths,
        calibrate: Signal | list[Signal] | None = None,
        x_frac: int | None = None,
    ) -> QuantLSTM:
        """The same weights, sizes, mode, dtype and device; fractions as `fit` chooses them.

        weight_norm and pruning of `lstm` are folded into the weights. Anything but an `nn.LSTM`
        without projection is refused.
        """
        return cls._from_float(lstm, widths, calibrate, x_frac)

    @overload
    def forward(self, input: Tensor, hx: State | None = None) -> tuple[Tensor, State]: ...
    @overload
    def forward(self, input: PackedSequence, hx: State | None = None) -> tuple[PackedSequence, State]: ...
    def forward(self, input, hx=None):
        """As `nn.LSTM`: output and (h, c). Without `hx` the state starts at zero."""
        return self._forward(input, hx)


class QuantGRU(QuantRecurrent, nn.GRU):
    """`nn.GRU` whose forward pass takes exactly the values of the hardware's codes.

    All that `QuantLSTM` says holds, with s in the place of c. The state of the hardware's GRU is s,
    wide, and h its narrow image, of which the output is. Called as `nn.GRU` is, it returns output and
    h after the last step. To continue a sequence, s is wanted too: give a pair (h, s), and the pair
    after the last step comes back in the place of h.

        state = gru.start(batch)                   # zeros
        for window in windows:
            out, state = gru(window, state)        # (h, s), [layers, batch, H] each

    A single tensor as `hx` is an initial state, h and s both: to give h back alone would round s.

    The format of v, n's parts before the reset gate, is that of the widths, or where they have none as
    `v_format` says for what `fit`'s inputs reach, for each layer. It is in the buffer `fractions`.
    """

    gates = 3
    wide = "s"
    sequence = GruSequence

    @classmethod
    def from_gru(
        cls,
        gru: nn.GRU,
        widths: Widths,
        calibrate: Signal | list[Signal] | None = None,
        x_frac: int | None = None,
    ) -> QuantGRU:
        """The same weights, sizes, mode, dtype and device; fractions as `fit` chooses them.

        weight_norm and pruning of `gru` are folded into the weights. Anything but an `nn.GRU` is refused.
        """
        return cls._from_float(gru, widths, calibrate, x_frac)

    def start(self, batch: int | None = None) -> State:
        """(h, s) before the first step, zeros, [layers, batch, H] each, or [layers, H] without batches.

        As in `nn.GRU` bidirectional layers count twice.
        """
        shape = self._state_shape(() if batch is None else (batch,))
        return (self.weight_hh_l0.new_zeros(shape),) * 2

    @overload
    def forward(self, input: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]: ...
    @overload
    def forward(self, input: PackedSequence, hx: Tensor | None = None) -> tuple[PackedSequence, Tensor]: ...
    @overload
    def forward(self, input: Tensor, hx: State) -> tuple[Tensor, State]: ...
    @overload
    def forward(self, input: PackedSequence, hx: State) -> tuple[PackedSequence, State]: ...
    def forward(self, input, hx=None):
        """As `nn.GRU`: output and h; of a pair (h, s) the pair. Without `hx` the state starts at zero."""
        if isinstance(hx, tuple | list):
            return self._forward(input, hx)
        out, (h, _) = self._forward(input, None if hx is None else (hx, hx))
        return out, h
