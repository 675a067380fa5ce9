"""Training time of `QuantLSTM` over that of `nn.LSTM`, or of the GRUs: forward and backward, on one thread.

    python benches/quant_lstm.py [--cell gru] [--batch 64] [--steps 100] [--hidden 64] [--layers 1]
        [--both] [--rounds 40]

Both by turns in one process, the shortest time of each: what else the machine does matters less.
Needs PyTorch.
"""

import argparse
import sys
import time
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
sys.dont_write_bytecode = True
import lprnn_quant as lq  # noqa: E402

WIDE = lq.Widths(16, 16, 16, lq.Format(12, 8), 14, c=lq.Format(32, 24), s=lq.Format(32, 24))
CELLS = {"lstm": (nn.LSTM, lq.QuantLSTM.from_lstm), "gru": (nn.GRU, lq.QuantGRU.from_gru)}
WIDTHS = {
    "2 bits, odd": lq.Widths.of(2, "odd"),
    "4 bits": lq.Widths.of(4),
    "8 bits": lq.Widths.of(8),
    "16 bits, float64": WIDE,
}


def seconds(module: nn.Module, x: torch.Tensor) -> float:
    """Of one forward and backward pass."""
    start = time.process_time()
    module(x)[0].square().sum().backward()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in (("batch", 64), ("steps", 100), ("hidden", 64), ("layers", 1), ("rounds", 40)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--cell", choices=CELLS, default="lstm")
    parser.add_argument("--both", action="store_true", help="both directions")
    sizes = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    kind, convert = CELLS[sizes.cell]
    layer = kind(sizes.hidden, sizes.hidden, sizes.layers, bidirectional=sizes.both)
    x = torch.randn(sizes.steps, sizes.batch, sizes.hidden)
    for name, widths in WIDTHS.items():
        module = convert(layer, widths, calibrate=x)
        pairs = [(seconds(layer, x), seconds(module, x)) for _ in range(sizes.rounds)]
        plain, quantised = map(min, zip(*pairs))
        print(
            f"{name:17} {1e3 * quantised:6.1f} ms, nn.{kind.__name__} {1e3 * plain:6.1f} ms, "
            f"{quantised / plain:.2f} times"
        )


if __name__ == "__main__":
    main()
