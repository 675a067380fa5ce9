"""`convert`: networks of PyTorch with `QuantLSTM` in the place of `nn.LSTM`. Needs PyTorch.

    python tests/python/test_convert.py
"""

import sys
import unittest
import warnings
from pathlib import Path

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
    """Two LSTMs, the second of packed sequences in a list, and a head."""

    def __init__(self, second=None):
        super().__init__()
        torch.manual_seed(3)
        self.first = nn.LSTM(6, 5, 2, dropout=0.5, batch_first=True)
        self.more = nn.ModuleList([second or nn.LSTM(5, 7)])
        self.fc = nn.Linear(7, 3)

    def forward(self, x, gain=1.0):
        out, _ = self.first(input=x)
        packed = rnn.pack_padded_sequence(out * gain, [4, 9], batch_first=True, enforce_sorted=False)
        _, (h, _) = self.more[0](packed)
        return self.fc(h[-1])


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
        self.refused("Net has no nn.LSTM", net, x)

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
        self.assertEqual(model.head.weight.shape, (3, 7))

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
            (nn.GRU(5, 7), "GRU"),
            (nn.RNN(5, 7), "RNN"),
            (nn.LSTMCell(5, 7), "LSTMCell"),
            (nn.LSTM(5, 7, bidirectional=True), "bidirectional"),
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
        self.refused("Linear has no nn.LSTM", nn.Linear(6, 5), x)


if __name__ == "__main__":
    torch.set_num_threads(1)
    unittest.main()
