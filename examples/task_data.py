"""Data of three tasks for `lprnn-hw train --task`, as .npy in the folder that is named.

    python examples/task_data.py data

digits: scikit-learn's handwritten digits, 8 steps of 8 pixels, classes 0 to 9; without scikit-learn they are left out.
adding: two numbers of 30 in 0 .. 1 are marked, their sum is the target: one thing to keep in mind for long.
load: the hourly load of a made household, with days, weeks, weather and noise: what it is an hour later.

Every array comes as NAME_x.npy, NAME_y.npy and NAME_x_test.npy, NAME_y_test.npy.
"""

import pathlib
import sys

import numpy as np


def digits(out: pathlib.Path) -> None:
    """1497 digits to train on, 300 to test."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        print("digits: scikit-learn is not installed", file=sys.stderr)
        return
    data = load_digits()
    x, y = data.images.astype(np.float32), data.target
    np.save(out / "digits_x.npy", x[:1497])
    np.save(out / "digits_y.npy", y[:1497])
    np.save(out / "digits_x_test.npy", x[1497:])
    np.save(out / "digits_y_test.npy", y[1497:])


def adding(out: pathlib.Path, steps: int = 30) -> None:
    """The adding problem, 2000 sequences to train on, 500 to test: [number, marked or not], their sum."""
    noise = np.random.default_rng(1)
    for name, count in (("", 2000), ("_test", 500)):
        x = np.zeros((count, steps, 2), np.float32)
        x[..., 0] = noise.random((count, steps))
        rows = np.arange(count)
        for half in (0, 1):
            x[rows, noise.integers(half * steps // 2, (half + 1) * steps // 2, count), 1] = 1
        np.save(out / f"adding_x{name}.npy", x)
        np.save(out / f"adding_y{name}.npy", (x[..., 0] * x[..., 1]).sum(1))


def load(out: pathlib.Path, hours: int = 24 * 7 * 26) -> None:
    """Watts, degrees and the hour as a point on a circle, 26 weeks; the last two are for the test."""
    noise = np.random.default_rng(2)
    hour = np.arange(hours)
    day, week = 2 * np.pi * hour / 24, hour // 24 % 7
    weather = np.convolve(noise.normal(0, 1, hours + 71), np.ones(72) / 72, "valid") * 12
    degrees = 10 - 6 * np.cos(2 * np.pi * hour / hours) - 4 * np.cos(day) + weather
    habits = 500 + 220 * np.sin(day - 2.2) ** 2 + np.where(week > 4, 150, 0) * (np.sin(day / 2) ** 2)
    heat = 35 * np.maximum(0, 16 - degrees)
    wander = np.zeros(hours)
    for now in range(1, hours):
        wander[now] = 0.8 * wander[now - 1] + noise.normal(0, 25)
    x = np.stack([habits + heat + wander, degrees, np.cos(day), np.sin(day)], 1).astype(np.float32)
    for name, part in (("", x[: -24 * 14]), ("_test", x[-24 * 14:])):
        np.save(out / f"load_x{name}.npy", part[:-1])
        np.save(out / f"load_y{name}.npy", part[1:, 0])


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    digits(folder)
    adding(folder)
    load(folder)
