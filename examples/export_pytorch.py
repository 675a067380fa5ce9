"""Trains a small PyTorch classifier of waves and saves it: a state dict, and arrays beside it.

    python examples/export_pytorch.py FOLDER

Writes classifier.pt, two_networks.ckpt (an autoencoder as a training saves it, two LSTMs and an
optimizer), calib.npy and test.npy, float32 of [batch, steps, channels], and kind.npy, the classes of the
latter. Needs PyTorch and NumPy.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

STEPS, CHANNELS, KINDS = 48, 3, 4


def waves(count, seed):
    """Noisy waves, [count, STEPS, CHANNELS], and which of KINDS frequencies each has, [count]."""
    random = np.random.default_rng(seed)
    kind = random.integers(0, KINDS, count)
    phase = random.uniform(0, 2 * np.pi, (count, 1, 1))
    angle = 0.2 * (kind[:, None, None] + 1) * np.arange(STEPS)[:, None] + np.arange(CHANNELS)
    noise = random.normal(0, 0.3, (count, STEPS, CHANNELS))
    return (np.sin(angle + phase) + noise).astype(np.float32), kind


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(CHANNELS, 24, num_layers=2, batch_first=True)
        self.fc = nn.Linear(24, KINDS)

    def forward(self, x):
        return self.fc(self.rnn(x)[0][:, -1])


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.LSTM(CHANNELS, 16, batch_first=True)
        self.decoder = nn.LSTM(16, CHANNELS, batch_first=True)

    def forward(self, x):
        return self.decoder(self.encoder(x)[0])[0]


def train(net, loss, epochs=40):
    x, kind = (torch.tensor(part) for part in waves(512, seed=1))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.005)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss(net(x[rows]), x[rows], kind[rows]).backward()
            # Without it, it hangs on the last digits of a processor whether anything is learnt.
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
    return optimizer


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    torch.set_num_threads(1)  # so small a network is faster on one
    calib, _ = waves(32, seed=2)
    test, kind = (part[:64] for part in waves(256, seed=3))
    np.save(folder / "calib.npy", calib)
    np.save(folder / "test.npy", test)
    np.save(folder / "kind.npy", kind)

    net = Classifier()
    train(net, lambda y, _, kind: nn.functional.cross_entropy(y, kind))
    with torch.no_grad():
        right = (net(torch.tensor(test)).argmax(1).numpy() == kind).mean()
    print(f"classifier: {100 * right:.1f} % of {len(test)} waves right")
    torch.save(net.state_dict(), folder / "classifier.pt")

    auto = Autoencoder()
    optimizer = train(auto, lambda y, x, _: nn.functional.mse_loss(y, x), epochs=2)
    checkpoint = {
        "epoch": 2,
        "state_dict": auto.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    torch.save(checkpoint, folder / "two_networks.ckpt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
