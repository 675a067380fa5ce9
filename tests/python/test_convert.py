"""`convert` and `save`: networks of PyTorch with the hardware's layers in them. Needs PyTorch.

    python tests/python/test_convert.py
"""

import copy
import itertools
import sys
import tempfile
import unittest
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune, rnn

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))
sys.dont_write_bytecode = True
import lprnn_quant as lq  # noqa: E402

FOUR = lq.Widths.of(4)


def values(*shape, scale=1.0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape))) * scale


class Net(nn.Module):
    """Two layers, the second of packed sequences in a list, and a head on its last h."""

    def __init__(self, second=None):
        super().__init__()
        torch.manual_seed(3)
        self.first = nn.LSTM(6, 5, 2, dropout=0.5, batch_first=True)
        self.more = nn.ModuleList([second or nn.LSTM(5, 7)])
        self.fc = nn.Linear(7, 3)

    def forward(self, x, gain=1.0):
        out, _ = self.first(input=x)
        packed = rnn.pack_padded_sequence(out * gain, [4, 9], batch_first=True, enforce_sorted=False)
        _, state = self.more[0](packed)
        h = state if isinstance(self.more[0], nn.GRU) else state[0]
        return self.fc(h[-1])


class One(nn.Module):
    """A layer, what happens to its output, [batch, steps, H], and a linear layer."""

    def __init__(self, layer, way, inputs=5):
        super().__init__()
        torch.manual_seed(4)
        self.layer, self.way, self.fc = layer, way, nn.Linear(inputs, 3)
        self.gain = nn.Parameter(torch.ones(1))

    def forward(self, x):
        out, state = self.layer(x)
        return self.fc(self.way(self, out, state))


def unpack(self, out, state):
    """Sequences of 9 and 4 steps, packed and unpacked, the shorter one first."""
    packed = rnn.pack_padded_sequence(out, [4, 9], batch_first=True, enforce_sorted=False)
    return rnn.pad_packed_sequence(packed, batch_first=True)[0]


class Packed(nn.Module):
    """Both directions over packed sequences, and a linear layer on the output of each one's last step."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(6)
        self.layer, self.fc = nn.LSTM(6, 5, batch_first=True, bidirectional=True), nn.Linear(10, 3)

    def forward(self, x, lengths):
        lengths = torch.as_tensor(lengths)
        packed = rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        out, _ = rnn.pad_packed_sequence(self.layer(packed)[0], batch_first=True)
        return self.fc(out[torch.arange(len(x)), lengths - 1])


LAST = torch.tensor([3, 8])
# What comes to the linear layer are codes of the last layer's h.
MOVED = {
    "every step": lambda self, out, state: out,
    "the last step": lambda self, out, state: out[:, -1],
    "by lengths": lambda self, out, state: out[torch.arange(2), LAST],
    "gathered": lambda self, out, state: out.gather(1, LAST.view(2, 1, 1).expand(2, 1, 5))[:, 0],
    "h": lambda self, out, state: (state if torch.is_tensor(state) else state[0])[-1],
    "flat": lambda self, out, state: out.transpose(0, 1).contiguous().reshape(-1, 5),
    "dropout": lambda self, out, state: nn.functional.dropout(out, 0.5, self.training),
    "packed": unpack,
}
# And here they are not.
OTHER = {
    "relu": lambda self, out, state: out.relu(),
    "times one": lambda self, out, state: out * self.gain,
    "mean": lambda self, out, state: out.mean(1),
    "units": lambda self, out, state: out.flip(-1),
    "both": lambda self, out, state: torch.cat([out, out.tanh()]),
    "the lower h": lambda self, out, state: (state if torch.is_tensor(state) else state[0])[0],
    "always dropout": lambda self, out, state: nn.functional.dropout(out, 0.5, True),
}


class Convert(unittest.TestCase):
    def refused(self, pattern, net, x, widths=FOUR):
        """An error, and no part of the network is another, in another mode, or has a hook more."""
        before = [(part, part.training, len(part._forward_pre_hooks)) for part in net.modules()]
        with self.assertRaisesRegex(ValueError, pattern):
            lq.convert(net, widths, x)
        after = [(part, part.training, len(part._forward_pre_hooks)) for part in net.modules()]
        self.assertEqual(before, after)

    def test_every_lstm_is_calibrated_on_what_reaches_it(self):
        net, x = Net(), values(2, 9, 6)
        net.first.eval().requires_grad_(False)
        first, second = net.first, net.more[0]
        with torch.no_grad():
            between = first(x)[0] * 16
        rows = torch.cat([between[0, :4], between[1]])
        wanted = [
            lq.QuantLSTM.from_lstm(first, FOUR, calibrate=x),
            lq.QuantLSTM.from_lstm(second, FOUR, calibrate=rows),
        ]
        self.assertIs(lq.convert(net, FOUR, (x, 16.0)), net)
        for got, want in zip((net.first, net.more[0]), wanted):
            self.assertIs(type(got), lq.QuantLSTM)
            for name, value in want.state_dict().items():
                self.assertTrue(torch.equal(got.state_dict()[name], value), name)
        self.assertNotEqual(*(int(part.fractions[0]) for part in (net.first, net.more[0])))
        self.assertEqual((net.first.training, net.more[0].training, net.training), (False, True, True))
        self.assertEqual((net.first.dropout, net.first.batch_first), (0.5, True))
        self.assertFalse(any(part.requires_grad for part in net.first.parameters()))
        # Once more changes nothing that is quantised; then there is nothing left.
        self.refused("Net has no nn.LSTM or nn.GRU", net, x)

    def test_it_trains(self):
        net, x = Net(), values(2, 9, 6)
        lq.convert(net, lq.Widths.of(8), x)
        target, optimizer = values(2, 3), torch.optim.Adam(net.parameters(), lr=0.02)
        losses = []
        for _ in range(40):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(net(x), target)
            loss.backward()
            losses.append(loss.item())
            optimizer.step()
        self.assertLess(losses[-1], 0.5 * losses[0])
        model = lq.from_state_dict(net.state_dict(), prefix="more.0", head="fc")
        head = net.fc.head()
        np.testing.assert_array_equal(model.head.weight, head.weight)
        np.testing.assert_array_equal(model.head.bias, head.bias)
        with self.assertRaisesRegex(ValueError, "fc was trained with weights of 8 bits"):
            lq.from_state_dict(net.state_dict(), prefix="more.0", head="fc", head_bits=4)

    def test_dtype_and_the_module_itself(self):
        lstm, x = nn.LSTM(6, 5, dtype=torch.float64), values(9, 6).double()
        new = lq.convert(lstm, FOUR, x)
        self.assertIs(type(new), lq.QuantLSTM)
        self.assertEqual(new(x)[0].dtype, torch.float64)
        net = nn.Sequential(nn.Identity(), nn.LSTM(6, 5))
        self.assertIs(type(lq.convert(net, FOUR, x.float())[1]), lq.QuantLSTM)

    def test_one_layer_under_two_names_stays_one(self):
        net, x = Net(nn.LSTM(5, 5)), values(2, 9, 6)
        net.fc = nn.Linear(5, 3)
        net.again = net.more[0]
        lq.convert(net, FOUR, x)
        self.assertIs(net.again, net.more[0])
        self.assertIs(type(net.again), lq.QuantLSTM)

    def test_pruning_and_weight_norm_are_folded(self):
        for change in (
            lambda lstm: prune.random_unstructured(lstm, "weight_hh_l0", 0.5),
            lambda lstm: nn.utils.weight_norm(lstm, "weight_hh_l0"),
            lambda lstm: parametrizations.weight_norm(lstm, "weight_hh_l0"),
        ):
            net, x = Net(), values(2, 9, 6)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                change(net.more[0])
            net(x)
            want = net.more[0].weight_hh_l0.detach().clone()
            lq.convert(net, FOUR, x)
            self.assertTrue(torch.equal(net.more[0].weight_hh_l0, want))

    def test_what_is_refused_is_named(self):
        x = values(2, 9, 6)
        for second, word in [
            (nn.GRUCell(5, 7), "GRUCell"),
            (nn.RNN(5, 7), "RNN"),
            (nn.LSTMCell(5, 7), "LSTMCell"),
            (nn.LSTM(5, 7, proj_size=3, bidirectional=True), "proj_size"),
            (nn.LSTM(5, 7, proj_size=3), "proj_size"),
            (type("Peephole", (nn.LSTM,), {})(5, 7), "Peephole"),
        ]:
            self.refused(rf"more\.0: .*{word}", Net(second), x)
        net = Net()
        net.more[0].register_forward_hook(lambda *_: None)
        self.refused(r"more\.0: it has hooks", net, x)
        net = Net()
        net.tied = nn.LSTM(5, 7)
        net.tied.weight_hh_l0 = net.more[0].weight_hh_l0
        self.refused(r"more\.0: another module has its weight_hh_l0 too; tied: ", net, x)
        net = Net()
        net.unused = nn.LSTM(5, 7)
        self.refused("unused: the run on calibrate did not reach it", net, x)
        self.refused("first: calibrate hold", Net(), x * torch.nan)
        self.refused("levels", Net(), x, FOUR._replace(levels="none"))
        self.refused("Linear has no nn.LSTM or nn.GRU", nn.Linear(6, 5), x)

    def test_a_gru_is_calibrated_on_its_sequences(self):
        torch.manual_seed(3)
        net, x = Net(nn.GRU(5, 7)), values(2, 9, 6)
        second = net.more[0]
        with torch.no_grad():
            second.weight_ih_l0[14:].mul_(40)
            between = net.first(x)[0].detach() * 16
        packed = rnn.pack_padded_sequence(between, [4, 9], batch_first=True, enforce_sorted=False)
        want = lq.QuantGRU.from_gru(second, FOUR, calibrate=packed)
        lq.convert(net, FOUR, (x, 16.0))
        self.assertIs(type(net.more[0]), lq.QuantGRU)
        for name, value in want.state_dict().items():
            self.assertTrue(torch.equal(net.more[0].state_dict()[name], value), name)
        self.assertGreater(net.more[0].model().layers[0].v.bits, 12)


class Linear(unittest.TestCase):
    def layers(self):
        return (kind(6, 5, 2, batch_first=True) for kind in (nn.LSTM, nn.GRU))

    def test_linear_layers_on_codes_of_h(self):
        """Outputs are those of the integer head, of the file that `save` writes."""
        x = values(2, 9, 6)
        for widths in (lq.Widths.of(3), lq.Widths.of(2, "odd"), lq.Widths.of(1)):
            for name, way in MOVED.items():
                for layer in self.layers():
                    net = lq.convert(One(layer, way), widths, x).eval()
                    self.assertIs(type(net.fc), lq.QuantLinear, name)
                    del net.gain
                    with tempfile.TemporaryDirectory() as home:
                        lq.save(net, f"{home}/net.safetensors")
                        model = lq.Model.load(f"{home}/net.safetensors")
                    self.assertEqual(type(model.layers[0]), type(net.layer.model().layers[0]))
                    h = torch.tensor(model.run(model.quantize_input(x.numpy())))
                    wanted = model.outputs(way(net, h, h[None, :, -1]).numpy())
                    got = net(x).detach().double() * 2.0 ** (model.head.w_frac + widths.h.frac)
                    if name == "packed":
                        wanted[0, 4:] = model.head.bias
                    np.testing.assert_array_equal(got.numpy(), wanted)
                    if name == "the last step":
                        for output in ("sum", "argmax"):
                            with tempfile.TemporaryDirectory() as home:
                                lq.save(net, f"{home}/net.safetensors", output=output, when="last")
                                model = lq.Model.load(f"{home}/net.safetensors")
                            found = model.run_outputs(model.quantize_input(x.numpy()))
                            expected = wanted if output == "sum" else wanted.argmax(-1)[:, None]
                            np.testing.assert_array_equal(found, expected)

    def test_both_directions(self):
        """The output of a step, forward h beside backward h, is what the core's dense layer gets."""
        x, lengths = values(2, 9, 6), np.array([4, 9])
        ways = ("every step", "the last step", "by lengths", "dropout", "packed")
        for kind, name in itertools.product((nn.LSTM, nn.GRU), ways):
            source = kind(6, 5, 2, batch_first=True, bidirectional=True)
            net = lq.convert(One(source, MOVED[name], 10), FOUR, x).eval()
            self.assertIs(type(net.fc), lq.QuantLinear, name)
            del net.gain
            with tempfile.TemporaryDirectory() as home:
                lq.save(net, f"{home}/net.safetensors")
                model = lq.Model.load(f"{home}/net.safetensors")
            self.assertEqual(model.layers[1].direction, "bidirectional")
            h = torch.tensor(model.run(model.quantize_input(x.numpy())))
            wanted = model.outputs(MOVED[name](net, h, None).numpy())
            if name == "packed":
                wanted[0, 4:] = model.head.bias
            unit = 2.0 ** (model.head.w_frac + FOUR.h.frac)
            np.testing.assert_array_equal(net(x).detach().double().numpy() * unit, wanted)
        both = {
            "the last h of both, crossed": lambda self, out, state: torch.cat([state[-1], state[-2]], 1),
            "one half": lambda self, out, state: torch.cat([state[-2], state[-2]], 1),
            "forward alone": lambda self, out, state: out[..., :5],
            "units": OTHER["units"],
        }
        for name, way in both.items():
            source = nn.GRU(6, 5, bidirectional=True, batch_first=True)
            net = One(source, way, 5 if name == "forward alone" else 10)
            self.assertIs(type(lq.convert(net, FOUR, x).fc), nn.Linear, name)
        # A classifier of packed sequences: its words are those of sequences by their lengths.
        net = lq.convert(Packed(), FOUR, (x, lengths)).eval()
        self.assertIs(type(net.fc), lq.QuantLinear)
        with tempfile.TemporaryDirectory() as home:
            lq.save(net, f"{home}/net.safetensors", when="last")
            model = lq.Model.load(f"{home}/net.safetensors")
        unit = 2.0 ** (model.head.w_frac + FOUR.h.frac)
        found = model.run_outputs(model.quantize_input(x.numpy()), lengths)
        np.testing.assert_array_equal(net(x, lengths).detach().double().numpy() * unit, found)
        self.assertNotEqual(found.tolist(), model.run_outputs(model.quantize_input(x.numpy())).tolist())

    def test_last_states(self):
        """The last state of each direction is what a dense layer gets at the end of a sequence."""
        x = values(2, 9, 6)
        way = lambda self, out, state: torch.cat(list((state if torch.is_tensor(state) else state[0])[-2:]), 1)
        for kind in (nn.LSTM, nn.GRU):
            source = kind(6, 5, 2, batch_first=True, bidirectional=True)
            net = lq.convert(One(source, way, 10), FOUR, x).eval()
            self.assertIs(type(net.fc), lq.QuantLinear)
            self.assertTrue(net.fc.last_states)
            del net.gain
            with tempfile.TemporaryDirectory() as home:
                with self.assertRaisesRegex(ValueError, 'save with when="last"'):
                    lq.save(net, f"{home}/net.safetensors")
                lq.save(net, f"{home}/net.safetensors", when="last")
                model = lq.Model.load(f"{home}/net.safetensors")
                lq.save(net, f"{home}/net.safetensors", when="last", last_states=False)
                self.assertEqual(lq.Model.load(f"{home}/net.safetensors").layers[1].output_order, "time")
            self.assertEqual([layer.output_order for layer in model.layers], ["time", "processing"])
            unit = 2.0 ** (model.head.w_frac + FOUR.h.frac)
            found = model.run_outputs(model.quantize_input(x.numpy()))
            np.testing.assert_array_equal(net(x).detach().double().numpy() * unit, found)
            again = lq.from_state_dict(net.state_dict(), last_states=True)
            np.testing.assert_array_equal(again.run_outputs(again.quantize_input(x.numpy())), found)
        forward = lq.convert(One(nn.GRU(6, 5, batch_first=True), MOVED["every step"], 5), FOUR, x)
        with self.assertRaisesRegex(ValueError, "no bidirectional layer"):
            lq.save(forward, "never", last_states=True)

    def test_linear_layers_before(self):
        """Layers before, with a ReLU or without, take the values of the file's codes; the file is the network."""
        x = values(2, 9, 6)
        linear = lambda *sizes: nn.Linear(*sizes)  # noqa: E731
        chains = {
            "relu": (nn.Sequential(linear(6, 5), nn.ReLU()), [True]),
            "in place": (nn.Sequential(linear(6, 5), nn.ReLU(inplace=True)), [True]),
            "none": (linear(6, 5), [False]),
            "two": (nn.Sequential(linear(6, 8), nn.ReLU(), nn.Dropout(0.5), linear(8, 5)), [True, False]),
        }
        for widths in (lq.Widths.of(4), lq.Widths.of(2, "odd"), lq.Widths.of(8)):
            for (name, (front, relus)), kind in itertools.product(chains.items(), (nn.LSTM, nn.GRU)):
                torch.manual_seed(5)
                net = nn.ModuleDict({"front": copy.deepcopy(front), "rnn": kind(5, 4, batch_first=True), "fc": nn.Linear(4, 3)})
                net.forward = lambda x, net=net: net.fc(net.rnn(net.front(x))[0])
                net = lq.convert(net, widths, x).eval()
                found = [part for part in net.modules() if isinstance(part, lq.QuantFront)]
                self.assertEqual([bool(part.relu) for part in found], relus, name)
                with tempfile.TemporaryDirectory() as home:
                    self.assertEqual(lq.save(net, f"{home}/net.safetensors").left_out, [])
                    model = lq.Model.load(f"{home}/net.safetensors")
                self.assertEqual([(part.output, part.relu) for part in model.front], [("code", r) for r in relus])
                wanted = model.run_outputs(model.quantize_input(x.numpy()))
                # Its state dict alone makes the same file.
                again = lq.from_state_dict(net.state_dict())
                for part, same in zip([*model.front, model.head], [*again.front, again.head], strict=True):
                    np.testing.assert_array_equal(part.weight, same.weight)
                    self.assertEqual((part.y, part.relu), (same.y, same.relu), name)
                np.testing.assert_array_equal(again.run_outputs(again.quantize_input(x.numpy())), wanted, name)
                unit = 2.0 ** (model.head.w_frac + widths.h.frac)
                got = net["fc"](net["rnn"](net["front"](x))[0]).detach().double().numpy() * unit
                np.testing.assert_array_equal(got, wanted, name)
                # It trains: every weight before the layer gets a gradient.
                net["fc"](net["rnn"](net["front"](x))[0]).sum().backward()
                self.assertTrue(all(part.weight.grad.abs().sum() > 0 for part in found), name)
        for name, way in {
            "tanh": torch.tanh, "scaled": lambda x: 2 * x, "leaky": nn.functional.leaky_relu,
            "shifted in place": lambda x: x.add_(1),
        }.items():
            net = nn.ModuleDict({"front": nn.Linear(6, 5), "rnn": nn.LSTM(5, 4)})
            net.forward = lambda x, net=net, way=way: net.rnn(way(net.front(x)))
            self.assertIs(type(lq.convert(net, FOUR, x)["front"]), nn.Linear, name)

    def test_others_stay(self):
        x = values(2, 9, 6)
        for name, way in OTHER.items():
            for layer in self.layers():
                net = lq.convert(One(layer, way), FOUR, x)
                self.assertIs(type(net.fc), nn.Linear, name)
        for change in (
            lambda net: net.fc.register_forward_hook(lambda *_: None),
            lambda net: setattr(net.tied, "weight", net.fc.weight),
            lambda net: setattr(net, "fc", type("Other", (nn.Linear,), {})(5, 3)),
        ):
            net = One(nn.LSTM(6, 5), MOVED["every step"])
            net.tied = nn.Embedding(3, 5)
            change(net)
            before = net.fc
            self.assertIs(lq.convert(net, FOUR, x).fc, before)
        net = lq.convert(One(nn.LSTM(6, 5), MOVED["every step"]), FOUR, x, linear=False)
        self.assertIs(type(net.fc), nn.Linear)
        # It can be converted later, by h of the layer that is there.
        lq.convert(net, lq.Widths.of(8), x, head_bits=4)
        self.assertEqual((net.fc.h, net.fc.bits, net.layer.widths), (FOUR.h, 4, FOUR))

    def test_a_layer_of_two_calls_and_two_sources(self):
        class Two(nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.b, self.fc = nn.LSTM(6, 5), nn.GRU(6, 5), nn.Linear(5, 3)

            def forward(self, x):
                return self.fc(self.a(x)[0]) + self.fc(self.b(x)[0])

        net = lq.convert(Two(), FOUR, values(9, 6))
        self.assertIs(type(net.fc), nn.Linear)
        one = One(nn.LSTM(6, 5), lambda self, out, state: self.layer(out.new_ones(3, 6))[0])
        self.assertIs(type(lq.convert(one, FOUR, values(9, 6)).fc), lq.QuantLinear)

    def test_values_gradients_and_sizes(self):
        source = nn.Linear(5, 3, dtype=torch.float64).eval()
        source.bias.requires_grad_(False)
        module = lq.QuantLinear.from_linear(source, FOUR.h, 4)
        self.assertEqual((module.training, module.weight.dtype), (False, torch.float64))
        self.assertEqual([part.requires_grad for part in module.parameters()], [True, False])
        pruned = nn.Linear(5, 3)
        prune.random_unstructured(pruned, "weight", 0.5)
        folded = lq.QuantLinear.from_linear(pruned, FOUR.h)
        self.assertTrue(torch.equal(folded.weight, pruned.weight) and folded.weight.requires_grad)
        for bias in (True, False):
            for bits in (1, 4, 16):
                module = lq.QuantLinear(FOUR.h, bits, 5, 3, bias)
                with torch.no_grad():
                    module.weight[0, 0] = 9.0  # clamped: no gradient
                h = torch.randint(-8, 8, (2, 7, 5)) / 8.0
                out = module(h.requires_grad_())
                head = module.head()
                unit = 2.0 ** (head.w_frac + 3)
                np.testing.assert_array_equal(out.detach() * unit, head.run((h * 8).detach().numpy()))
                out.sum().backward()
                codes = torch.tensor(head.weight) * 2.0**-head.w_frac
                torch.testing.assert_close(h.grad[0, 0], codes.sum(0).float())
                inside = h.detach().sum((0, 1)).expand(3, 5).clone()
                if bits > 1:
                    inside[0, 0] = 0
                torch.testing.assert_close(module.weight.grad, inside)
                self.assertEqual(module(h.bfloat16()).dtype, torch.bfloat16)
                # Trained fractions stay, other formats are refused.
                other = lq.QuantLinear(FOUR.h, bits, 5, 3, bias)
                other.load_state_dict(module.state_dict())
                np.testing.assert_array_equal(other.head().weight, head.weight)
                with self.assertRaisesRegex(ValueError, "trained with"):
                    lq.QuantLinear(lq.Widths.of(2).h, bits, 5, 3, bias).load_state_dict(module.state_dict())

    def test_what_save_refuses(self):
        x = values(2, 9, 6)
        net = lq.convert(Net(), FOUR, x)
        with self.assertRaisesRegex(ValueError, "several: first, more.0"):
            lq.save(net, "none")
        with self.assertRaisesRegex(ValueError, "convert it before"):
            lq.save(Net(), "none")
        net = lq.convert(One(nn.LSTM(6, 5), MOVED["every step"]), FOUR, x)
        net.more = lq.QuantLinear(FOUR.h, 8, 5, 2)
        with self.assertRaisesRegex(ValueError, "several: fc, more"):
            lq.save(net, "none")
        net.more, net.fc = None, lq.QuantLinear(lq.Widths.of(3).h, 8, 5, 2)
        with self.assertRaisesRegex(ValueError, "fc takes 5 elements of s3.2, .* gives 5 of s4.3"):
            lq.save(net, "none")
        self.assertFalse(Path("none").exists())
        net.fc = None
        for options in ({"output": "code"}, {"when": "always"}, {"when": "last"}):
            with self.assertRaisesRegex(ValueError, "gives .* at "):
                lq.save(net, "none", **options)
        with tempfile.TemporaryDirectory() as home, self.assertWarnsRegex(UserWarning, "not in .*: gain"):
            self.assertEqual(lq.save(net, f"{home}/m").left_out, ["gain"])


if __name__ == "__main__":
    torch.set_num_threads(1)
    unittest.main()
