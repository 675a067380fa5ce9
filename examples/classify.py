"""A classifier of sequences: trained in floating point, converted, fine-tuned, and saved for a core.

    python examples/classify.py [--cell lstm] [--bits 4 2] [--out classify]

Digits of 8 by 8 pixels (scikit-learn's, or made here where it is not installed) are read row by row: 8 steps of 8
elements. A GRU or LSTM of 32 units reads them, and a linear layer takes its h after the last step to ten
classes. Then, for every width, the same network with the hardware's numbers: `lq.convert` replaces the recurrent
layer and the linear one, some epochs of training let the weights settle on their codes, and `lq.save` writes one
model file. Its integers, which the core computes, are compared with the module at the end.

Needs PyTorch (`pip install ./python torch scikit-learn`); takes 20 s on one core. What follows, for each width:

    lprnn-hw run --model classify/gru_2bit.safetensors --float-input --input classify/test_x.npy \\
        -o h.npy --head-output y.npy            # h and the sums of ten classes, of every step
    lprnn-hw gen --model classify/gru_2bit.safetensors --state-policy fixed_window --window 8 -o core
    lprnn-hw cosim core                         # the Verilog against the reference
    lprnn-hw estimate --model classify/gru_2bit.safetensors
"""

import argparse
import copy
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

# As long as the package is not installed: the one beside this folder.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
import lprnn_quant as lq  # noqa: E402

UNITS, CLASSES, STEPS = 32, 10, 8
CELLS = {"gru": nn.GRU, "lstm": nn.LSTM}


class Classifier(nn.Module):
    """A recurrent layer and a linear one on its last h. `convert` changes nothing of this text."""

    def __init__(self, cell: str) -> None:
        super().__init__()
        self.rnn = CELLS[cell](STEPS, UNITS, batch_first=True)
        self.fc = nn.Linear(UNITS, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, steps, 8] in, [batch, classes] out."""
        out, _ = self.rnn(x)
        return self.fc(out[:, -1])


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Images, [count, 8, 8] of 0 to 1, and their classes, [count], in an order that mixes them."""
    try:
        from sklearn.datasets import load_digits

        images, classes = load_digits(return_X_y=True)
        images = images.reshape(-1, STEPS, STEPS) / 16
    except ImportError:
        print("scikit-learn is not installed: ten random patterns with noise stand for the digits")
        random = np.random.default_rng(0)
        classes = random.integers(0, CLASSES, 1800)
        patterns = random.random((CLASSES, STEPS, STEPS)) < 0.4
        images = np.clip(patterns[classes] + random.normal(0, 0.6, (1800, STEPS, STEPS)), 0, 1)
    order = np.random.default_rng(1).permutation(len(images))
    return images[order].astype(np.float32), classes[order]


def train(net: nn.Module, x: torch.Tensor, y: torch.Tensor, epochs: int, rate: float) -> None:
    """Adam on batches of 64, the rate falling to zero."""
    optimizer = torch.optim.Adam(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    net.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
            optimizer.step()
        schedule.step()


@torch.no_grad()
def accuracy(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    """The share of sequences whose class is right."""
    return (net.eval()(x).argmax(1) == y).double().mean().item()


def integers(model: lq.Model, x: np.ndarray) -> np.ndarray:
    """Classes of real inputs, [batch, steps, 8], by the integers that the model file holds."""
    h = model.run(model.quantize_input(x))
    return model.outputs(h[:, -1]).argmax(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cell", choices=CELLS, default="gru")
    parser.add_argument("--bits", type=int, nargs="+", default=[4, 2])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("classify"))
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    images, classes = digits()
    # A fifth is for the test, which no choice is made by.
    count = len(images) // 5
    x, y = torch.tensor(images[count:]), torch.tensor(classes[count:])
    test_x, test_y = torch.tensor(images[:count]), torch.tensor(classes[:count])
    options.out.mkdir(parents=True, exist_ok=True)
    np.save(options.out / "test_x.npy", images[:count])

    net = Classifier(options.cell)
    train(net, x, y, options.epochs, 0.01)
    print(f"{len(x)} digits to train with, {count} to test; nn.{CELLS[options.cell].__name__}, {UNITS} units")
    print(f"float: {100 * accuracy(net, test_x, test_y):.1f} % right")

    for bits in options.bits:
        # Odd levels, -3, -1, 1, 3 at 2 bits; `convert` runs the network on `x` to choose fractions.
        converted = lq.convert(copy.deepcopy(net), lq.Widths.of(bits, "odd"), calibrate=x)
        before = accuracy(converted, test_x, test_y)
        # Parameters are new, and so is the optimiser. At a fifth of the rate, as the weights are nearly there.
        train(converted, x, y, options.epochs, 0.002)
        after = accuracy(converted, test_x, test_y)
        print(f"{bits} bits: {100 * before:.1f} % converted, {100 * after:.1f} % trained")
        path = options.out / f"{options.cell}_{bits}bit.safetensors"
        lq.save(converted, path)
        # What the file holds gives the same classes: no rounding is left to do.
        model = lq.Model.load(path)
        with torch.no_grad():
            same = integers(model, test_x.numpy()) == converted(test_x).argmax(1).numpy()
        print(f"  {path}: {same.sum()} of {count} classes as those of the module")


if __name__ == "__main__":
    main()
