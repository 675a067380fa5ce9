"""State dicts by PyTorch, with the h (and head outputs) that PyTorch computes.

    python tests/model/import/torch_fixtures.py

in an environment with torch, numpy and safetensors writes `fixtures/`, the same bytes each time.
"""

import pathlib
import sys
import warnings

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import parametrizations, prune

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE / "fixtures"
I, H, O, STEPS = 3, 4, 2, 6


def x():
    return torch.randn(STEPS, I, generator=torch.Generator().manual_seed(1))


def network(seed, **parts):
    """A module of these parts, made in their order after seeding."""
    torch.manual_seed(seed)
    return nn.ModuleDict({name: make() for name, make in parts.items()})


def npy(name, values):
    np.save(OUT / f"{name}.npy", values.detach().float().contiguous().numpy())


def tensors(name, state):
    save_file({key: value.contiguous().clone() for key, value in state.items()}, OUT / f"{name}.safetensors")


def lstm(layers=1, **options):
    return lambda: nn.LSTM(I, H, layers, **options)


def read_ones():
    """Everything that is read, with the outputs."""
    npy("x", x())
    model = network(10, rnn=lstm(2), fc=lambda: nn.Linear(H, O))
    h, _ = model.rnn(x())
    npy("classifier.h", h)
    npy("classifier.y", model.fc(h))
    state = model.state_dict()
    tensors("classifier", state)
    torch.save(state, OUT / "classifier.pt")
    checkpoint = {
        "epoch": 3,
        "global_step": 17,
        "state_dict": {f"net.{key}": value for key, value in state.items()},
        "hyper_parameters": {"lr": 1e-3, "sizes": [3, 4], "name": "é"},
        "optimizer_states": [{"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": []}],
        "callbacks": {},
    }
    torch.save(checkpoint, OUT / "lightning.ckpt")
    torch.save(model, OUT / "module.pt")
    torch.save({"a": state, "b": state}, OUT / "several.pt")
    for name, kind in (("f16", torch.float16), ("bf16", torch.bfloat16), ("f64", torch.float64)):
        short = {key: value.to(kind) for key, value in state.items()}
        tensors(name, short)
        if kind is not torch.float64:
            torch.save(short, OUT / f"{name}.pt")
        whole = network(10, rnn=lstm(2), fc=lambda: nn.Linear(H, O))
        whole.load_state_dict({key: value.float() for key, value in short.items()})
        npy(f"{name}.h", whole.rnn(x())[0])

    model = network(11, rnn=lstm(bias=False))
    npy("nobias.h", model.rnn(x())[0])
    tensors("nobias", model.state_dict())

    model = network(19, lstm=lstm())
    state = {key: value.t().contiguous().t() if value.dim() == 2 else value for key, value in model.state_dict().items()}
    together = torch.cat([state["lstm.bias_ih_l0"], state["lstm.bias_hh_l0"]])
    state["lstm.bias_ih_l0"], state["lstm.bias_hh_l0"] = together[: 4 * H], together[4 * H :]
    torch.save(state, OUT / "strided.pt")
    npy("strided.h", model.lstm(x())[0])

    model = network(12, cell=lambda: nn.LSTMCell(I, H), fc=lambda: nn.Linear(H, O))
    state, steps = None, []
    for step in x():
        state = model.cell(step[None], state)
        steps.append(state[0][0])
    npy("cell.h", torch.stack(steps))
    tensors("cell", model.state_dict())

    mlp = lambda: nn.Sequential(nn.Linear(H, 5), nn.ReLU(), nn.Linear(5, O))
    model = network(13, lstm=lstm(), head=mlp)
    h, _ = model.lstm(x())
    npy("mlp.h", h)
    npy("mlp.y", model.head(h))
    tensors("mlp", model.state_dict())

    model = network(14, lstm=lstm())
    for name in ("weight_hh_l0", "weight_ih_l0"):
        prune.l1_unstructured(model.lstm, name, 0.5)
    npy("pruned.h", model.lstm(x())[0])
    tensors("pruned", model.state_dict())

    model = network(15, lstm=lstm())
    nn.utils.weight_norm(model.lstm, "weight_hh_l0")
    model.lstm.weight_hh_l0_g.data *= 1.5
    npy("weight_norm.h", model.lstm(x())[0])
    tensors("weight_norm", model.state_dict())

    model = network(16, lstm=lstm(), fc=lambda: nn.Linear(H, O))
    parametrizations.weight_norm(model.lstm, "weight_hh_l0")
    parametrizations.weight_norm(model.lstm, "weight_ih_l0", dim=1)
    parametrizations.weight_norm(model.fc, "weight", dim=None)
    model.lstm.parametrizations.weight_hh_l0.original0.data *= 1.5
    model.lstm.parametrizations.weight_ih_l0.original0.data *= 0.7
    model.fc.parametrizations.weight.original0.data *= 2.0
    h, _ = model.lstm(x())
    npy("parametrised.h", h)
    npy("parametrised.y", model.fc(h))
    tensors("parametrised", model.state_dict())

def trained_ones():
    """Modules of lprnn_quant, whose state dicts bring their formats, and the h of their codes."""
    sys.path.insert(0, str(HERE.parents[2] / "python"))
    import lprnn_quant as lq

    widths = lq.Widths(3, 5, 4, lq.Format(9, 5), 7, lq.Format(14, 9), s=lq.Format(12, 10))
    odd = widths._replace(levels="auto", weight=2)
    for seed, name, make in (
        (17, "quant_lstm", lambda: lq.QuantLSTM(widths, I, H, 2)),
        (36, "quant_gru", lambda: lq.QuantGRU(widths, I, H, 2)),
        (37, "quant_gru_both", lambda: lq.QuantGRU(odd, I, H, 2, bidirectional=True)),
    ):
        part = "gru" if "gru" in name else "lstm"
        model = network(seed, **{part: make})
        if part == "gru":
            for index, parameter in enumerate(model.parameters()):
                # What n's parts reach is another in each pass, and so is the format of v.
                parameter.data *= 1 + 2 * index
        model[part].fit(x())
        npy(f"{name}.h", model[part](x())[0])
        tensors(name, model.state_dict())
    torch.save(model.state_dict(), OUT / "quant_gru_both.pt")


def brevitas():
    """Brevitas' names for the weights of an nn.LSTM, with two of its scales."""
    torch.manual_seed(18)
    layer = nn.LSTM(I, H)
    state = {}
    order = ("input_gate", "forget_gate", "cell_gate", "output_gate")
    ih, hh = layer.weight_ih_l0.chunk(4), layer.weight_hh_l0.chunk(4)
    bias = (layer.bias_ih_l0 + layer.bias_hh_l0).chunk(4)
    for index, gate in enumerate(order):
        place = f"net.layers.0.0.{gate}_params"
        state[f"{place}.input_weight.weight"] = ih[index].detach()
        state[f"{place}.hidden_weight.weight"] = hh[index].detach()
        state[f"{place}.bias"] = bias[index].detach()
    scale = "fused_activation_quant_proxy.tensor_quant.scaling_impl.value"
    state[f"net.layers.0.0.cell.output_quant.{scale}"] = torch.tensor([1.0])
    state[f"net.layers.0.0.cell.cell_state_quant.{scale}"] = torch.tensor([3.1])
    npy("brevitas.h", layer(x())[0])
    tensors("brevitas", state)


def gru_ones():
    """GRUs, whose two biases of n stay apart."""
    model = network(30, rnn=lambda: nn.GRU(I, H, 2), fc=lambda: nn.Linear(H, O))
    h, _ = model.rnn(x())
    npy("gru.h", h)
    npy("gru.y", model.fc(h))
    tensors("gru", model.state_dict())
    torch.save(model.state_dict(), OUT / "gru.pt")

    model = network(31, rnn=lambda: nn.GRU(I, H, bias=False))
    npy("gru_nobias.h", model.rnn(x())[0])
    tensors("gru_nobias", model.state_dict())

    model = network(32, cell=lambda: nn.GRUCell(I, H))
    state, steps = None, []
    for step in x():
        state = model.cell(step[None], state)
        steps.append(state[0])
    npy("gru_cell.h", torch.stack(steps))
    tensors("gru_cell", model.state_dict())

    model = network(33, rnn=lambda: nn.GRU(I, H))
    nn.utils.weight_norm(model.rnn, "weight_hh_l0")
    model.rnn.weight_hh_l0_g.data *= 1.5
    npy("gru_weight_norm.h", model.rnn(x())[0])
    tensors("gru_weight_norm", model.state_dict())


def both_directions():
    """Bidirectional networks, whose linear layer takes forward h beside backward h."""
    model = network(34, rnn=lambda: nn.GRU(I, H, bidirectional=True))
    npy("gru_bidirectional.h", model.rnn(x())[0])
    tensors("gru_bidirectional", model.state_dict())
    model = network(35, rnn=lstm(2, bidirectional=True), fc=lambda: nn.Linear(2 * H, O))
    h, _ = model.rnn(x())
    npy("bidirectional.h", h)
    npy("bidirectional.y", model.fc(h))
    tensors("bidirectional", model.state_dict())


def trained_gru():
    """A GRU trained to a leaky sum of its first input, which stands still while the second is negative."""
    torch.manual_seed(5)
    torch.set_num_threads(1)
    model = nn.ModuleDict({"rnn": nn.GRU(3, 12), "fc": nn.Linear(12, 1)})
    optimizer = torch.optim.Adam(model.parameters(), 0.02)

    def batch(steps, count, seed):
        inputs = torch.randn(steps, count, 3, generator=torch.Generator().manual_seed(seed))
        sums = [torch.zeros(count)]
        for step in inputs:
            sums.append(torch.where(step[:, 1] > 0, 0.8 * sums[-1] + 0.3 * step[:, 0], sums[-1]))
        return inputs, torch.stack(sums[1:])[..., None]

    for seed in range(150):
        inputs, wanted = batch(32, 16, seed)
        loss = (model.fc(model.rnn(inputs)[0]) - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    inputs, _ = batch(300, 1, 1000)
    h, _ = model.rnn(inputs)
    tensors("trained_gru", model.state_dict())
    npy("trained_gru.x", inputs[:, 0])
    npy("trained_gru.h", h[:, 0])
    npy("trained_gru.y", model.fc(h)[:, 0])


def projected():
    """Linear layers before the recurrent ones."""
    model = network(30, in_proj=lambda: nn.Linear(I, 5), rnn=lambda: nn.LSTM(5, H, 2), fc=lambda: nn.Linear(H, O))
    h, _ = model.rnn(model.in_proj(x()).relu())
    npy("projected.h", h)
    npy("projected.y", model.fc(h))
    tensors("projected", model.state_dict())
    front = lambda: nn.Sequential(nn.Linear(I, 6), nn.ReLU(), nn.Linear(6, 5, bias=False))
    model = network(31, front=front, rnn=lambda: nn.GRU(5, H, bidirectional=True))
    npy("projected_gru.h", model.rnn(model.front(x()))[0])
    tensors("projected_gru", model.state_dict())


def refused_ones():
    """What is refused by name, and what needs a choice."""
    linear = lambda: nn.Linear(H, O)
    two = {"encoder": lambda: nn.ModuleDict({"lstm": nn.LSTM(I, H)})}
    two["decoder"] = lambda: nn.ModuleDict({"lstm": nn.LSTM(H, 5), "fc": nn.Linear(5, O)})
    for name, parts in {
        "rnn": {"rnn": lambda: nn.RNN(I, H), "fc": linear},
        "projection": {"rnn": lambda: nn.LSTM(I, 6, proj_size=H), "fc": linear},
        "two_networks": two,
        "heads": {"lstm": lstm(), "fc": linear, "head": lambda: nn.Linear(H, 3, bias=False)},
        "front": {"in_proj": lambda: nn.Linear(5, I), "lstm": lstm(), "norm": lambda: nn.LayerNorm(H), "fc": linear},
        "square": {"linear1": lambda: nn.Linear(H, H), "lstm": lambda: nn.LSTM(H, H), "linear2": lambda: nn.Linear(H, H)},
    }.items():
        tensors(name, network(20, **parts).state_dict())
    state = network(21, rnn=lstm()).state_dict()
    tensors("transposed", {key: value.t() if value.dim() == 2 else value for key, value in state.items()})
    dropped = {key.replace("weight_hh_l0", "weight_hh_l0_raw"): value for key, value in state.items()}
    tensors("weight_drop", dropped)
    model = network(22, rnn=lstm())
    nn.utils.spectral_norm(model.rnn, "weight_hh_l0")
    tensors("spectral_norm", model.state_dict())
    tensors("int8", {key: (value * 100).to(torch.int8) for key, value in state.items()})
    model = network(23, rnn=lstm(), fc=linear)
    torch.ao.quantization.quantize_dynamic(model, {nn.LSTM, nn.Linear}, inplace=True)
    torch.save(model.state_dict(), OUT / "quantised.pt")
    torch.save({"note": 1}, OUT / "no_tensors.pt")


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    read_ones()
    trained_ones()
    brevitas()
    gru_ones()
    both_directions()
    trained_gru()
    projected()
    refused_ones()
