"""`QuantLSTM` and `QuantGRU` beside the same arithmetic written step by step, in float64, with autograd.

    python tests/python/test_sequence.py

Values are the same bits; gradients agree as far as float32 goes. Needs PyTorch.
"""

import itertools
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
from lprnn_quant import exact  # noqa: E402
from lprnn_quant.autograd import Through  # noqa: E402

# The last is too wide for float32; those before have a coarse c (s), and h and all else that clamps often.
WIDTHS = [
    lq.Widths.of(4),
    lq.Widths.of(8),
    lq.Widths.of(2),
    lq.Widths.of(1),
    lq.Widths(2, 2, 2, levels="odd"),
    lq.Widths(3, 4, 2, levels="odd"),
    lq.Widths(1, 4, 8),
    lq.Widths(5, 3, 2, lq.Format(6, 3), 4, lq.Format(5, 3), s=lq.Format(4, 3), v=lq.Format(6, 2)),
    lq.Widths(5, 3, 2, lq.Format(5, 3), 4, lq.Format(12, 3), s=lq.Format(3, 3), v=lq.Format(5, 3)),
    lq.Widths(16, 16, 16, lq.Format(12, 8), 14, lq.Format(32, 24), s=lq.Format(32, 26)),
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


CELLS = {"lstm": (nn.LSTM, lq.QuantLSTM.from_lstm), "gru": (nn.GRU, lq.QuantGRU.from_gru)}


def lstm_step(widths, from_x, h, c, weight_hh, _):
    """h and c after a step, [batch, H] each, from the products of x, [batch, 4H], and those before."""
    i, f, g, o = (from_x + h @ weight_hh.T).chunk(4, 1)
    i, f, o = (Gate.apply(value, widths.z, widths.a_frac, 0) for value in (i, f, o))
    g = Gate.apply(g, widths.z, widths.a_frac, 1)
    c = Through.apply(f * c + i * g, widths.c)
    t = Gate.apply(c, widths.z, widths.a_frac, 1)
    return Through.apply(o * t, widths.h), c


def gru_step(widths, from_x, h, s, weight_hh, bias_n_h):
    """h and s after a step, likewise."""
    (x_r, x_u, x_n), (h_r, h_u, h_n) = (part.chunk(3, 1) for part in (from_x, h @ weight_hh.T))
    r, u = (Gate.apply(part, widths.z, widths.a_frac, 0) for part in (x_r + h_r, x_u + h_u))
    x_n, h_n = (Through.apply(part, widths.v) for part in (x_n, h_n + bias_n_h))
    n = Gate.apply(x_n + r * h_n, widths.z, widths.a_frac, 1)
    s = Through.apply(u * s + (1 - u) * n, widths.s)
    return Through.apply(s, widths.h), s


def by_gates(tensor, form, fracs, symmetric):
    """The nearest codes of rows, whose fractions are those of their gates."""
    parts = tensor.double().chunk(len(fracs))
    near = (Through.apply(part, form._replace(frac=frac), symmetric) for part, frac in zip(parts, fracs))
    return torch.cat(list(near))


def by_steps(module, x, hx=None):
    """What `module` gives for [steps, batch, I], no dropout, every gate of every step by itself."""
    widths, found, gates = module.widths, module.fractions.tolist(), module.gates
    signal, x_frac = Through.apply(x.double(), widths.at(widths.input, found[0])), found[0]
    last, endings = [], ("", "_reverse")[: 1 + module.bidirectional]
    for index, (layer, ending) in enumerate(itertools.product(range(module.num_layers), endings)):
        of_pass = found[1 + 8 * index : 9 + 8 * index]
        ih, hh, of_v = of_pass[:gates], of_pass[gates : 2 * gates], of_pass[2 * gates :]
        part = lambda name: getattr(module, f"{name}_l{layer}{ending}")  # noqa: E731
        form = widths.at(widths.weight, 0)
        matrices = [
            by_gates(part(name), form, fracs, True) for name, fracs in (("weight_ih", ih), ("weight_hh", hh))
        ]
        of_x, of_h = ([frac + of for frac in fracs] for fracs, of in ((ih, x_frac), (hh, widths.h.frac)))
        both = list(map(max, of_x, of_h))
        bias, n_h = part("bias_ih") + part("bias_hh"), None
        if gates == 3:
            widths, both[2] = module.widths._replace(v=lq.Format(*of_v)), of_x[2]
            n = 2 * module.hidden_size
            bias = torch.cat([bias[:n], part("bias_ih")[n:]])
            n_h = Through.apply(part("bias_hh")[n:].double(), lq.Format(32, of_h[2]))
        bias = by_gates(bias, lq.Format(32, 0), both, False)
        wide_form = getattr(widths, module.wide)
        if hx is None:
            h = wide = signal.new_zeros(signal.shape[1], module.hidden_size)
        else:
            forms = widths.h, wide_form
            h, wide = (Through.apply(part[index].double(), form) for part, form in zip(hx, forms))
        out = []
        for from_x in (signal.flip(0) if ending else signal) @ matrices[0].T + bias:
            step = lstm_step if gates == 4 else gru_step
            h, wide = step(widths, from_x, h, wide, matrices[1], n_h)
            out.append(h)
        last.append((h, wide))
        if ending:
            forward.append(torch.stack(out[::-1]))
        else:
            forward = [torch.stack(out)]
        if ending == endings[-1]:
            signal, x_frac = torch.cat(forward, 2), widths.h.frac
    return signal, tuple(map(torch.stack, zip(*last)))


def values(*shape, scale=1.0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape))) * scale


def modules(widths, layers=1, kind=torch.float32, cell="lstm", both=False):
    """A module that is often clamped, and inputs for it; of both directions where that is wanted."""
    torch.manual_seed(5)
    source, make = CELLS[cell]
    x = values(12, 4, 6).to(kind)
    made = make(source(6, 5, layers, dtype=kind, bidirectional=both), widths, calibrate=x * 0.5)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.mul_(4)
    return made, x


def zeros(module, batch):
    return (torch.zeros(module.num_layers * (1 + module.bidirectional), batch, module.hidden_size),) * 2


def losses(out, state):
    """A number that every output, the last h and the last c (s) are in, each with a weight of its own."""
    parts = (out, *state)
    weighted = (part.double() * values(*part.shape, scale=0.1) for part in parts)
    return sum(part.sum() for part in weighted)


def clamps(widths, saved):
    """Where something was clamped in a layer, by name, from what its function saved."""
    top = 2**widths.z.bits - 1
    if len(saved) == 13:
        z, _, wide_sum, wide, index, _, h_product, _ = saved[5:]
        more = {}
    else:
        sums, _, n_x, _, n_h, index, _, _, wide_sum, wide, h_product, _ = saved[4:]
        z = sums[:, : 2 * n_x.shape[1]]
        of_x = (n_x > widths.v.high) | (n_x < widths.v.low)
        more = {"v of x": of_x, "v of h": sums[:, z.shape[1] :] != n_h}
    return {
        **more, "z below": z < 0, "z above": z > top, "state": wide_sum != wide,
        "tanh": (index < 0) | (index > top), "h": h_product > widths.h.high,
    }


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
        for cell, widths, ways in itertools.product(CELLS, WIDTHS, (1, 2)):
            for kind, tolerance in ((torch.float32, 1e-5), (torch.float64, 1e-12)):
                with self.subTest(cell=cell, widths=widths, kind=kind, ways=ways):
                    module, x = modules(widths, 2, kind, cell, ways == 2)
                    h, c = (values(2 * ways, 4, 5, scale=size).to(kind) for size in (0.5, 4.0))
                    leaves = [part.requires_grad_() for part in (x, h, c)]
                    both = (lambda: module(x, (h, c))), (lambda: by_steps(module, x, (h, c)))
                    self.same(*(run() for run in both))
                    self.same(module(x, zeros(module, 4)), by_steps(module, x))
                    self.assertTrue(torch.equal(module(x)[0], module(x, zeros(module, 4))[0]))
                    with torch.no_grad():
                        self.same(module(x, (h, c)), both[1]())
                    self.close(*(self.gradients(module, run, leaves) for run in both), tolerance)

    def test_every_clamp_was_met(self):
        """Or the comparison would say nothing about gradients at them."""
        wanted = {"z below", "z above", "state", "tanh", "h"}
        for cell, names in (("lstm", wanted), ("gru", wanted | {"v of x", "v of h"})):
            met = set()
            sequence = modules(WIDTHS[0], cell=cell)[0].sequence
            kept = sequence.apply

            def look(*operands):
                out = kept(*operands)
                clamped = clamps(operands[-3], out[0].grad_fn.saved_tensors)
                met.update(name for name, where in clamped.items() if where.any())
                return out

            with mock.patch.object(sequence, "apply", look):
                for widths in (WIDTHS[0], WIDTHS[7], WIDTHS[8]):
                    module, x = modules(widths, cell=cell)
                    module(x * 4, (values(1, 4, 5), values(1, 4, 5, scale=40.0)))
            self.assertEqual(met, names)

    def test_packed_gradients(self):
        some = WIDTHS[0], WIDTHS[4], WIDTHS[-1]
        for cell, widths, ways in itertools.product(CELLS, some, (1, 2)):
            module, x = modules(widths, 2, cell=cell, both=ways == 2)
            lengths = [3, 12, 7, 7]
            state = values(2 * ways, 4, 5, scale=0.5), values(2 * ways, 4, 5)
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
        # Of a GRU n's parts are bounded each by itself, and codes of v are not counted from the lowest.
        one, gru = torch.ones(3, 1, dtype=torch.float64), widths._replace(v=lq.Format(12, 8))
        fractions = lq.Format(8, 0), [0] * 3, [0] * 3
        for size, of_h in ((2.0**16 - 128, False), (2.0**16 - 1, True)):
            for less, holds in ((2.0**-8, True), (0.0, False)):
                biases = torch.zeros(3, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
                (biases[1] if of_h else biases[0])[-1] = size - less
                self.assertEqual(exact.exact_in_float32(gru, fractions, (one, one, *biases)), holds)
        weights = one, one, one[:, 0], one[:1, 0]
        for wide in ({"s": lq.Format(17, 14)}, {"a_frac": 12}, {"v": lq.Format(16, 8)}):
            self.assertFalse(exact.exact_in_float32(gru._replace(**wide), fractions, weights))
            self.assertTrue(exact.exact_in_float32(gru, fractions, weights))
        one, fractions = torch.ones(4, 1, dtype=torch.float64), (lq.Format(8, 0), [0] * 4, [0] * 4)
        weights = one, one, one[:, 0]
        try:
            torch.set_float32_matmul_precision("medium")
            self.assertFalse(exact.exact_in_float32(widths, fractions, weights))
        finally:
            torch.set_float32_matmul_precision("highest")

    def kinds(self, module, x):
        """The dtypes that the layers are computed in."""
        seen = []
        kept = module.sequence.apply

        def look(*operands):
            seen.append(operands[0].dtype)
            return kept(*operands)

        with mock.patch.object(module.sequence, "apply", look):
            module(x)
        return seen

    def test_kinds(self):
        narrow, wide = torch.float32, torch.float64
        for cell in CELLS:
            for widths in NARROW:
                for kind in (narrow, wide):
                    self.assertEqual(self.kinds(*modules(widths, 2, kind, cell)), [kind] * 2)
            self.assertEqual(self.kinds(*modules(WIDTHS[-1], cell=cell)), [wide])
            module, x = modules(WIDTHS[0], cell=cell)
            self.assertEqual(self.kinds(module, x.double()), [wide])
            state = zeros(module, 4)
            self.same(module(x.double(), state), module(x, state))

    def test_autocast_changes_nothing(self):
        for cell, both in itertools.product(CELLS, (False, True)):
            module, x = modules(WIDTHS[1], 2, cell=cell, both=both)
            run = lambda: module(x, zeros(module, 4))  # noqa: E731
            want, plain = run(), self.gradients(module, run, [])
            with torch.autocast("cpu", dtype=torch.bfloat16):
                self.same(run(), want)
                self.close(self.gradients(module, run, []), plain, 0.0)

    def test_nan_stays_where_it_is(self):
        for cell in CELLS:
            module, x = modules(WIDTHS[0], cell=cell)
            want, _ = module(x)
            x[8, 1, 3] = torch.nan
            out, state = module(x, zeros(module, 4))
            self.assertTrue(all(part[:, 1].isnan().all() for part in (out[8:], *state)))
            out[8:, 1] = want[8:, 1]
            self.assertTrue(torch.equal(out, want))

    def test_nan_goes_both_ways(self):
        for cell in CELLS:
            module, x = modules(WIDTHS[0], cell=cell, both=True)
            want, _ = module(x)
            x[8, 1, 3] = torch.nan
            out, _ = module(x)
            self.assertTrue(out[8:, 1, :5].isnan().all() and out[:9, 1, 5:].isnan().all())
            out[8:, 1, :5], out[:9, 1, 5:] = want[8:, 1, :5], want[:9, 1, 5:]
            self.assertTrue(torch.equal(out, want))

    def test_second_gradients_are_refused(self):
        for cell in CELLS:
            module, x = modules(WIDTHS[0], cell=cell)
            out = module(x.requires_grad_())[0].sum()
            with self.assertRaisesRegex(RuntimeError, "create_graph"):
                torch.autograd.grad(out, x, create_graph=True)

    def test_a_graph_can_be_used_twice(self):
        for cell in CELLS:
            module, x = modules(WIDTHS[0], cell=cell)
            loss = losses(*module(x, zeros(module, 4)))
            loss.backward(retain_graph=True)
            once = [part.grad.clone() for part in module.parameters()]
            loss.backward()
            for part, want in zip(module.parameters(), once):
                self.assertTrue(torch.equal(part.grad, 2 * want))


if __name__ == "__main__":
    torch.set_num_threads(1)
    unittest.main()
