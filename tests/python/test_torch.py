"""`QuantLSTM` and `QuantGRU` beside PyTorch's: nothing that a module holds is lost. Needs PyTorch.

    python tests/python/test_torch.py
"""

import copy
import io
import itertools
import sys
import unittest
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune, rnn

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))
sys.dont_write_bytecode = True
import lprnn_quant as lq  # noqa: E402

WIDE = lq.Widths(16, 16, 16, lq.Format(12, 8), 14, lq.Format(32, 24), s=lq.Format(32, 26))
FOUR = lq.Widths.of(4)
# z of 8 fraction bits is 0.002 off at most, and h of some steps a little more.
TOLERANCE = 5e-3


def values(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def lstm(*sizes, **options):
    torch.manual_seed(5)
    return nn.LSTM(*sizes, **options)


def gru(*sizes, **options):
    torch.manual_seed(5)
    return nn.GRU(*sizes, **options)


def gru_of(widths, *sizes, x_frac=1, **options):
    return lq.QuantGRU.from_gru(gru(*sizes, **options), widths, x_frac=x_frac)


def alike(got, want):
    """Whether two models have the same numbers."""
    halves = ([half for layer in model.layers for half in layer.passes()] for model in (got, want))
    for a, b in zip(*halves, strict=True):
        for name in vars(a):
            if name != "reverse":
                np.testing.assert_array_equal(getattr(a, name), getattr(b, name), name)


class FromLstm(unittest.TestCase):
    def near(self, source, x, *more, **arguments):
        """16 bits are so near to the float module that any loss would show."""
        module = lq.QuantLSTM.from_lstm(source, WIDE, calibrate=x, **arguments)
        want, got = source(x, *more), module(x, *more)
        torch.testing.assert_close(got[0], want[0], atol=TOLERANCE, rtol=0)
        for part, expected in zip(got[1], want[1]):
            torch.testing.assert_close(part, expected, atol=TOLERANCE, rtol=0)
        return module

    def test_without_biases(self):
        module = self.near(lstm(6, 5, 2, bias=False), values(20, 3, 6))
        self.assertFalse(any(layer.bias.any() for layer in module.model().layers))
        self.assertFalse([name for name, _ in module.named_parameters() if "bias" in name])

    def test_batch_first_layers_and_state(self):
        source = lstm(6, 5, 3, batch_first=True)
        state = (values(3, 2, 5).tanh(), values(3, 2, 5))
        self.near(source, values(2, 9, 6))
        self.near(source, values(2, 9, 6), state)
        self.near(source, values(9, 6))

    def test_mode_dtype_and_gradients(self):
        source = lstm(6, 5, 2, dropout=0.5, dtype=torch.float64).eval()
        source.weight_hh_l0.requires_grad_(False)
        module = self.near(source, values(20, 6).double())
        self.assertFalse(module.training)
        self.assertEqual(module.dropout, 0.5)
        self.assertEqual({p.dtype for p in module.parameters()}, {torch.float64})
        self.assertFalse(module.weight_hh_l0.requires_grad)
        self.assertTrue(module.weight_ih_l0.requires_grad)
        self.assertTrue(lq.QuantLSTM.from_lstm(source.train(), FOUR, x_frac=1).training)
        for kind in (torch.bfloat16, torch.float16):
            half = lq.QuantLSTM.from_lstm(lstm(6, 5).to(kind), FOUR, values(20, 6).to(kind))
            self.assertEqual(half.weight_ih_l0.dtype, kind)
            self.assertEqual(half(values(3, 6).to(kind))[0].dtype, kind)

    @unittest.skipUnless(torch.cuda.is_available(), "no CUDA device")
    def test_device(self):
        module = self.near(lstm(6, 5).cuda(), values(20, 6).cuda())
        self.assertEqual({p.device.type for p in module.parameters()}, {"cuda"})

    def test_device_is_kept(self):
        with torch.device("meta"):
            source = nn.LSTM(6, 5)
        module = lq.QuantLSTM(FOUR, 6, 5, device="meta")
        self.assertEqual(module.weight_hh_l0.device, source.weight_hh_l0.device)

    def test_folded(self):
        pruned = lstm(6, 5)
        prune.random_unstructured(pruned, "weight_hh_l0", 0.5)
        normed = parametrizations.weight_norm(lstm(6, 5), "weight_hh_l0")
        with torch.no_grad():
            normed.parametrizations.weight_hh_l0.original0.mul_(1.5)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            old = torch.nn.utils.weight_norm(lstm(6, 5), "weight_ih_l0")
        for source in (pruned, normed, old):
            x = values(20, 6)
            source(x)
            module = self.near(source, x)
            self.assertTrue(all(part.requires_grad for part in module.parameters()))
            # The state dict, which holds the parts, gives the same integers.
            want = module.model()
            got = lq.from_state_dict(source.state_dict(), WIDE, calibrate=x)
            for name in ("weight_ih", "weight_hh", "bias"):
                a, b = getattr(got.layers[0], name), getattr(want.layers[0], name)
                self.assertLessEqual(np.abs(a - b).max(), 1, name)

    def test_refused_by_name(self):
        for source, word in [
            (lstm(6, 5, proj_size=3), "proj_size"),
            (lstm(6, 5, bidirectional=True, proj_size=3), "proj_size"),
            (nn.GRU(6, 5), "GRU"),
            (nn.RNN(6, 5), "RNN"),
            (nn.LSTMCell(6, 5), "LSTMCell"),
            (torch.ao.nn.quantizable.LSTM(6, 5), "LSTM"),
        ]:
            with self.assertRaisesRegex((TypeError, ValueError), word):
                lq.QuantLSTM.from_lstm(source, FOUR, x_frac=1)
            # State dicts of cells and of GRUs are read: see test_cell and test_models.py.
            if not isinstance(source, (nn.LSTMCell, nn.GRU)):
                with self.assertRaises(ValueError):
                    lq.from_state_dict(source.state_dict(), FOUR, x_frac=1)
        dynamic = torch.ao.nn.quantized.dynamic.LSTM(6, 5)
        with self.assertRaisesRegex(ValueError, "packed"):
            lq.from_state_dict(dynamic.state_dict(), FOUR, x_frac=1)
        with self.assertRaisesRegex(ValueError, "original.*read are weight_norm"):
            normed = parametrizations.spectral_norm(lstm(6, 5), "weight_hh_l0")
            lq.from_state_dict(normed.state_dict(), FOUR, x_frac=1)


class Forward(unittest.TestCase):
    def test_packed_sequences(self):
        source = lstm(6, 5, 2)
        module = lq.QuantLSTM.from_lstm(source, WIDE, x_frac=13)
        for lengths, ordered in [([7, 4, 4, 1], True), ([2, 7, 4, 4], False)]:
            x = values(7, 4, 6)
            state = (values(2, 4, 5).tanh(), values(2, 4, 5))
            packed = rnn.pack_padded_sequence(x, lengths, enforce_sorted=ordered)
            for hx in (None, state):
                want, got = source(packed, hx), module(packed, hx)
                self.assertEqual(got[0].batch_sizes.tolist(), want[0].batch_sizes.tolist())
                torch.testing.assert_close(got[0].data, want[0].data, atol=TOLERANCE, rtol=0)
                for part, expected in zip(got[1], want[1]):
                    torch.testing.assert_close(part, expected, atol=TOLERANCE, rtol=0)
            # Each sequence by itself gives the same words.
            padded, _ = rnn.pad_packed_sequence(module(packed)[0])
            for index, length in enumerate(lengths):
                alone = module(x[:length, index])[0]
                self.assertTrue(torch.equal(padded[:length, index], alone))

    def test_an_initial_state_takes_codes(self):
        for widths in (FOUR, lq.Widths.of(1)):
            module = lq.QuantLSTM.from_lstm(lstm(6, 5), widths, x_frac=1)
            x, state = values(8, 6), (values(1, 5).tanh(), values(1, 5))
            rounded = [
                torch.tensor(lq.codes(part.numpy(), form) * 2.0**-form.frac).float()
                for part, form in zip(state, (widths.h, widths.c))
            ]
            self.assertTrue(torch.equal(module(x, state)[0], module(x, tuple(rounded))[0]))
            # Zero is the start, at one bit too.
            zero = (torch.zeros(1, 5), torch.zeros(1, 5))
            self.assertTrue(torch.equal(module(x, zero)[0], module(x)[0]))

    def test_shapes_are_checked(self):
        module = lq.QuantLSTM(FOUR, 6, 5)
        for x, hx in [
            (values(4, 7), None),
            (values(0, 6), None),
            (values(2, 3, 4, 6), None),
            (values(4, 3, 6), (values(1, 1, 5), values(1, 1, 5))),
            (values(4, 6), (values(2, 5), values(2, 5))),
        ]:
            with self.assertRaisesRegex(ValueError, "shape"):
                module(x, hx)
        self.assertTrue(module(torch.full((2, 6), torch.nan))[0].isnan().all())
        # Rows that are not contiguous are the same numbers.
        x = values(6, 4)
        self.assertTrue(torch.equal(module(x.T)[0], module(x.T.contiguous())[0]))

    def test_dropout_scales_behind_the_rounding(self):
        torch.manual_seed(0)
        module = lq.QuantLSTM.from_lstm(lstm(6, 64, 2, dropout=0.5), FOUR, x_frac=1)
        seen = []
        hook = nn.functional.dropout
        try:
            nn.functional.dropout = lambda signal, p: seen.append((signal, hook(signal, p))) or seen[-1][1]
            module(values(9, 6))
        finally:
            nn.functional.dropout = hook
        (before, after), = seen
        kept = after != 0
        self.assertTrue(torch.equal(after[kept], 2 * before[kept]))

    def test_gradients(self):
        for bias in (True, False):
            module = lq.QuantLSTM.from_lstm(lstm(6, 5, 2, bias=bias), FOUR, x_frac=1)
            x = values(12, 3, 6).requires_grad_()
            module(x)[0].square().sum().backward()
            for tensor in (x, *module.parameters()):
                self.assertTrue(torch.isfinite(tensor.grad).all() and tensor.grad.any())

    def test_inference_then_training(self):
        module = lq.QuantLSTM.from_lstm(lstm(6, 5), lq.Widths.of(7), x_frac=1)
        x = values(4, 6)
        with torch.inference_mode():
            first = module(x)[0].clone()
        out = module(x)[0]
        out.sum().backward()
        self.assertTrue(torch.equal(first, out.detach()))


class Gru(unittest.TestCase):
    def near(self, source, x, *more):
        """16 bits are so near to the float module that any loss would show."""
        module = lq.QuantGRU.from_gru(source, WIDE, calibrate=x)
        want, got = source(x, *more), module(x, *more)
        data = [out.data if isinstance(out, rnn.PackedSequence) else out for out, _ in (want, got)]
        for part, expected in ((data[1], data[0]), (got[1], want[1])):
            torch.testing.assert_close(part, expected, atol=TOLERANCE, rtol=0)
        return module

    def test_as_the_float_module(self):
        module = self.near(gru(6, 5, 2, bias=False), values(20, 3, 6))
        self.assertFalse(any(l.bias.any() or l.bias_n_h.any() for l in module.model().layers))
        source = gru(6, 5, 3, batch_first=True)
        self.near(source, values(2, 9, 6))
        self.near(source, values(2, 9, 6), values(3, 2, 5).tanh())
        self.near(source, values(9, 6))
        self.near(source, values(9, 6), values(3, 5).tanh())
        for lengths, ordered in [([7, 4, 4, 1], True), ([2, 7, 4, 4], False)]:
            x = rnn.pack_padded_sequence(values(7, 4, 6), lengths, enforce_sorted=ordered)
            module = self.near(gru(6, 5, 2), x)
            self.near(gru(6, 5, 2), x, values(2, 4, 5).tanh())
            # Each sequence by itself gives the same words.
            padded, _ = rnn.pad_packed_sequence(module(x)[0])
            for index, length in enumerate(lengths):
                alone = module(values(7, 4, 6)[:length, index])[0]
                self.assertTrue(torch.equal(padded[:length, index], alone))

    def test_mode_dtype_gradients_and_what_is_folded(self):
        source = gru(6, 5, 2, dropout=0.5, dtype=torch.float64).eval()
        source.weight_hh_l0.requires_grad_(False)
        module = self.near(source, values(20, 6).double())
        self.assertEqual((module.training, module.dropout), (False, 0.5))
        self.assertEqual({part.dtype for part in module.parameters()}, {torch.float64})
        self.assertEqual([part.requires_grad for part in module.parameters()][:3], [True, False, True])
        half = lq.QuantGRU.from_gru(gru(6, 5).bfloat16(), FOUR, values(20, 6).bfloat16())
        self.assertEqual(half(values(3, 6).bfloat16())[0].dtype, torch.bfloat16)
        self.assertEqual(lq.QuantGRU(FOUR, 6, 5, device="meta").weight_hh_l0.device.type, "meta")
        pruned = gru(6, 5)
        prune.random_unstructured(pruned, "weight_hh_l0", 0.5)
        self.assertTrue(self.near(pruned, values(20, 6)).weight_hh_l0.requires_grad)

    def test_a_sequence_goes_on_with_s(self):
        for widths in (FOUR, lq.Widths.of(1), lq.Widths.of(2, "odd")):
            module = gru_of(widths, 6, 5, 2)
            x = values(12, 3, 6)
            whole, last = module(x, module.start(3))
            first, state = module(x[:5], module.start(3))
            rest, end = module(x[5:], state)
            self.assertTrue(torch.equal(torch.cat([first, rest]), whole))
            self.assertTrue(torch.equal(torch.stack(end), torch.stack(last)))
            # Called as nn.GRU, the same output and h alone, which is what the core gives.
            out, h = module(x)
            self.assertTrue(torch.equal(out, whole) and torch.equal(h, last[0]))
            self.assertTrue(torch.equal(h[1], out[-1]))
            self.assertFalse(torch.equal(*last))
            # Without batches as well.
            one, state = module(x[:5, 1], module.start())
            self.assertTrue(torch.equal(one, first[:, 1]))
            self.assertTrue(torch.equal(module(x[5:, 1], state)[0], rest[:, 1]))
        # A tensor is h and s.
        h = values(2, 3, 5).tanh()
        module = gru_of(FOUR, 6, 5, 2)
        self.assertTrue(torch.equal(module(x, h)[0], module(x, (h, h))[0]))
        for hx in (values(2, 5), (h, values(2, 5)), values(1, 3, 5)):
            with self.assertRaisesRegex(ValueError, "shape"):
                module(x, hx)

    def test_v_reaches_what_the_inputs_make(self):
        source = gru(6, 5, 2)
        with torch.no_grad():
            source.weight_ih_l0[10:].mul_(30)
        x = values(30, 2, 6)
        module = lq.QuantGRU.from_gru(source, FOUR, calibrate=x)
        first, second = module.model().layers
        most = (x @ source.weight_ih_l0[10:].T + source.bias_ih_l0[10:]).abs().max().item()
        self.assertEqual(first.v, lq.v_format(FOUR.z, most))
        self.assertNotEqual(first.v, second.v)
        # from_state_dict finds the same; steps lie as the module has them.
        alike(lq.from_state_dict(source.state_dict(), FOUR, x.numpy().swapaxes(0, 1)), module.model())
        packed = rnn.pack_padded_sequence(x, [30, 30])
        for given in (packed, [x[:, :1], x[:, 1:]]):
            module.fit(given)
            alike(module.model(), lq.QuantGRU.from_gru(source, FOUR, calibrate=x).model())
        given = lq.QuantGRU.from_gru(source, FOUR._replace(v=lq.Format(9, 4)), calibrate=x)
        self.assertEqual({layer.v for layer in given.model().layers}, {lq.Format(9, 4)})

    def test_checkpoints(self):
        widths = lq.Widths.of(2, "odd")._replace(s=lq.Format(12, 10))
        module = lq.QuantGRU.from_gru(gru(6, 5, 2), widths, calibrate=values(50, 6) * 9)
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.mul_(3)  # what a fit would choose now is something else
        net = nn.ModuleDict({"rnn": module, "fc": nn.Linear(5, 3)})
        for given in (None, widths, widths._replace(c=lq.Format(9, 4))):
            model = lq.from_state_dict(net.state_dict(), given)
            alike(model, module.model())
        self.assertEqual(model.head.weight.shape, (3, 5))
        for other in (widths._replace(s=lq.Format(16, 14)), widths._replace(v=lq.Format(9, 4)), FOUR):
            with self.assertRaisesRegex(ValueError, "trained with"):
                lq.from_state_dict(net.state_dict(), other)
            with self.assertRaisesRegex(ValueError, "trained with"):
                lq.QuantGRU(other, 6, 5, 2).load_state_dict(module.state_dict())
        copied = lq.QuantGRU(widths, 6, 5, 2)
        copied.load_state_dict(module.state_dict())
        alike(copied.model(), module.model())
        alike(copy.deepcopy(module).model(), module.model())
        state = module.state_dict()
        state["formats"] = lq.QuantLSTM(FOUR, 6, 5, 2).formats
        with self.assertRaisesRegex(ValueError, "are those of a QuantLSTM"):
            lq.from_state_dict(state)

    def test_what_is_refused(self):
        for source in (lstm(6, 5), nn.GRUCell(6, 5)):
            with self.assertRaisesRegex(TypeError, "no nn.GRU"):
                lq.QuantGRU.from_gru(source, FOUR, x_frac=1)
        with self.assertWarnsRegex(UserWarning, "biases of gate n are clamped"):
            module = gru_of(FOUR, 6, 5)
            with torch.no_grad():
                module.bias_hh_l0[10:].fill_(1e9)
            module.model()


class BothDirections(unittest.TestCase):
    """Layers that read their sequences from both ends."""

    MAKE = {lstm: lq.QuantLSTM.from_lstm, gru: lq.QuantGRU.from_gru}

    def test_as_the_float_module(self):
        for kind, make in self.MAKE.items():
            state = values(4, 3, 5).tanh()
            state = (state, values(4, 3, 5)) if kind is lstm else state
            for x, hx in (
                (values(20, 3, 6), None),
                (values(20, 3, 6), state),
                (values(20, 6), None),
                (rnn.pack_padded_sequence(values(20, 3, 6), [4, 20, 11], enforce_sorted=False), None),
                (rnn.pack_padded_sequence(values(20, 3, 6), [4, 20, 11], enforce_sorted=False), state),
            ):
                source = kind(6, 5, 2, bidirectional=True)
                want, got = source(x, hx), make(source, WIDE, calibrate=x)(x, hx)
                data = [out.data if isinstance(out, rnn.PackedSequence) else out for out, _ in (want, got)]
                ends = [part if kind is lstm else (part,) for _, part in (want, got)]
                for expected, part in zip((data[0], *ends[0]), (data[1], *ends[1]), strict=True):
                    self.assertEqual(part.shape, expected.shape)
                    torch.testing.assert_close(part, expected, atol=TOLERANCE, rtol=0)

    def test_words_are_those_of_the_integers(self):
        """Sequences of any length, each turned by itself, packed and padded."""
        for (kind, make), widths in itertools.product(
            self.MAKE.items(), (FOUR, lq.Widths.of(1), lq.Widths.of(2, "odd"), WIDE)
        ):
            x, lengths = values(9, 4, 6), [2, 9, 4, 1]
            packed = rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
            source = kind(6, 5, 2, bias=widths is FOUR, bidirectional=True)
            module = make(source, widths, calibrate=packed)
            model = module.model()
            self.assertEqual([layer.direction for layer in model.layers], ["bidirectional"] * 2)
            self.assertFalse(np.array_equal(model.layers[0].weight_hh, model.layers[0].reverse.weight_hh))
            codes = model.quantize_input(x.transpose(0, 1).numpy())
            unit = 2.0**widths.h.frac
            for given, of in ((packed, np.array(lengths)), (x, None)):
                out, last = module(given)
                out = rnn.pad_packed_sequence(out)[0] if of is not None else out
                want = model.run(codes, of)
                np.testing.assert_array_equal(out.transpose(0, 1).detach().numpy() * unit, want)
                # h_n, as PyTorch has it: forward at the last step, backward at the first.
                h, ends = last if kind is gru else last[0], (of if of is not None else np.full(4, 9)) - 1
                np.testing.assert_array_equal(h[2].detach() * unit, want[np.arange(4), ends, :5])
                np.testing.assert_array_equal(h[3].detach() * unit, want[:, 0, 5:])

    def test_state_dicts_and_fractions(self):
        for kind, make in self.MAKE.items():
            source, x = kind(6, 5, 2, bidirectional=True), values(30, 6)
            with torch.no_grad():
                source.weight_hh_l1_reverse.mul_(9)
            module = make(source, FOUR, calibrate=x)
            self.assertEqual(module.fractions.shape, (1 + 8 * 4,))
            alike(lq.from_state_dict(source.state_dict(), FOUR, calibrate=x), module.model())
            halves = module.model().layers[1].passes()
            self.assertNotEqual(*(half.w_frac_hh for half in halves))
            with torch.no_grad():
                for parameter in module.parameters():
                    parameter.mul_(3)
            net = nn.ModuleDict({"rnn": module, "fc": nn.Linear(10, 3)})
            model = lq.from_state_dict(net.state_dict())
            alike(model, module.model())
            self.assertEqual(model.head.weight.shape, (3, 10))
            other = type(module)(FOUR, 6, 5, 2, bidirectional=True)
            other.load_state_dict(module.state_dict())
            alike(other.model(), module.model())
            with self.assertRaisesRegex(RuntimeError, "fractions"):
                type(module)(FOUR, 6, 5, 2).load_state_dict(module.state_dict())

    def test_a_state_goes_in_for_each_direction(self):
        module = gru_of(FOUR, 6, 5, 2, bidirectional=True)
        self.assertEqual(module.start(3)[0].shape, (4, 3, 5))
        x = values(12, 3, 6)
        self.assertTrue(torch.equal(module(x, module.start(3))[0], module(x)[0]))
        with self.assertRaisesRegex(ValueError, r"h of hx has the shape \[2, 3, 5\], \[4, 3, 5\] wanted"):
            module(x, values(2, 3, 5))


class Checkpoints(unittest.TestCase):
    def trained(self):
        module = lq.QuantLSTM.from_lstm(lstm(6, 5, 2), FOUR, calibrate=values(50, 6))
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.mul_(3)  # what a fit would choose now is something else
        return module

    def same(self, got, want):
        for a, b in zip(got.layers, want.layers, strict=True):
            for name in ("x", "h", "z", "a_frac", "c", "w_bits", "w_frac_ih", "w_frac_hh"):
                self.assertEqual(getattr(a, name), getattr(b, name), name)
            for name in ("weight_ih", "weight_hh", "bias"):
                np.testing.assert_array_equal(getattr(a, name), getattr(b, name))

    def test_state_dict_brings_trained_formats(self):
        module = self.trained()
        net = nn.ModuleDict({"rnn": module, "fc": nn.Linear(5, 3)})
        model = lq.from_state_dict(net.state_dict())
        self.same(model, module.model())
        self.assertEqual(model.head.weight.shape, (3, 5))
        with self.assertRaisesRegex(ValueError, "trained with"):
            lq.from_state_dict(net.state_dict(), lq.Widths.of(8))
        # As the first version saved it: fractions, and no widths.
        old = {name: value for name, value in net.state_dict().items() if "formats" not in name}
        self.same(lq.from_state_dict(old, FOUR), module.model())
        with self.assertRaisesRegex(ValueError, "widths"):
            lq.from_state_dict(old)

    def test_round_trips(self):
        module = self.trained()
        file = io.BytesIO()
        torch.save(module.state_dict(), file)
        state = torch.load(io.BytesIO(file.getvalue()), weights_only=True)
        other = lq.QuantLSTM(FOUR, 6, 5, 2)
        self.assertFalse(any(other.load_state_dict(state)))
        self.same(other.model(), module.model())
        self.same(copy.deepcopy(module).model(), module.model())
        state.pop("formats")
        lq.QuantLSTM(FOUR, 6, 5, 2).load_state_dict(state)
        with self.assertRaisesRegex(ValueError, "trained with"):
            lq.QuantLSTM(lq.Widths.of(8), 6, 5, 2).load_state_dict(module.state_dict())
        # The state dict of an nn.LSTM has no fractions: that is said.
        with self.assertRaisesRegex(RuntimeError, "fractions"):
            other.load_state_dict(lstm(6, 5, 2).state_dict())

    def test_kinds_of_tensors(self):
        source = lstm(6, 5)
        x = values(50, 6)
        for kind in (torch.bfloat16, torch.float16):
            half = lstm(6, 5).to(kind)
            want = lq.from_state_dict(half.float().state_dict(), FOUR, calibrate=x)
            half = lstm(6, 5).to(kind)
            self.same(lq.from_state_dict(half.state_dict(), FOUR, calibrate=x.to(kind).float()),
                      lq.from_state_dict(half.float().state_dict(), FOUR, calibrate=x.to(kind)))
            self.assertEqual(len(want.layers), 1)
        wide = source.double().state_dict()
        wide["weight_hh_l0"] += 1e-12
        self.assertEqual(lq.read_state_dict(wide).layers[0].weight_hh.dtype, np.float64)
        wide["weight_hh_l0"] = wide["weight_hh_l0"].to(torch.complex64)
        with self.assertRaisesRegex(ValueError, "complex"):
            lq.from_state_dict(wide, FOUR, x_frac=1)
        with self.assertRaisesRegex(ValueError, r"checkpoint\['state_dict'\]"):
            lq.from_state_dict({"state_dict": source.state_dict(), "epoch": 3}, FOUR, x_frac=1)

    def test_cell(self):
        cell = nn.LSTMCell(6, 5)
        h, c = torch.zeros(1, 5), torch.zeros(1, 5)
        x, out = values(30, 6), []
        for row in x:
            h, c = cell(row[None], (h, c))
            out.append(h)
        model = lq.from_state_dict(cell.state_dict(), WIDE, calibrate=x)
        got = model.run(model.quantize_input(x.numpy())) * 2.0**-15
        self.assertLess(np.abs(got - torch.cat(out).detach().numpy()).max(), TOLERANCE)

    def test_parametrised_module(self):
        """QuantLSTM under a parametrisation computes, and gives integers, with the result."""
        module = lq.QuantLSTM(FOUR, 6, 5)
        parametrize.register_parametrization(module, "weight_hh_l0", nn.Tanh())
        module.fit(values(20, 6))
        x = values(9, 6)
        want = module.model().run(module.model().quantize_input(x.numpy()))
        self.assertTrue((module(x)[0].detach().numpy() * 2.0**FOUR.h.frac == want).all())


if __name__ == "__main__":
    unittest.main()
