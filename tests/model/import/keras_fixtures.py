"""Keras models, with the h and outputs that Keras computes.

    KERAS_BACKEND=torch python tests/model/import/keras_fixtures.py

in an environment with keras, torch, h5py and numpy writes `fixtures/`. Archives hold their date, so
the bytes of `.keras` differ each time.
"""

import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import h5py
import keras
import numpy as np
from keras import layers

OUT = pathlib.Path(__file__).resolve().parent / "fixtures"
I, H, O, STEPS = 3, 4, 2, 6


def x():
    return np.load(OUT / "x.npy")[None]


def lstm(units=H, **options):
    return layers.LSTM(units, return_sequences=True, bias_initializer="glorot_uniform", **options)


def build(seed, *parts):
    keras.utils.set_random_seed(seed)
    keras.backend.clear_session()
    return keras.Sequential([keras.Input((None, I)), *[part() for part in parts]])


def npy(name, values):
    np.save(OUT / f"{name}.npy", np.asarray(values, dtype=np.float32)[0])


def read_ones():
    dense = lambda units, **options: lambda: layers.Dense(units, bias_initializer="glorot_uniform", **options)
    model = build(1, lstm, lambda: layers.Dropout(0.1), lambda: lstm(5), dense(6, activation="relu"), dense(O))
    hidden = keras.Model(model.inputs, model.layers[2].output)
    npy("keras.h", hidden.predict(x(), verbose=0))
    npy("keras.y", model.predict(x(), verbose=0))
    model.save(OUT / "stack.keras")
    model.save_weights(OUT / "stack.weights.h5")
    model.save(OUT / "stack.h5")

    keras.utils.set_random_seed(2)
    keras.backend.clear_session()
    inputs = keras.Input((None, I))
    h = lstm(use_bias=False, name="memory")(inputs)
    outputs = layers.TimeDistributed(layers.Dense(O, activation="softmax", name="classes"))(h)
    model = keras.Model(inputs, outputs)
    npy("functional.h", keras.Model(inputs, h).predict(x(), verbose=0))
    model.save(OUT / "functional.keras")

    keras.utils.set_random_seed(3)
    keras.backend.clear_session()
    model = keras.Sequential([keras.Input((None, I)), layers.RNN(layers.LSTMCell(H), return_sequences=True)])
    npy("rnn_cell.h", model.predict(x(), verbose=0))
    model.save(OUT / "rnn_cell.keras")


def gru_ones():
    """GRUs with biases of their own, by the place of the reset gate."""
    gru = lambda **options: lambda: layers.GRU(H, return_sequences=True, bias_initializer="glorot_uniform", **options)
    model = build(7, gru(), gru())
    npy("keras_gru.h", model.predict(x(), verbose=0))
    model.save(OUT / "keras_gru.keras")
    model.save(OUT / "keras_gru.h5")
    model.save_weights(OUT / "keras_gru.weights.h5")
    model = build(10, lstm, gru())
    npy("keras_mixed.h", model.predict(x(), verbose=0))
    model.save(OUT / "keras_mixed.keras")
    model = build(8, gru(use_bias=False))
    npy("keras_gru_nobias.h", model.predict(x(), verbose=0))
    model.save(OUT / "keras_gru_nobias.keras")
    for name, options in {"": {}, "_nobias": {"use_bias": False}}.items():
        model = build(9, gru(reset_after=False, **options))
        model.save(OUT / f"keras_gru_before{name}.keras")
        model.save_weights(OUT / f"keras_gru_before{name}.weights.h5")


def both_directions():
    """Bidirectional layers: forward h beside backward h at every step and the last states are read, all else refused."""
    gru = lambda: layers.GRU(H, return_sequences=True, bias_initializer="glorot_uniform")
    model = build(11, lambda: layers.Bidirectional(lstm()), lambda: layers.Bidirectional(gru()),
                  lambda: layers.Dense(O, bias_initializer="glorot_uniform"))
    npy("keras_bidirectional.h", keras.Model(model.inputs, model.layers[1].output).predict(x(), verbose=0))
    npy("keras_bidirectional.y", model.predict(x(), verbose=0))
    model.save(OUT / "keras_bidirectional.keras")
    model.save(OUT / "keras_bidirectional.h5")
    model.save_weights(OUT / "keras_bidirectional.weights.h5")
    build(12, lambda: layers.Bidirectional(lstm(), merge_mode="sum")).save(OUT / "keras_merged.keras")
    model = build(13, lambda: layers.Bidirectional(layers.LSTM(H)))
    npy("keras_last_states.h", model.predict(x(), verbose=0))
    model.save(OUT / "keras_last_states.keras")


def backward_ones():
    """Layers with go_backwards, which give their outputs from the last step to the first, and what turns them again."""
    gru = lambda **options: layers.GRU(H, return_sequences=True, bias_initializer="glorot_uniform", **options)
    back = {"go_backwards": True}
    # A backward layer, and a forward one, since it reads the turned steps from their end.
    model = build(14, lambda: lstm(**back), lambda: gru(**back), lambda: layers.Dense(O, bias_initializer="glorot_uniform"))
    npy("keras_twice_back.h", keras.Model(model.inputs, model.layers[1].output).predict(x(), verbose=0))
    npy("keras_twice_back.y", model.predict(x(), verbose=0))
    model.save(OUT / "keras_twice_back.keras")
    model.save(OUT / "keras_twice_back.h5")
    keras.utils.set_random_seed(15)
    keras.backend.clear_session()
    inputs = keras.Input((None, I))
    h = keras.ops.flip(gru(**back)(inputs), axis=1)
    outputs = layers.Dense(O, bias_initializer="glorot_uniform")(h)
    model = keras.Model(inputs, outputs)
    npy("keras_flip.h", keras.Model(inputs, h).predict(x(), verbose=0))
    npy("keras_flip.y", model.predict(x(), verbose=0))
    model.save(OUT / "keras_flip.keras")
    # Outputs from the last step to the first, alone, and before a layer that reads them so.
    for seed, name, built in (
        (16, "keras_back_last", [lambda: layers.LSTM(H, **back)]),
        (17, "keras_back_both", [lambda: lstm(**back), lambda: layers.Bidirectional(lstm())]),
    ):
        model = build(seed, *built)
        npy(f"{name}.h", model.predict(x(), verbose=0))
        model.save(OUT / f"{name}.keras")
    build(18, lambda: lstm(**back, stateful=False), lambda: layers.Dense(I), lambda: lstm(**back)).save(
        OUT / "keras_back_dense.keras")


def projected():
    """Dense layers before the recurrent one, the first for each step by itself."""
    dense = lambda units, **options: layers.Dense(units, bias_initializer="glorot_uniform", **options)
    model = build(14, lambda: layers.TimeDistributed(dense(6, activation="relu")), lambda: layers.Dropout(0.1),
                  lambda: dense(5), lambda: layers.GRU(H, return_sequences=True), lambda: dense(O))
    npy("keras_projected.h", keras.Model(model.inputs, model.layers[-2].output).predict(x(), verbose=0))
    npy("keras_projected.y", model.predict(x(), verbose=0))
    model.save(OUT / "keras_projected.keras")
    model.save(OUT / "keras_projected.h5")
    model.save_weights(OUT / "keras_projected.weights.h5")
    build(15, lambda: dense(5, activation="tanh"), lstm).save(OUT / "keras_tanh_before.keras")


def refused_ones():
    for name, part in {
        "simple_rnn": lambda: layers.SimpleRNN(H),
        "go_backwards": lambda: lstm(go_backwards=True),
        "hard_sigmoid": lambda: lstm(recurrent_activation="hard_sigmoid"),
        "relu": lambda: lstm(activation="relu"),
    }.items():
        model = build(4, part)
        model.save(OUT / f"keras_{name}.keras")
    build(5, lambda: layers.Conv1D(I, 3, padding="same"), lstm, lambda: layers.LayerNormalization(),
          lambda: layers.Dense(O)).save(OUT / "keras_front.keras")


def qkeras():
    """The layout of a QKeras model of tf.keras 2: names end in `:0`, classes begin with Q."""
    generator = np.random.default_rng(6)
    quantiser = {"class_name": "quantized_bits", "config": {"bits": 4, "integer": 0}}
    for name, recurrent in (("qkeras", "sigmoid"), ("qkeras_hard", "hard_sigmoid")):
        config = {
            "name": "qlstm", "units": H, "activation": "tanh", "recurrent_activation": recurrent,
            "use_bias": True, "go_backwards": False, "kernel_quantizer": quantiser,
        }
        layer = {"class_name": "QLSTM", "config": config}
        dense = {"class_name": "QDense", "config": {"name": "qdense", "activation": "linear", "units": O}}
        model = {"class_name": "Sequential", "config": {"name": "sequential", "layers": [layer, dense]}}
        shapes = {
            "qlstm": {"qlstm/qlstm_cell/kernel:0": (I, 4 * H), "qlstm/qlstm_cell/recurrent_kernel:0": (H, 4 * H),
                      "qlstm/qlstm_cell/bias:0": (4 * H,)},
            "qdense": {"qdense/kernel:0": (H, O), "qdense/bias:0": (O,)},
        }
        with h5py.File(OUT / f"{name}.h5", "w") as file:
            file.attrs["model_config"] = json.dumps(model)
            file.attrs["keras_version"] = "2.12.0"
            weights = file.create_group("model_weights")
            weights.attrs["layer_names"] = [b"qlstm", b"qdense"]
            for layer, tensors in shapes.items():
                group = weights.create_group(layer)
                group.attrs["weight_names"] = [key.encode() for key in tensors]
                for key, shape in tensors.items():
                    group.create_dataset(key, data=generator.normal(size=shape).astype("f4") / 2)


if __name__ == "__main__":
    read_ones()
    gru_ones()
    both_directions()
    backward_ones()
    projected()
    refused_ones()
    qkeras()
