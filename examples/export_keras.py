"""Trains a small Keras forecaster and saves it as .keras, with arrays beside it.

    KERAS_BACKEND=torch python examples/export_keras.py FOLDER     # or jax, tensorflow

Writes forecaster.keras, calib.npy and test.npy, float32 of [batch, steps, channels], and after.npy, the
values to be forecast. Needs Keras 3 with any backend, and NumPy.
"""

import sys
from pathlib import Path

import keras
import numpy as np

STEPS, CHANNELS = 48, 2


def series(count, seed):
    """Damped oscillations, [count, STEPS, CHANNELS], and the value after the last step, [count, 1]."""
    random = np.random.default_rng(seed)
    step = np.arange(STEPS + 1)
    rate, phase = random.uniform(0.1, 0.4, (count, 1)), random.uniform(0, 6, (count, 1))
    wave = np.exp(-0.02 * step) * np.sin(rate * step + phase)
    both = np.stack([wave, random.normal(0, 0.05, wave.shape) + wave], 2).astype(np.float32)
    return both[:, :-1], both[:, -1, :1]


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((STEPS, CHANNELS)),
            keras.layers.LSTM(20, return_sequences=True),
            keras.layers.LSTM(16),
            keras.layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "mse")
    model.fit(*series(512, seed=1), epochs=12, batch_size=64, verbose=0)
    test, after = (part[:64] for part in series(256, seed=3))
    error = np.sqrt(((model.predict(test, verbose=0) - after) ** 2).mean())
    print(f"forecaster: {error:.4f} root mean square error on {len(test)} series")
    model.save(folder / "forecaster.keras")
    np.save(folder / "calib.npy", series(32, seed=2)[0])
    np.save(folder / "test.npy", test)
    np.save(folder / "after.npy", after)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
