"""python/lprnn_quant against `lprnn-hw run`, word for word.

    python parity.py LPRNN_HW [--torch]

NumPy alone by default; --torch compares QuantLSTM and QuantGRU as well and checks their gradients.
Exit status 1 at the first difference.
"""

import copy
import itertools
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))
sys.dont_write_bytecode = True
import lprnn_quant as lq  # noqa: E402
from lprnn_quant.files import write_safetensors  # noqa: E402

STEPS = 2_000
# Widths of weights, h, x; sizes I, then H of every layer; element-wise formats.
MIXES = [
    ((8, 8, 8), (12, 20), {}),
    ((4, 4, 4), (9, 17, 11), {}),
    ((2, 2, 2), (16, 24), {}),
    ((1, 1, 1), (7, 13), {}),
    ((1, 4, 8), (5, 19), {}),
    ((3, 8, 5), (1, 1, 6), {}),
    ((16, 16, 16), (6, 10), {"z": lq.Format(12, 8), "a_frac": 14, "c": lq.Format(24, 16)}),
    ((5, 3, 2), (10, 8), {"z": lq.Format(6, 3), "a_frac": 4, "c": lq.Format(8, 2)}),
    ((2, 2, 2), (16, 24), {"levels": "odd"}),
    ((3, 4, 2), (9, 17, 11), {"levels": "odd"}),
    ((2, 3, 8), (11, 14), {"levels": "auto"}),
    ((4, 1, 3), (7, 9, 9), {"levels": "odd"}),
]


def state_dict(sizes, random):
    """Float weights that saturate something now and then."""
    state = {}
    for layer, (inputs, hidden) in enumerate(zip(sizes, sizes[1:])):
        for name, shape in [
            ("weight_ih", (4 * hidden, inputs)),
            ("weight_hh", (4 * hidden, hidden)),
            ("bias_ih", (4 * hidden,)),
            ("bias_hh", (4 * hidden,)),
        ]:
            scale = 2.5 / np.sqrt(shape[-1]) if len(shape) == 2 else 0.4
            state[f"lstm.{name}_l{layer}"] = random.normal(0, scale, shape).astype(np.float32)
    return state


def tool(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, arguments))}: {done.stderr}")


def same(got, want, what):
    if got.shape != want.shape:
        sys.exit(f"{what}: shape {got.shape}, lprnn-hw has {want.shape}")
    different = np.argwhere(got != want)
    if len(different):
        at = tuple(different[0])
        sys.exit(f"{what}: {len(different)} words differ, first at {at}: {got[at]}, {want[at]}")
    return got.size


def compare(program, home, mix, random):
    """Words compared: of h, of c, and of quantised inputs."""
    (weight, act, inputs), sizes, formats = mix
    widths = lq.Widths(weight, act, inputs, **formats)
    x = (random.normal(0, 1, (STEPS, sizes[0]))).astype(np.float32)
    model = lq.from_state_dict(state_dict(sizes, random), widths, calibrate=x)
    file, h_file = home / "model.safetensors", home / "h.npy"
    model.save(file)
    x_codes = model.quantize_input(x)
    np.save(home / "x.npy", x_codes.astype(np.int32))
    np.save(home / "float.npy", x)
    h = model.run(x_codes)
    words = 0
    tool(program, "run", "--model", file, "--input", home / "x.npy", "-o", h_file)
    words += same(h, np.load(h_file).reshape(h.shape), f"h of {mix}")
    tool(program, "run", "--model", file, "--float-input", "--input", home / "float.npy",
         "-o", h_file)
    words += same(h, np.load(h_file).reshape(h.shape), f"h of float inputs of {mix}")
    again = lq.Model.load(file)
    words += same(again.run(x_codes[:20]), h[:20], f"h of the loaded file of {mix}")
    words += compare_batch(program, home, model, x_codes)
    words += compare_rows(program, home, model, x_codes, random)
    return words


def compare_batch(program, home, model, x_codes):
    """A batch of four sequences, each from zero state, and the c of every step."""
    batch = x_codes[:480].reshape(4, 120, -1)
    np.save(home / "x.npy", batch.astype(np.int32))
    tool(program, "run", "--model", home / "model.safetensors", "--input", home / "x.npy",
         "-o", home / "h.npy", "--state", home / "c.npy")
    h, c = np.load(home / "h.npy"), np.load(home / "c.npy")
    got, state = model.run_with_state(batch)
    words = same(got, h, "h of a batch") + same(state[-1][1], c[:, -1], "c of a batch")
    lengths = np.array([120, 1, 77, 50])
    got, state = model.run_with_state(batch, lengths)
    for index, length in enumerate(lengths):
        words += same(got[index, :length], h[index, :length], "h of some length")
        words += same(state[-1][1][index], c[index, length - 1], "c after some length")
        if got[index, length:].any():
            sys.exit("h behind the end of a sequence is not zero")
    first, state = model.run_with_state(batch[:, :50])
    rest, _ = model.run_with_state(batch[:, 50:], state=state)
    words += same(np.concatenate([first, rest], 1), h, "h with a carried state")
    return words


def compare_rows(program, home, model, x_codes, random):
    """The same model with a multiplier for every row."""
    file = home / "rows.safetensors"
    scaled = copy.deepcopy(model)
    for layer in scaled.layers:
        multiplier = random.integers(0, 64, len(layer.bias))
        layer.row_scale = lq.RowScale(6, 5, multiplier)
    scaled.save(file)
    np.save(home / "x.npy", x_codes[:200].astype(np.int32))
    tool(program, "run", "--model", file, "--input", home / "x.npy", "-o", home / "h.npy")
    return same(lq.Model.load(file).run(x_codes[:200]), np.load(home / "h.npy"), "h of scaled rows")


def gru_layer(sizes, widths, formats, random):
    """A GRU of random codes, fractions and biases."""
    (weight, act, inputs), (size, hidden) = widths, sizes
    levels = formats.get("levels", "even")
    form = lq.Format(weight, 0, levels)
    draw = lambda *shape: form.low + 1 - form.odd + random.integers(  # noqa: E731
        0, (form.high - form.low) // (1 + form.odd) + form.odd, shape) * (1 + form.odd)
    near = lambda: [int(weight + random.integers(0, 3)) for _ in range(3)]  # noqa: E731
    own = {name: form for name, form in formats.items() if name != "levels"}
    layer = lq.GruLayer(
        draw(3 * hidden, size), draw(3 * hidden, hidden), None, None,
        lq.Format(inputs, inputs - 2, levels), lq.Format(act, act - 1, levels), weight, near(), near(),
        **own, w_levels=levels)
    of = [max(layer.product_fracs(gate)) for gate in range(2)] + list(layer.product_fracs(2))
    ends = [1 << min(max(frac, 0), 30) for frac in of]
    bias = [random.integers(-end, end, hidden, endpoint=True) for end in ends]
    layer.bias, layer.bias_n_h = np.concatenate(bias[:3]), bias[3]
    return layer


GRU_MIXES = [
    ((8, 8, 8), (12, 20), {}),
    ((4, 4, 4), (9, 17), {}),
    ((2, 4, 4), (16, 24), {"v": lq.Format(9, 5), "s": lq.Format(12, 9)}),
    ((1, 1, 1), (7, 13), {}),
    ((5, 3, 2), (10, 8), {"z": lq.Format(6, 3), "a_frac": 4, "v": lq.Format(7, 2), "s": lq.Format(8, 2)}),
    ((2, 3, 2), (11, 14), {"levels": "odd"}),
    ((16, 16, 16), (6, 10), {"z": lq.Format(12, 8), "a_frac": 14, "s": lq.Format(24, 20)}),
]


def compare_gru(program, home, mix, random):
    """A GRU of codes: its file, h of every step, s at the end, and multipliers for all four sums."""
    widths, sizes, formats = mix
    words = 0
    for scaled in (False, True):
        layer = gru_layer(sizes, widths, formats, random)
        if scaled:
            layer.row_scale = lq.RowScale(6, 5, random.integers(0, 64, 4 * sizes[1]))
        model = lq.Model([layer])
        x = layer.x.low + random.integers(0, (layer.x.high - layer.x.low) // (1 + layer.x.odd) + 1,
                                          (4, 100, sizes[0])) * (1 + layer.x.odd)
        np.save(home / "x.npy", x.astype(np.int32))
        model.save(home / "gru.safetensors")
        tool(program, "run", "--model", home / "gru.safetensors", "--input", home / "x.npy",
             "-o", home / "h.npy", "--state", home / "s.npy")
        h, state = lq.Model.load(home / "gru.safetensors").run_with_state(x)
        words += same(h, np.load(home / "h.npy"), f"h of the GRU {mix}")
        words += same(state[0][1], np.load(home / "s.npy")[:, -1], f"s of the GRU {mix}")
        if len(np.unique(h)) < 2:
            sys.exit(f"h of the GRU {mix} never moves")
    return words


def compare_quantized(program, home):
    """A file that `lprnn-hw quantize` wrote, with an integer head and an offset of x."""
    demo, file = ROOT / "models/demo", home / "quantized.safetensors"
    tool(program, "quantize", "--bits", "4", "--model", demo / "demo.safetensors",
         "--calibrate", demo / "calib.npy", "--input-offset", "0.375", "-o", file)
    x = np.load(demo / "test.npy")
    tool(program, "run", "--model", file, "--float-input", "--input", demo / "test.npy",
         "-o", home / "h.npy", "--head-output", home / "y.npy")
    model = lq.Model.load(file)
    h, y = np.load(home / "h.npy"), np.load(home / "y.npy")
    words = same(model.run(model.quantize_input(x)), h, "h of quantize's file")
    plain = h.astype(np.int64) @ model.head.weight.T + model.head.bias
    words += same(plain, y, "y of quantize's file")
    # What Python writes of it, the program reads as the same.
    model.save(home / "again.safetensors")
    tool(program, "run", "--model", home / "again.safetensors", "--float-input",
         "--input", demo / "test.npy", "-o", home / "again.npy")
    return words + same(np.load(home / "again.npy"), np.load(home / "h.npy"), "h of the copy")


def compare_quantized_gru(program, home):
    """A GRU of PyTorch: the codes that `lprnn-hw quantize` makes in some formats are those made here."""
    fixtures, file, words = ROOT / "tests/model/import/fixtures", home / "gru.safetensors", 0
    state, _ = lq.read_safetensors(fixtures / "trained_gru.safetensors")
    inputs = fixtures / "trained_gru.x.npy"
    for levels, bits, own in [
        ("even", 8, {}), ("even", 4, {}), ("odd", 2, {}), ("odd", 2, {"act_levels": "even", "h_frac": 2}),
    ]:
        widths = lq.Widths.of(bits, levels)._replace(**own)
        tool(program, "quantize", "--bits", bits, "--levels", levels, "--act-levels", own.get("act_levels", levels),
             "--model", fixtures / "trained_gru.safetensors", "--calibrate", inputs, "--h-frac", widths.h.frac, "-o", file)
        want = lq.Model.load(file)
        layer = want.layers[0]
        widths = widths._replace(z=layer.z, a_frac=layer.a_frac, s=layer.s)
        model = lq.from_state_dict(state, widths, calibrate=np.load(inputs), x_frac=layer.x.frac)
        got = model.layers[0]
        for name in ("weight_ih", "weight_hh", "bias", "bias_n_h"):
            words += same(getattr(got, name), getattr(layer, name), f"{name} of a GRU of {bits} bits")
        for name in ("x", "h", "z", "v", "s", "w_bits", "w_levels", "w_frac_ih", "w_frac_hh"):
            if getattr(got, name) != getattr(layer, name):
                sys.exit(f"{name} of a GRU of {bits} bits: {getattr(got, name)}, {getattr(layer, name)}")
        tool(program, "run", "--model", file, "--float-input", "--input", inputs, "-o", home / "h.npy")
        h = model.run(model.quantize_input(np.load(inputs)))
        words += same(h, np.load(home / "h.npy"), f"h of a GRU of {bits} bits")
    return words


def compare_both_directions(program, home):
    """Bidirectional layers of PyTorch as `from_state_dict` makes them: the words of `run`, from real inputs."""
    fixtures, file, words = ROOT / "tests/model/import/fixtures", home / "both.safetensors", 0
    x = np.load(fixtures / "x.npy")
    for name in ("bidirectional", "gru_bidirectional"):
        state, _ = lq.read_safetensors(fixtures / f"{name}.safetensors")
        for widths in (lq.Widths.of(8), lq.Widths.of(4), lq.Widths.of(2, "odd")):
            model, what = lq.from_state_dict(state, widths, calibrate=x), f"{name} of {widths.weight} bits"
            model.save(file)
            more = ["--head-output", home / "y.npy"] if model.head else []
            tool(program, "run", "--model", file, "--float-input", "--input", fixtures / "x.npy",
                 "-o", home / "h.npy", *more)
            h = model.run(model.quantize_input(x))
            words += same(h, np.load(home / "h.npy"), f"h of {what}")
            if model.head:
                words += same(model.outputs(h), np.load(home / "y.npy"), f"y of {what}")
            want = np.load(fixtures / f"{name}.h.npy").reshape(h.shape)
            if widths.weight == 8 and np.abs(h * 2.0**-widths.h.frac - want).max() > 0.1:
                sys.exit(f"h of {what} is not PyTorch's")
    return words


def compare_around(program, home):
    """Linear layers of PyTorch before recurrent ones, and a head on last states, as `from_state_dict` makes them: the words
    of `run`, from real inputs."""
    fixtures, file, words = ROOT / "tests/model/import/fixtures", home / "around.safetensors", 0
    x = np.load(fixtures / "x.npy")
    for name, options in (
        ("projected", {"front": "in_proj:relu"}),
        ("projected_gru", {"front": ["front.0:relu", "front.2"], "front_bits": 5, "last_states": True}),
        ("bidirectional", {"last_states": True}),
    ):
        state, _ = lq.read_safetensors(fixtures / f"{name}.safetensors")
        for widths in (lq.Widths.of(8), lq.Widths.of(4), lq.Widths.of(2, "odd")):
            model, what = lq.from_state_dict(state, widths, calibrate=x, **options), f"{name} of {widths.weight} bits"
            model.save(file)
            more = ["--head-output", home / "y.npy"] if model.head else []
            tool(program, "run", "--model", file, "--float-input", "--input", fixtures / "x.npy",
                 "-o", home / "h.npy", *more)
            codes = model.quantize_input(x)
            words += same(model.run(codes), np.load(home / "h.npy"), f"h of {what}")
            if model.head:
                words += same(model.run_outputs(codes), np.load(home / "y.npy"), f"y of {what}")
    return words


def compare_trained(program, home):
    """State dicts of modules: `quantize` reads the formats that they were trained with. Of QuantGRUs of one direction in
    two layers, and of both modules in both directions, each pass with formats of its own."""
    fixtures, trained, file, words = ROOT / "tests/model/import/fixtures", home / "t.safetensors", home / "q.safetensors", 0
    x = np.load(fixtures / "x.npy")
    odd = lq.Widths.of(2, "odd")._replace(input=4, c=lq.Format(14, 9), s=lq.Format(13, 11))
    for name in ("bidirectional", "gru", "gru_bidirectional"):
        state, _ = lq.read_safetensors(fixtures / f"{name}.safetensors")
        for widths in (lq.Widths.of(4), odd):
            near = lq.from_state_dict(state, widths, calibrate=x)
            passes = [half for layer in near.layers for half in layer.passes()]
            # None are those of the least error any more, and no two passes have the same.
            found = [near.layers[0].x.frac]
            for place, half in enumerate(passes):
                found += [frac - 1 - place for frac in (*half.w_frac_ih, *half.w_frac_hh)]
                found += [half.v.bits + 1, half.v.frac - place] if name != "bidirectional" else []
            of_state = "c" if name == "bidirectional" else "s"
            own = {"rnn.fractions": np.array(found), "rnn.formats": np.array(widths.numbers(of_state))}
            write_safetensors(trained, state | own, {})
            tool(program, "quantize", "--model", trained, "--calibrate", fixtures / "x.npy", "-o", file)
            tool(program, "run", "--model", file, "--float-input", "--input", fixtures / "x.npy", "-o", home / "h.npy")
            want = lq.from_state_dict(state | own)
            words += same_trained(lq.Model.load(file), want, f"{name}, trained")
            h = want.run(want.quantize_input(x))
            words += same(h, np.load(home / "h.npy"), f"h of {name}, trained")
    return words


def same_trained(got, want, what):
    """Codes and formats of every pass."""
    words = 0
    for place, both in enumerate(zip(got.layers, want.layers, strict=True)):
        for half, (got, want) in enumerate(zip(*(layer.passes() for layer in both), strict=True)):
            gru, at = isinstance(want, lq.GruLayer), f"of pass {half} of layer {place} of {what}"
            for name in ("weight_ih", "weight_hh", "bias", *["bias_n_h"] * gru):
                words += same(getattr(got, name), getattr(want, name), f"{name} {at}")
            state = ("v", "s") if gru else ("c",)
            for name in ("x", "h", "z", "a_frac", *state, "w_bits", "w_levels", "w_frac_ih", "w_frac_hh"):
                if getattr(got, name) != getattr(want, name):
                    sys.exit(f"{name} {at}: {getattr(got, name)}, {getattr(want, name)}")
    return words


def lstm_layer(sizes, widths, levels, random):
    """An LSTM of random codes, fractions and biases."""
    (weight, act, inputs), (size, hidden) = widths, sizes
    form = lq.Format(weight, 0, levels)
    near = lambda: [int(weight + random.integers(0, 3)) for _ in range(4)]  # noqa: E731
    layer = lq.Layer(
        codes_of(form, (4 * hidden, size), random, True), codes_of(form, (4 * hidden, hidden), random, True), None,
        lq.Format(inputs, inputs - 2, levels), lq.Format(act, act - 1, levels), weight, near(), near(),
        w_levels=levels)
    ends = [1 << min(max(layer.product_fracs(gate)), 30) for gate in range(4)]
    layer.bias = np.concatenate([random.integers(-end, end, hidden, endpoint=True) for end in ends])
    return layer


def directed(kind, direction, sizes, widths, levels, random):
    """A layer of random codes in a direction; the halves of a bidirectional one differ in all but what they share."""
    draw = lambda: (  # noqa: E731
        lstm_layer(sizes, widths, levels, random) if kind == "lstm" else
        gru_layer(sizes, widths, {"levels": levels}, random))
    layer = draw()
    layer.direction = direction
    if direction == "bidirectional":
        layer.reverse = draw()
        layer.reverse.z = lq.Format(7, 3)
        layer.reverse.row_scale = lq.RowScale(6, 5, random.integers(20, 64, 4 * sizes[1]))
    return layer


def compare_directions(program, home, random):
    """Stacks of layers of every direction and cell, alone and with a dense layer behind them; sequences of any length."""
    file, words = home / "directions.safetensors", 0
    orders = ("backward", "bidirectional", "forward")
    for index in range(12):
        kinds = [("lstm", "gru")[index % 2], ("lstm", "gru")[index // 2 % 2]]
        levels, directions = ("even", "odd")[index // 6], (orders[index % 3], orders[(index // 3 + 1) % 3])
        first = directed(kinds[0], directions[0], (5, 6), (3, 4, 4), levels, random)
        second = directed(kinds[1], directions[1], (first.output_size, 4), (4, 3, 4), levels, random)
        second.x = first.h
        for half in (second, second.reverse):
            if half is not None:
                half.x = first.h
        for layer, processing in ((first, index // 3 % 2), (second, index // 2 % 2)):
            if processing and layer.direction != "forward":
                layer.output_order = "processing"
        model = lq.Model([first, second])
        when = ("step", "last")[index % 2]
        model.head = dense_layer(second.output_size, 3, second.h, random, levels, output="sum", when=when)
        x = codes_of(first.x, (4, 40, 5), random)
        lengths = np.array([40, 1, 17, 9])
        np.save(home / "x.npy", x.astype(np.int32))
        np.save(home / "lengths.npy", lengths.astype(np.int32))
        model.save(file)
        tool(program, "run", "--model", file, "--input", home / "x.npy", "--lengths", home / "lengths.npy",
             "-o", home / "h.npy", "--head-output", home / "y.npy", "--state", home / "c.npy")
        again, what = lq.Model.load(file), f"{kinds} {directions}"
        h, state = again.run_with_state(x, lengths)
        words += same(h, np.load(home / "h.npy"), f"h of {what}")
        words += same(again.run_outputs(x, lengths), np.load(home / "y.npy"), f"outputs of {what}")
        ends = np.load(home / "c.npy")[np.arange(4), lengths - 1]
        words += same(state[-1][1], ends, f"the state of {what}")
        one = again.run(x[2, :17])
        words += same(one, h[2, :17], f"a sequence by itself of {what}")
        if len(np.unique(h)) < 2:
            sys.exit(f"h of {what} never moves")
    return words


def codes_of(form, shape, random, symmetric=False):
    """Random codes; without the lowest of even levels if symmetric."""
    if form.odd:
        return form.low + 2 * random.integers(0, (form.high - form.low) // 2, shape, endpoint=True)
    return random.integers(form.low + symmetric, form.high, shape, endpoint=True)


def dense_layer(size, outputs, x, random, levels, **what):
    """A dense layer of random codes on elements of the format `x`."""
    form = lq.Format(int(random.integers(1, 5)), 0, levels)
    frac = int(random.integers(0, 4))
    bias = random.integers(-(1 << max(frac + x.frac, 0)), 1 << max(frac + x.frac, 0), outputs)
    return lq.Dense(codes_of(form, (outputs, size), random, True), bias, form.bits, frac, x, w_levels=levels, **what)


def compare_whole(program, home, random):
    """Embeddings, dense layers before and behind recurrent ones: every kind of output, at every step and at the last."""
    file, words = home / "network.safetensors", 0
    for index in range(12):
        output, when = ["sum", "code", "argmax"][index % 3], ["step", "last"][index // 3 % 2]
        levels = ["even", "odd"][index // 6]
        layer = gru_layer((7, 11), (3, 3, 4), {"levels": levels}, random)
        middle = lq.Format(3, int(random.integers(-1, 4)), levels)
        between = [dense_layer(11, 9, layer.h, random, levels, output="code", y=middle, relu=True)] * (index % 2)
        before = between[-1].y if between else layer.h
        y = lq.Format(4, int(random.integers(-1, 4)), levels) if output == "code" else None
        relu = output == "code" and index % 2 == 0
        head = dense_layer(9 if between else 11, 6, before, random, levels, output=output, y=y, relu=relu, when=when)
        model = lq.Model([layer], head=head, hidden_dense=between)
        if index % 3 == 1:
            first = lq.Format(4, 1, levels)
            model.front = [
                dense_layer(5, 8, first, random, levels, output="code", y=middle, relu=True),
                dense_layer(8, 7, middle, random, levels, output="code", y=layer.x),
            ][index % 2 :]
        size, form = model.first_input()
        x = codes_of(form, (4, 50, size), random)
        if index % 4 < 2:
            model.embedding = codes_of(form, (13, size), random)
            x = random.integers(0, 13, (4, 50))
        lengths = np.array([50, 1, 33, 12])
        np.save(home / "x.npy", x.astype(np.int32))
        np.save(home / "lengths.npy", lengths.astype(np.int32))
        model.save(file)
        tool(program, "run", "--model", file, "--input", home / "x.npy", "--lengths", home / "lengths.npy",
             "-o", home / "h.npy", "--head-output", home / "y.npy")
        again = lq.Model.load(file)
        got, what = again.run_outputs(x, lengths), f"{output} at {when} of network {index}"
        words += same(got, np.load(home / "y.npy"), what)
        words += same(again.run(x, lengths), np.load(home / "h.npy"), f"h beside {what}")
        # Four answers of one index may be equal.
        if when == "step" and len(np.unique(got)) < 2:
            sys.exit(f"{what} never moves")
    return words


def compare_quantized_chain(program, home):
    """Two linear layers of PyTorch as `lprnn-hw quantize` carries them."""
    fixtures, file, words = ROOT / "tests/model/import/fixtures", home / "chain.safetensors", 0
    x = np.load(fixtures / "x.npy")
    for more in [("sum", "step"), ("code", "last"), ("argmax", "step")]:
        tool(program, "quantize", "--bits", "6", "--model", fixtures / "mlp.safetensors", "--calibrate",
             fixtures / "x.npy", "--head-kind", more[0], "--emit", more[1], "-o", file)
        tool(program, "run", "--model", file, "--float-input", "--input", fixtures / "x.npy",
             "-o", home / "h.npy", "--head-output", home / "y.npy")
        model = lq.Model.load(file)
        words += same(model.run_outputs(model.quantize_input(x)), np.load(home / "y.npy"), f"a chain of {more}")
    return words


def compare_torch(program, home, mix, random):
    """Words of modules of both cells, in one piece and carried on, before and after a step of training."""
    import torch

    (weight, act, inputs), sizes, formats = mix
    if len(set(sizes[1:])) > 1:
        return 0
    widths = lq.Widths(weight, act, inputs, **formats)
    words = 0
    makers = {"LSTM": lq.QuantLSTM.from_lstm, "GRU": lq.QuantGRU.from_gru}
    for kind, both in itertools.product(makers, (False, True)):
        x = torch.tensor(random.normal(0, 1, (STEPS, sizes[0])).astype(np.float32))
        source = getattr(torch.nn, kind)(sizes[0], sizes[1], len(sizes) - 1, bidirectional=both)
        with torch.no_grad():
            for parameter in source.parameters():
                scale = 2.5 / parameter.shape[-1] ** 0.5 if parameter.dim() == 2 else 0.4
                parameter.copy_(torch.tensor(random.normal(0, scale, parameter.shape)))
        module = makers[kind](source, widths, calibrate=x)
        codes = lambda: module.model().quantize_input(x.numpy())  # noqa: E731
        module.model().save(home / "module.safetensors")
        np.save(home / "x.npy", codes().astype(np.int32))
        tool(program, "run", "--model", home / "module.safetensors", "--input", home / "x.npy",
             "-o", home / "h.npy")
        zeros = (torch.zeros(len(sizes) - 1, sizes[1]),) * 2
        with torch.no_grad():
            if both:
                h = module(x)[0]
            else:
                first, carried = module(x[: STEPS // 2], zeros)
                h = torch.cat([first, module(x[STEPS // 2 :], carried)[0]])
        h = h.double().numpy() * 2.0**widths.h.frac
        name = f"Quant{kind}{' of both directions' if both else ''} of {mix}"
        words += same(h, module.model().run(codes()).astype(np.float64), name)
        words += same(h, np.load(home / "h.npy").reshape(h.shape).astype(np.float64), name)
        # What `quantize` makes of its state dict.
        state = {f"layer.{name}": value.numpy() for name, value in module.state_dict().items()}
        write_safetensors(home / "state.safetensors", state, {})
        np.save(home / "x.npy", x.numpy())
        tool(program, "quantize", "--model", home / "state.safetensors", "--calibrate", home / "x.npy",
             "-o", home / "module.safetensors")
        tool(program, "run", "--model", home / "module.safetensors", "--float-input", "--input", home / "x.npy",
             "-o", home / "h.npy")
        words += same(h, np.load(home / "h.npy").reshape(h.shape).astype(np.float64), f"the state dict of a {name}")
        # A step of training changes the model, and the integers follow.
        batch = x[:60].reshape(12, 5, -1)
        optimizer = torch.optim.SGD(module.parameters(), lr=1.0)
        module(batch)[0].square().sum().backward()
        if not all(torch.isfinite(p.grad).all() for p in module.parameters()):
            sys.exit(f"a gradient of {name} is not finite")
        optimizer.step()
        with torch.no_grad():
            h = module(batch)[0].double().numpy() * 2.0**widths.h.frac
        trained = module.model()
        for sequence in range(5):
            x_codes = trained.quantize_input(batch[:, sequence].numpy())
            words += same(h[:, sequence], trained.run(x_codes).astype(float), f"trained {name}")
    return words


def compare_network(program, home, random):
    """Sums of the linear layer of networks that `convert` made and `save` wrote, of every step."""
    import torch

    class Network(torch.nn.Module):
        def __init__(self, kind, both):
            super().__init__()
            self.layer = getattr(torch.nn, kind)(6, 9, 2, batch_first=True, bidirectional=both)
            self.linear = torch.nn.Linear(18 if both else 9, 4)

        def forward(self, x):
            return self.linear(self.layer(x)[0])

    words, x = 0, random.normal(0, 1, (5, 100, 6)).astype(np.float32)
    np.save(home / "x.npy", x)
    for kind, both in itertools.product(("LSTM", "GRU"), (False, True)):
        for widths in (lq.Widths.of(8), lq.Widths.of(2, "odd"), lq.Widths.of(1)):
            net = lq.convert(Network(kind, both), widths, calibrate=torch.tensor(x), head_bits=5)
            model = lq.save(net, home / "net.safetensors")
            tool(program, "run", "--model", home / "net.safetensors", "--float-input", "--input", home / "x.npy",
                 "-o", home / "h.npy", "--head-output", home / "y.npy")
            with torch.no_grad():
                y = net(torch.tensor(x)).double().numpy() * 2.0 ** (model.head.w_frac + widths.h.frac)
            words += same(y, np.load(home / "y.npy").astype(np.float64), f"outputs of a Quant{kind} of {widths}")
    return words


def main():
    # Some mixes are made to saturate: their h is limited by z, gates and c.
    warnings.simplefilter("ignore")
    program, *options = sys.argv[1:]
    random = np.random.default_rng(1)
    total, steps = 0, 0
    with tempfile.TemporaryDirectory() as home:
        for mix in MIXES:
            words = compare(program, Path(home), mix, random)
            if "--torch" in options:
                words += compare_torch(program, Path(home), mix, np.random.default_rng(2))
            total, steps = total + words, steps + STEPS
        for mix in GRU_MIXES:
            total, steps = total + compare_gru(program, Path(home), mix, random), steps + 800
        if "--torch" in options:
            total += compare_network(program, Path(home), np.random.default_rng(3))
        total += compare_quantized(program, Path(home))
        total += compare_quantized_gru(program, Path(home))
        total += compare_whole(program, Path(home), random)
        total += compare_directions(program, Path(home), np.random.default_rng(4))
        total += compare_quantized_chain(program, Path(home))
        total += compare_both_directions(program, Path(home))
        total += compare_trained(program, Path(home))
        total += compare_around(program, Path(home))
    print(f"{len(MIXES)} width mixes of LSTMs and {len(GRU_MIXES)} of GRUs, {steps} steps, {total} words, none different")


if __name__ == "__main__":
    main()
