"""`QuantLSTM` beside the same arithmetic written step by step, in float64, with PyTorch's autograd.

    python tests/python/test_sequence.py

Values are the same bits; gradients agree as far as float32 goes. Needs PyTorch.
"""

import sys
import unittest
from pathlib import Path
from unittest import mock

import torch
from torch import nn
from torch.nn.utils import rnn

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))
sys.dont_write_bytecode = True
import lprnn_quant as lq  # noqa: E402
from lprnn_quant import exact, module as module_of_lstm  # noqa: E402
from lprnn_quant.autograd import Through  # noqa: E402

# The last is too wide for float32; the one before has a coarse c, and h that clamps often.
WIDTHS = [
    lq.Widths.of(4),
    lq.Widths.of(8),
    lq.Widths.of(2),
    lq.Widths.of(1),
    lq.Widths(2, 2, 2, levels="odd"),
    lq.Widths(3, 4, 2, levels="odd"),
    lq.Widths(1, 4, 8),
    lq.Widths(5, 3, 2, lq.Format(6, 3), 4, lq.Format(5, 3)),
    lq.Widths(16, 16, 16, lq.Format(12, 8), 14, lq.Format(32, 24)),
]
NARROW = WIDTHS[:-1]


class Gate(torch.autograd.Function):
    """Sigmoid (0) or tanh (1) of the nearest z code; the slope of the value, none where clamped."""

    @staticmethod
    def forward(ctx, value, z, a_frac, which):
        index = torch.round(value * 2.0**z.frac)
        code = index.clamp(z.low, z.high)
        out = torch.tensor(lq.tables(z, a_frac)[which])[(code - z.low).long()].double() * 2.0**-a_frac
        ctx.save_for_backward((1 - out * out if which else out * (1 - out)) * (code == index))
        return out

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0], None, None, None


def step(widths, z, c):
    """h and c after a step, [batch, H] each, from pre-activations, [batch, 4H], and c before."""
    i, f, g, o = z.chunk(4, 1)
    i, f, o = (Gate.apply(value, widths.z, widths.a_frac, 0) for value in (i, f, o))
    g = Gate.apply(g, widths.z, widths.a_frac, 1)
    c = Through.apply(f * c + i * g, widths.c)
    t = Gate.apply(c, widths.z, widths.a_frac, 1)
    return Through.apply(o * t, widths.h), c


def by_steps(module, x, hx=None):
    """What `module` gives for [steps, batch, I], no dropout, every gate of every step by itself."""
    widths, found = module.widths, module.fractions.tolist()
    signal, x_frac = Through.apply(x.double(), widths.at(widths.input, found[0])), found[0]
    last = []
    for index in range(module.num_layers):
        ih, hh = found[1 + 8 * index : 5 + 8 * index], found[5 + 8 * index : 9 + 8 * index]
        matrices = [
            torch.cat(
                [
                    Through.apply(part, widths.at(widths.weight, frac), True)
                    for part, frac in zip(getattr(module, name).double().chunk(4), fracs)
                ]
            )
            for name, fracs in ((f"weight_ih_l{index}", ih), (f"weight_hh_l{index}", hh))
        ]
        both = getattr(module, f"bias_ih_l{index}") + getattr(module, f"bias_hh_l{index}")
        bias = torch.cat(
            [
                Through.apply(part, lq.Format(32, max(of_x + x_frac, of_h + widths.h.frac)))
                for part, of_x, of_h in zip(both.double().chunk(4), ih, hh)
            ]
        )
        if hx is None:
            h = c = signal.new_zeros(signal.shape[1], module.hidden_size)
        else:
            forms = widths.h, widths.c
            h, c = (Through.apply(part[index].double(), form) for part, form in zip(hx, forms))
        out = []
        for from_x in signal @ matrices[0].T + bias:
            h, c = step(widths, from_x + h @ matrices[1].T, c)
            out.append(h)
        signal, x_frac = torch.stack(out), widths.h.frac
        last.append((h, c))
    return signal, tuple(map(torch.stack, zip(*last)))


def values(*shape, scale=1.0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape))) * scale


def modules(widths, layers=1, kind=torch.float32):
    """A module that is often clamped, and inputs for it."""
    torch.manual_seed(5)
    lstm = nn.LSTM(6, 5, layers, dtype=kind)
    x = values(12, 4, 6).to(kind)
    made = lq.QuantLSTM.from_lstm(lstm, widths, calibrate=x * 0.5)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.mul_(4)
    return made, x


def losses(out, state):
    """A number that every output, the last h and the last c are in, each with a weight of its own."""
    parts = (out, *state)
    weighted = (part.double() * values(*part.shape, scale=0.1) for part in parts)
    return sum(part.sum() for part in weighted)


class Sequence(unittest.TestCase):
    def same(self, got, want):
        for part, expected in zip((got[0], *got[1]), (want[0], *want[1]), strict=True):
            self.assertEqual(part.shape, expected.shape)
            # c of 32 bits comes out as the input's dtype has it.
            self.assertTrue(torch.equal(part, expected.to(part.dtype)))

    def gradients(self, module, run, tensors):
        module.zero_grad()
        losses(*run()).backward()
        found = [part.grad.clone() for part in (*tensors, *module.parameters())]
        for part in tensors:
            part.grad = None
        return found

    def close(self, got, want, tolerance):
        for part, expected in zip(got, want, strict=True):
            worst = (part.double() - expected.double()).abs().max()
            self.assertLessEqual(worst, tolerance * expected.abs().max())
            self.assertTrue(expected.any())

    def test_values_and_gradients(self):
        for widths in WIDTHS:
            for kind, tolerance in ((torch.float32, 1e-5), (torch.float64, 1e-12)):
                with self.subTest(widths=widths, kind=kind):
                    module, x = modules(widths, 2, kind)
                    h, c = (values(2, 4, 5, scale=size).to(kind) for size in (0.5, 4.0))
                    leaves = [part.requires_grad_() for part in (x, h, c)]
                    both = (lambda: module(x, (h, c))), (lambda: by_steps(module, x, (h, c)))
                    self.same(*(run() for run in both))
                    self.same(module(x), by_steps(module, x))
                    with torch.no_grad():
                        self.same(module(x, (h, c)), both[1]())
                    self.close(*(self.gradients(module, run, leaves) for run in both), tolerance)

    def test_every_clamp_was_met(self):
        """Or the comparison would say nothing about gradients at them."""
        met = set()
        kept = module_of_lstm.LayerSequence.apply

        def look(*operands):
            out = kept(*operands)
            z, _, c_sum, c, t_index, _, h_product, _ = out[0].grad_fn.saved_tensors[5:]
            widths = operands[6]
            top = 2**widths.z.bits - 1
            clamped = {
                "z below": z < 0, "z above": z > top, "c": c_sum != c,
                "t": (t_index < 0) | (t_index > top), "h": h_product > widths.h.high,
            }
            met.update(name for name, where in clamped.items() if where.any())
            return out

        with mock.patch.object(module_of_lstm.LayerSequence, "apply", look):
            for widths in (WIDTHS[0], WIDTHS[7], WIDTHS[7]._replace(c=lq.Format(12, 3))):
                module, x = modules(widths)
                module(x * 4, (values(1, 4, 5), values(1, 4, 5, scale=40.0)))
        self.assertEqual(met, {"z below", "z above", "c", "t", "h"})

    def test_packed_gradients(self):
        for widths in (WIDTHS[0], WIDTHS[4], WIDTHS[-1]):
            module, x = modules(widths, 2)
            lengths = [3, 12, 7, 7]
            state = values(2, 4, 5, scale=0.5), values(2, 4, 5)
            leaves = [part.requires_grad_() for part in (x, *state)]

            def packed():
                sequences = rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
                out, last = module(sequences, state)
                return rnn.pad_packed_sequence(out)[0], last

            def alone():
                """Each sequence by itself, in a batch of one."""
                outs, lasts = [], []
                for index, length in enumerate(lengths):
                    one = slice(index, index + 1)
                    out, last = by_steps(module, x[:length, one], [part[:, one] for part in state])
                    outs.append(nn.functional.pad(out, (0, 0, 0, 0, 0, 12 - length)))
                    lasts.append(last)
                return torch.cat(outs, 1), tuple(torch.cat(part, 1) for part in zip(*lasts))

            self.same(packed(), alone())
            self.close(*(self.gradients(module, run, leaves) for run in (packed, alone)), 1e-5)

    def test_float32_where_it_is_exact(self):
        """The proof's bound: as large as the sums get, and no larger than float32 takes."""
        one = torch.ones(4, 1, dtype=torch.float64)
        fractions = lq.Format(8, 0), [0] * 4, [0] * 4
        widths = lq.Widths(8, 8, 8, lq.Format(8, 0), 8, lq.Format(16, 10))
        # |x| <= 128, |h| <= 1 (its 7 fraction bits are the unit), and the lowest z, -128.
        room = 2.0**24 / 2**7 - 128 - 1
        for bias, holds in ((room - 128 - 2.0**-7, True), (room - 128, False)):
            weights = one, one, torch.full((4,), bias, dtype=torch.float64)
            self.assertEqual(exact.exact_in_float32(widths, fractions, weights), holds)
        weights = one, one, one[:, 0]
        self.assertTrue(exact.exact_in_float32(widths, fractions, weights))
        self.assertFalse(exact.exact_in_float32(widths, fractions, (one * torch.nan, one, one[:, 0])))
        for wide in ({"c": lq.Format(17, 10)}, {"a_frac": 12, "c": lq.Format(8, 4)},
                     {"c": lq.Format(8, 20)}):
            self.assertFalse(exact.exact_in_float32(widths._replace(**wide), fractions, weights))
        try:
            torch.set_float32_matmul_precision("medium")
            self.assertFalse(exact.exact_in_float32(widths, fractions, weights))
        finally:
            torch.set_float32_matmul_precision("highest")

    def kinds(self, module, x):
        """The dtypes that the layers are computed in."""
        seen = []
        kept = module_of_lstm.LayerSequence.apply

        def look(*operands):
            seen.append(operands[0].dtype)
            return kept(*operands)

        with mock.patch.object(module_of_lstm.LayerSequence, "apply", look):
            module(x)
        return seen

    def test_kinds(self):
        for widths in NARROW:
            self.assertEqual(self.kinds(*modules(widths, 2)), [torch.float32] * 2)
            self.assertEqual(self.kinds(*modules(widths, 2, torch.float64)), [torch.float64] * 2)
        self.assertEqual(self.kinds(*modules(WIDTHS[-1])), [torch.float64])
        module, x = modules(WIDTHS[0])
        self.assertEqual(self.kinds(module, x.double()), [torch.float64])
        self.same(module(x.double()), module(x))

    def test_autocast_changes_nothing(self):
        module, x = modules(WIDTHS[1], 2)
        want = module(x)
        plain = self.gradients(module, lambda: module(x), [])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            self.same(module(x), want)
            self.close(self.gradients(module, lambda: module(x), []), plain, 0.0)

    def test_nan_stays_where_it_is(self):
        module, x = modules(WIDTHS[0])
        want, _ = module(x)
        x[8, 1, 3] = torch.nan
        out, (h, c) = module(x)
        self.assertTrue(out[8:, 1].isnan().all() and h[0, 1].isnan().all() and c[0, 1].isnan().all())
        out[8:, 1] = want[8:, 1]
        self.assertTrue(torch.equal(out, want))

    def test_second_gradients_are_refused(self):
        module, x = modules(WIDTHS[0])
        out = module(x.requires_grad_())[0].sum()
        with self.assertRaisesRegex(RuntimeError, "create_graph"):
            torch.autograd.grad(out, x, create_graph=True)

    def test_a_graph_can_be_used_twice(self):
        module, x = modules(WIDTHS[0])
        loss = losses(*module(x))
        loss.backward(retain_graph=True)
        once = [part.grad.clone() for part in module.parameters()]
        loss.backward()
        for part, want in zip(module.parameters(), once):
            self.assertTrue(torch.equal(part.grad, 2 * want))


if __name__ == "__main__":
    torch.set_num_threads(1)
    unittest.main()
