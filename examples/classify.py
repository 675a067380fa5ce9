"""A classifier of sequences: trained in floating point, converted, fine-tuned, and saved for a core.

    python examples/classify.py [--cell lstm] [--both] [--bits 4 2] [--out classify]

Digits of 8 by 8 pixels (scikit-learn's, or patterns made here with --patterns) are read row by row: 8 steps of 8
elements. A GRU or LSTM of 32 units reads them, and a linear layer takes its h after the last step to ten
classes. Then, for every width, the same network with the hardware's numbers: `lq.convert` replaces the recurrent
layer and the linear one, some epochs of training let the weights settle on their codes, and `lq.save` writes one
model file, whose dense layer gives the index of the largest sum at the last step. Its integers, which the core
computes, are compared with the module at the end.

Needs PyTorch (`pip install ./python torch scikit-learn`); takes 20 s on one core. What follows, for each width:

    lprnn-hw run --model classify/gru_2bit.safetensors --float-input --input classify/test_x.npy \\
        -o h.npy --head-output run.npy          # h of every step, and a class for every sequence
    lprnn-hw gen --model classify/gru_2bit.safetensors -o core
    lprnn-hw cosim core --float-input --input classify/test_x.npy --words core.npy    # what the Verilog gave
    python examples/classify.py --count run.npy core.npy                              # how many are right
    lprnn-hw estimate --model classify/gru_2bit.safetensors

With --both the layer reads in both directions, and the linear layer takes the last state of each. Files
then are named classify/gru_both_2bit.safetensors, and `gen` wants the length of the longest sequence, --max-steps 8.
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

    def __init__(self, cell: str, units: int, both: bool = False) -> None:
        super().__init__()
        self.rnn = CELLS[cell](STEPS, units, batch_first=True, bidirectional=both)
        self.fc = nn.Linear(2 * units if both else units, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, steps, 8] in, [batch, classes] out."""
        out, state = self.rnn(x)
        if self.rnn.bidirectional:
            # The last state of each direction; out[:, -1] has the backward one of a single step.
            h = state[0] if isinstance(state, tuple) else state
            return self.fc(torch.cat([h[-2], h[-1]], 1))
        return self.fc(out[:, -1])


def patterns() -> tuple[np.ndarray, np.ndarray]:
    """Ten random pictures with noise, [1800, 8, 8], 0 to 1 in sixteenths, and their numbers, [1800]."""
    random = np.random.default_rng(0)
    classes = random.integers(0, CLASSES, 1800)
    pictures = random.random((CLASSES, STEPS, STEPS)) < 0.4
    noisy = pictures[classes] + random.normal(0, 0.6, (1800, STEPS, STEPS))
    return np.round(16 * np.clip(noisy, 0, 1)) / 16, classes


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Images of scikit-learn, [1797, 8, 8], 0 to 1 in sixteenths, and their classes, [1797]."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        sys.exit("scikit-learn is not installed: install it, or give --patterns for pictures that are made here")
    images, classes = load_digits(return_X_y=True)
    return images.reshape(-1, STEPS, STEPS) / 16, classes


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
def classes_of(net: nn.Module, x: torch.Tensor) -> np.ndarray:
    """The class of every sequence."""
    return net.eval()(x).argmax(1).numpy()


def integers(model: lq.Model, x: np.ndarray) -> np.ndarray:
    """Classes of real inputs, [batch, steps, 8], by the integers that the model file holds."""
    return model.run_outputs(model.quantize_input(x))[:, 0]


def count(files: list[Path], folder: Path) -> None:
    """How many of the classes in each file are right."""
    wanted = np.load(folder / "test_y.npy")
    for file in files:
        found = np.load(file).reshape(len(wanted))
        print(f"{file}: {(found == wanted).sum()} of {len(wanted)} right")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cell", choices=CELLS, default="gru")
    parser.add_argument("--bits", type=int, nargs="+", default=[4, 2])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--units", type=int, default=UNITS)
    parser.add_argument("--patterns", action="store_true", help="pictures that are made here, not scikit-learn's digits")
    parser.add_argument("--both", action="store_true", help="both directions")
    parser.add_argument("--out", type=Path, default=Path("classify"))
    parser.add_argument("--count", type=Path, nargs="+", metavar="FILE", help="count what is right in these, and no more")
    options = parser.parse_args()
    if options.count:
        count(options.count, options.out)
        return
    torch.manual_seed(0)
    torch.set_num_threads(1)
    images, classes = patterns() if options.patterns else digits()
    # In an order that mixes them.
    order = np.random.default_rng(1).permutation(len(images))
    images, classes = images[order].astype(np.float32), classes[order]
    # A fifth is for the test, which no choice is made by.
    tests = len(images) // 5
    x, y = torch.tensor(images[tests:]), torch.tensor(classes[tests:])
    test_x, wanted = torch.tensor(images[:tests]), classes[:tests]
    options.out.mkdir(parents=True, exist_ok=True)
    np.save(options.out / "test_x.npy", images[:tests])
    np.save(options.out / "test_y.npy", wanted)

    def right(network: nn.Module) -> str:
        """Of the test, counted and in per cent."""
        found = (classes_of(network, test_x) == wanted).sum()
        return f"{found} of {tests} right, {100 * found / tests:.1f} %"

    net = Classifier(options.cell, options.units, options.both)
    train(net, x, y, options.epochs, 0.01)
    print(f"{len(x)} pictures to train with, {tests} to test; nn.{CELLS[options.cell].__name__}, {options.units} units")
    print(f"float: {right(net)}")
    name = f"{options.cell}_both" if options.both else options.cell
    for bits in options.bits:
        # Odd levels, -3, -1, 1, 3 at 2 bits; `convert` runs the network on `x` to choose fractions.
        converted = lq.convert(copy.deepcopy(net), lq.Widths.of(bits, "odd"), calibrate=x)
        print(f"{bits} bits, converted: {right(converted)}")
        # Parameters are new, and so is the optimiser. At a fifth of the rate, as the weights are nearly there.
        train(converted, x, y, options.epochs, 0.002)
        print(f"{bits} bits, trained: {right(converted)}")
        path = options.out / f"{name}_{bits}bit.safetensors"
        lq.save(converted, path, output="argmax", when="last")
        # What the file holds gives the same classes: no rounding is left to do.
        same = integers(lq.Model.load(path), test_x.numpy()) == classes_of(converted, test_x)
        print(f"  {path}: {same.sum()} of {tests} classes as those of the module")


if __name__ == "__main__":
    main()
