"""What lprnn_quant makes of state dicts and model files. NumPy alone.

    python tests/python/test_models.py

The state dicts have the names and shapes that PyTorch 2.15 gives them; `test_torch.py` compares with
PyTorch itself.
"""

import json
import struct
import sys
import tempfile
import unittest
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))
sys.dont_write_bytecode = True
import lprnn_quant as lq  # noqa: E402

FOUR = lq.Widths.of(4)


def draw(*shape, kind=np.float32):
    return np.random.default_rng(sum(shape)).normal(0, 0.5, shape).astype(kind)


def lstm(prefix="lstm.", inputs=8, hidden=6, layers=1, rows=4, suffix="_l{}"):
    """A recurrent network; `rows` for every unit: 4 of an LSTM, 3 of a GRU, 1 of an RNN."""
    state = {}
    for layer in range(layers):
        end = suffix.format(layer)
        state[f"{prefix}weight_ih{end}"] = draw(rows * hidden, inputs if layer == 0 else hidden)
        state[f"{prefix}weight_hh{end}"] = draw(rows * hidden, hidden)
        state[f"{prefix}bias_ih{end}"] = draw(rows * hidden)
        state[f"{prefix}bias_hh{end}"] = draw(rows * hidden) + 0.25
    return state


def both(hidden=6, layers=1, **options):
    """The tensors of a bidirectional network; those of one direction are not those of the other."""
    state = {}
    for layer in range(layers):
        inputs = 8 if layer == 0 else 2 * hidden
        for name, value in lstm(inputs=inputs, hidden=hidden, suffix=f"_l{layer}", **options).items():
            state |= {name: value, f"{name}_reverse": value[::-1].copy()}
    return state


def linear(name, outputs, inputs):
    return {f"{name}.weight": draw(outputs, inputs), f"{name}.bias": draw(outputs)}


def model_of(state, *arguments, **options):
    return lq.from_state_dict(state, *(arguments or [FOUR]), x_frac=2, **options)


class Case(unittest.TestCase):
    def refused(self, pattern, *arguments, **options):
        with self.assertRaisesRegex((ValueError, TypeError), pattern):
            model_of(*arguments, **options)

    def same(self, got, want):
        self.assertEqual(len(got.layers), len(want.layers))
        for a, b in zip(got.layers, want.layers):
            for name in ("x", "h", "z", "a_frac", "c", "w_bits", "w_frac_ih", "w_frac_hh"):
                self.assertEqual(getattr(a, name), getattr(b, name), name)
            for name in ("weight_ih", "weight_hh", "bias"):
                np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


class Networks(Case):
    def test_what_is_no_lstm_is_named(self):
        # 6 * 4 rows are those of a GRU of 8 units, too: the columns tell.
        for inputs, hidden in [(8, 6), (3, 8), (4, 4), (1, 1)]:
            self.refused("nn.RNN", lstm(inputs=inputs, hidden=hidden, rows=1))
            for suffix in ("_l{}", ""):
                gru = model_of(lstm(inputs=inputs, hidden=hidden, rows=3, suffix=suffix)).layers[0]
                self.assertIsInstance(gru, lq.GruLayer)
                self.assertEqual((gru.hidden_size, gru.input_size), (hidden, inputs))
            self.assertEqual(model_of(lstm(inputs=inputs, hidden=hidden)).layers[0].hidden_size, hidden)
        projected = lstm() | {"lstm.weight_hh_l0": draw(24, 3), "lstm.weight_hr_l0": draw(3, 6)}
        self.refused("proj_size", projected)
        self.refused("transposed", {name: value.T for name, value in lstm().items()})
        self.refused("no LSTM", linear("fc", 3, 6))
        self.refused("no parameter of nn.LSTM", lstm() | {"lstm.peephole": draw(6)})
        self.refused("below it is missing", lstm() | {"lstm.bias_hh_l2": draw(24)})

    def test_both_directions(self):
        """Halves of their own weights, 2H inputs of the next layer and of the head; one that is not whole is named."""
        for rows in (4, 3):
            state = both(layers=2, rows=rows) | linear("fc", 3, 12)
            model = model_of(state)
            self.assertEqual([layer.direction for layer in model.layers], ["bidirectional"] * 2)
            self.assertEqual((model.layers[1].input_size, model.head.weight.shape), (12, (3, 12)))
            # Each half is what a forward network of its tensors would be.
            for ending, half in zip(("", "_reverse"), model.layers[0].passes()):
                names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
                alone = model_of({f"{name}_l0": state[f"lstm.{name}_l0{ending}"] for name in names}).layers[0]
                for name in ("weight_ih", "weight_hh", "bias", "w_frac_ih", "w_frac_hh"):
                    np.testing.assert_array_equal(getattr(half, name), getattr(alone, name), name)
            x = draw(2, 9, 8)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                near = lq.from_state_dict(state, lq.Widths.of(16), calibrate=x)
            floats = lq.read_state_dict(state).layers
            self.assertGreater(lq.signal_to_noise(near, floats, x), 25)
            with tempfile.TemporaryDirectory() as home:
                model.save(Path(home) / "m")
                again = lq.Model.load(Path(home) / "m")
            codes = model.quantize_input(x)
            np.testing.assert_array_equal(again.run(codes), model.run(codes))
            # In the order of processing the backward half of the last layer is turned round, and nothing else.
            again.layers[1].output_order = "processing"
            taken = model.run(codes)
            taken[..., 6:] = taken[:, ::-1, 6:].copy()
            with tempfile.TemporaryDirectory() as home:
                again.save(Path(home) / "m")
                np.testing.assert_array_equal(lq.Model.load(Path(home) / "m").run(codes), taken)
                again.layers[1].output_order = "last"
                with self.assertRaisesRegex(ValueError, "output_order 'last', time and processing are known"):
                    again.save(Path(home) / "m")
            without = lambda *ends: {n: v for n, v in state.items() if not n.endswith(ends)}  # noqa: E731
            self.refused("weight_hh_l1_reverse is missing", without("l1_reverse"))
            self.refused("weight_hh_l0_reverse is missing", without("weight_hh_l0_reverse"))
            self.refused("l2_reverse: a layer below it is missing", state | {"lstm.bias_ih_l2_reverse": draw(9)})
            self.refused("weight_ih_l0_reverse is missing", without("weight_ih_l0_reverse"))
            other = draw(rows * 5, 5)
            self.refused("weight_(ih|hh)_l0_reverse has the shape", state | {"lstm.weight_hh_l0_reverse": other})
            self.refused("NaN", state | {"lstm.bias_hh_l1_reverse": draw(rows * 6) * np.nan})
        mixed = both() | {f"lstm.{name}_l0_reverse": value for name, value in (
            ("weight_ih", draw(18, 8)), ("weight_hh", draw(18, 6)), ("bias_ih", draw(18)), ("bias_hh", draw(18)))}
        self.refused("weight_hh_l0_reverse has the shape .*as of the forward direction", mixed)

    def test_shapes_and_values(self):
        self.refused("bias_ih_l0.*24", lstm() | {"lstm.bias_ih_l0": draw(23)})
        self.refused("weight_ih_l1", lstm(layers=2) | {"lstm.weight_ih_l1": draw(24, 7)})
        self.refused("weight_ih_l0.*missing", {"lstm.weight_hh_l0": draw(24, 6)})
        self.refused("weight_hh_l0.*NaN", lstm() | {"lstm.weight_hh_l0": draw(24, 6) * np.nan})
        self.refused("int64", lstm() | {"lstm.weight_hh_l0": np.ones((24, 6), np.int64)})
        self.refused("state_dict'\\]", {"state_dict": lstm(), "epoch": 3})
        self.refused("state_dict\\(\\)", object())
        self.refused("packed", lstm() | {"fc._packed_params": object()})

    def test_a_cell_is_a_layer(self):
        self.same(model_of(lstm(suffix="")), model_of(lstm()))

    def test_without_biases(self):
        state = {name: value for name, value in lstm().items() if "bias" not in name}
        self.assertFalse(model_of(state).layers[0].bias.any())

    def test_one_of_several(self):
        state = lstm("enc.") | lstm("net.dec.", hidden=5) | linear("fc", 3, 5)
        self.refused("several LSTMs: 'enc.', 'net.dec.'", state)
        for prefix in ("enc", "enc."):
            model = model_of(state, prefix=prefix)
            self.same(model, model_of(lstm("enc.")))
            self.assertEqual(len(model.left_out), 6)
            self.assertIn("fc.weight", model.left_out)
        self.assertEqual(model_of(state, prefix="net").layers[0].hidden_size, 5)
        self.assertEqual(model_of(state, prefix="net", head="fc").head.weight.shape, (3, 5))
        self.refused("no LSTM with prefix 'x'", state, prefix="x")

    def test_folded(self):
        plain = lstm()
        name = "lstm.weight_hh_l0"
        mask = draw(24, 6) > 0
        masked = plain | {name: plain[name] * mask}
        pruned = plain | {f"{name}_orig": plain[name], f"{name}_mask": mask.astype(np.float32)}
        del pruned[name]
        self.same(model_of(pruned), model_of(masked))
        # |v| is 5, so that g = 5 leaves v as it is.
        v = np.tile(np.float32([3, 0, 0, -4, 0, 0]), (24, 1))
        g = np.full((24, 1), 5, np.float32)
        normed = plain | {name: v}
        new = "lstm.parametrizations.weight_hh_l0.original"
        for one, other in ((f"{name}_g", f"{name}_v"), (f"{new}0", f"{new}1")):
            state = plain | {one: g, other: v}
            del state[name]
            self.same(model_of(state), model_of(normed))
        dropped = plain | {f"{name}_raw": plain[name]}
        self.refused("weight_hh_l0_raw", dropped)
        spectral = plain | {f"{name}_orig": plain[name], f"{name}_u": draw(24), f"{name}_v": draw(6)}
        self.refused("weight_hh_l0_u", spectral)


class Around(Case):
    def test_heads_under_any_name(self):
        for name in ("fc", "classifier", "net.head.1", "linear2", "my_own"):
            model = model_of(lstm() | linear(name, 3, 6))
            # 8 bits, as `quantize` gives them, and the sum of the bias at their fraction.
            weight = draw(3, 6)
            self.assertEqual(model.head.w_bits, 8)
            near = model.head.weight * 2.0**-model.head.w_frac
            self.assertLess(np.abs(near - weight).max(), 2.0**-model.head.w_frac)
            h = np.array([[1, -7, 3, 0, 2, 5]])
            got = model.outputs(h) * 2.0 ** -(model.head.w_frac + 3)
            self.assertLess(np.abs(got - (h / 8 @ weight.T + draw(3))).max(), 0.02)
        self.assertEqual(model_of(lstm() | linear("fc", 3, 6), head_bits=4).head.w_bits, 4)
        self.refused("no head", lstm(), head_bits=4)

    def test_what_is_no_head_is_said(self):
        two = lstm() | linear("fc", 3, 6) | linear("aux", 2, 6)
        self.refused("several heads: aux, fc", two)
        self.refused("aux.weight \\[2, 6\\].*head='aux'", two, head="fc")
        model = model_of(two, head="fc", only_lstm=True)
        self.assertEqual(model.head.weight.shape, (3, 6))
        self.assertEqual(model.left_out, ["aux.bias", "aux.weight"])
        self.refused("no head 'x'; .*fc, aux", two, head="x")
        # A chain, a projection in front, a normalisation: all in one message.
        for extra in (linear("fc2", 2, 3), linear("in_proj", 8, 5), {"norm.weight": draw(6)}):
            state = lstm() | linear("fc", 3, 6) | extra
            with self.assertRaises(ValueError) as caught:
                model_of(state)
            for name in extra:
                self.assertIn(name, str(caught.exception))
            self.assertIn("only_lstm=True", str(caught.exception))
            self.assertIsNone(model_of(state, only_lstm=True).head)
        # As wide as it is deep: 6 to 6 in front of 6 units is no head.
        self.refused("in_proj", lstm(inputs=6) | linear("in_proj", 6, 6))

    def test_linear_layers_before(self):
        """Those that are named become dense layers of codes; what does not fit or says too little is refused."""
        state = linear("a", 7, 5) | linear("net.b", 8, 7) | lstm(rows=3) | linear("fc", 3, 6)
        x = draw(40, 5)
        wide = lq.Widths(16, 16, 16, lq.Format(12, 8), 14, s=lq.Format(24, 22))
        for named, relus in (("a:relu,net.b", (True, False)), (["a", "net.b:relu"], (False, True))):
            model = lq.from_state_dict(state, wide, calibrate=x, front=named, front_bits=16)
            floats = x.astype(np.float64)
            for name, relu in zip(("a", "net.b"), relus):
                floats = floats @ state[f"{name}.weight"].T + state[f"{name}.bias"]
                floats = np.maximum(floats, 0) if relu else floats
            want = lq.signal_to_noise(lq.Model(model.layers), lq.read_state_dict(lstm(rows=3)).layers, floats)
            got = 2.0 ** -model.layers[0].h.frac * model.run(model.quantize_input(x))
            alone = lq.Model(model.layers)
            near = 2.0 ** -model.layers[0].h.frac * alone.run(alone.quantize_input(floats))
            self.assertGreater(want, 40)
            self.assertLess(np.abs(got - near).max(), 2.0**-8)
            self.assertEqual([(part.output, part.relu) for part in model.front], [("code", relu) for relu in relus])
            self.assertEqual([part.w_bits for part in model.front], [16, 16])
            self.assertEqual(model.first_input()[0], 5)
            with tempfile.TemporaryDirectory() as home:
                model.save(Path(home) / "m")
                codes = model.quantize_input(x)
                np.testing.assert_array_equal(lq.Model.load(Path(home) / "m").run(codes), model.run(codes))
        both_of = lambda **options: lq.from_state_dict(state, FOUR, calibrate=x, **options)  # noqa: E731
        model = both_of(front="a,net.b", x_frac=1)
        self.assertEqual((model.first_input()[1], model.front[1].w_bits), (lq.Format(4, 1), 8))
        # With a prefix what is not named is left out.
        model = lq.from_state_dict(state, FOUR, calibrate=draw(40, 7), front="net.b", prefix="lstm")
        self.assertEqual((len(model.front), model.left_out), (1, ["a.bias", "a.weight", "fc.bias", "fc.weight"]))
        for pattern, options in {
            "net.b.weight \\[8, 7\\].*front='net.b' takes it": {},
            "no linear layer 'x' before .*there are a, net.b, fc": {"front": "x"},
            "net.b gives 8 elements, 5 are taken behind it.*in their order": {"front": "net.b,a"},
            "calibrate has the shape \\[40, 5\\].*\\[steps, 7\\]": {"front": "net.b", "prefix": "lstm"},
            "front: only_lstm": {"front": "a,net.b", "only_lstm": True},
            "no linear layer 'a'": {"front": "a,a"},
        }.items():
            with self.assertRaisesRegex(ValueError, pattern):
                both_of(**options)
        self.refused("front_bits: there is no linear layer", state, only_lstm=True, front_bits=8)
        self.refused("give inputs to calibrate on: .* what a gives", state, front="a,net.b")

    def test_trained_layers_before(self):
        """A QuantFront brings its formats and whether a ReLU is behind it; sizes tell the order, or front= does."""
        trained = lambda name, *sizes, relu, x: linear(name, *sizes) | {  # noqa: E731
            f"{name}.formats": np.array([6, 5, 4, x, 0]), f"{name}.relu": np.array(relu)}
        first, second = trained("z", 7, 5, relu=True, x=1), trained("b", 8, 7, relu=False, x=2)
        widths = lq.Widths(3, 4, 4, s=lq.Format(12, 10))
        record = {"lstm.formats": np.array(widths.numbers("s")),
                  "lstm.fractions": np.array([3, 3, 4, 5, 2, 2, 3, 11, 6])}
        state = lstm(rows=3) | record
        model = lq.from_state_dict(second | state | first)
        self.assertEqual([part.weight.shape for part in model.front], [(7, 5), (8, 7)])
        self.assertEqual([(part.x.frac, part.y.frac, part.relu) for part in model.front], [(1, 2, True), (2, 3, False)])
        self.assertEqual([(part.w_bits, part.w_frac) for part in model.front], [(6, 5)] * 2)
        np.testing.assert_array_equal(model.front[0].weight, np.clip(np.rint(draw(7, 5) * 32), -31, 31))
        np.testing.assert_array_equal(model.front[0].bias, np.rint(draw(7) * 64))
        even = trained("p", 8, 8, relu=True, x=1) | trained("q", 8, 8, relu=False, x=1) | state
        read = lq.from_state_dict(even, front="q,p")
        self.assertEqual([part.relu for part in read.front], [False, True])
        for pattern, given, options in (
            ("order of the QuantFronts p, q is not clear", even, {}),
            ("q:relu: it is a QuantFront, which was trained without", even, {"front": "q:relu,p"}),
            ("z was trained with weights of 6 bits, not 8", first | second | state, {"front_bits": 8}),
            ("x_frac: the network was trained with 1", first | second | state, {"x_frac": 3}),
            ("b is no nn.Linear and no QuantFront", state | {n: v for n, v in second.items() if n != "b.relu"}, {"front": "b"}),
            ("z gives 7 elements, 8 are taken", first | second | state, {"front": "z"}),
        ):
            with self.assertRaisesRegex(ValueError, pattern):
                lq.from_state_dict(given, **options)
        # Without the layer behind it x has no fraction yet.
        self.refused("x_frac: the network was trained with 1", first | second | lstm(), FOUR)
        with self.assertRaisesRegex(ValueError, "calibrate on: .* what b gives"):
            lq.from_state_dict(first | second | lstm(), FOUR)
        self.assertEqual(lq.from_state_dict(first | second | lstm(), FOUR, only_lstm=True, x_frac=1).front, [])

    def test_last_states(self):
        """The head takes the last state of each direction, and there is none of it for one direction."""
        for rows in (3, 4):
            state = both(layers=2, rows=rows) | linear("fc", 3, 12)
            model, plain = model_of(state, last_states=True), model_of(state)
            self.assertEqual([layer.output_order for layer in model.layers], ["time", "processing"])
            x = model.quantize_input(draw(2, 9, 8))
            h = plain.run(x)
            last = np.concatenate([h[:, -1, :6], h[:, 0, 6:]], 1)
            np.testing.assert_array_equal(model.run_outputs(x), plain.outputs(last))
            self.assertEqual((model.head.when, plain.head.when), ("last", "step"))
            self.assertIsNone(model_of(both(rows=rows), last_states=True).head)
            self.refused("last_states: the last layer is not bidirectional", lstm(rows=rows), last_states=True)
        words = both() | {"embedding.weight": draw(20, 8)} | linear("decoder", 20, 12)
        self.refused("last_states: the head stays in floating point.*head_bits", words, last_states=True)
        self.assertEqual(model_of(words, last_states=True, head_bits=8).head.when, "last")

    def test_language_model(self):
        state = lstm() | {"embedding.weight": draw(20, 8)} | linear("decoder", 20, 6)
        model = model_of(state)
        self.assertIsNone(model.head)
        for name in ("embedding.weight", "decoder.weight", "decoder.bias"):
            np.testing.assert_array_equal(model.passengers[name], state[name])
        tied = lstm(inputs=6) | {"emb.weight": draw(20, 6), "decoder.bias": draw(20)}
        model = model_of(tied)
        np.testing.assert_array_equal(model.passengers["decoder.weight"], draw(20, 6))
        wide = state | {"embedding.weight": draw(20, 8, kind=np.float64)}
        with self.assertWarnsRegex(UserWarning, "embedding.weight is rounded"):
            model_of(wide)

    def test_levels_are_those_asked_for(self):
        forms = lambda widths: [str(widths.at(bits, 0)) for bits in (1, 2, 3, 4, 5)]
        self.assertEqual(forms(lq.Widths.of(4)), ["o1.0", "s2.0", "s3.0", "s4.0", "s5.0"])
        self.assertEqual(forms(lq.Widths.of(4, "odd")), ["o1.0", "o2.0", "o3.0", "o4.0", "s5.0"])
        self.assertEqual(forms(lq.Widths.of(4, "auto")), ["o1.0", "o2.0", "s3.0", "s4.0", "s5.0"])
        self.refused("levels 'third'", lstm(), lq.Widths.of(4, "third"))
        for levels in ("even", "odd", "auto"):
            widths = lq.Widths(2, 3, 1, levels=levels)
            self.assertEqual(lq.Widths.of_numbers(widths.numbers()), widths)
        of_h = [4, 2, 3, 1, 8, 4, 8, 16, 10, 1]
        for wrong in (
            [2, 2, 3, 1, 8, 4, 8, 16, 10], [2, 2, 3, 1, 8, 4, 8, 16, 10, 3], [3], [*of_h, 3, 1], [*of_h, 1], [6, *of_h, 1],
        ):
            with self.assertRaisesRegex(ValueError, "this module knows"):
                lq.Widths.of_numbers(wrong)

    def test_h_may_have_levels_and_a_fraction_of_its_own(self):
        widths = lq.Widths(2, 2, 4, levels="odd", act_levels="even", h_frac=2)
        self.assertEqual((str(widths.h), str(widths.at(2, 0))), ("s2.2", "o2.0"))
        self.assertEqual(str(widths._replace(act_levels=None).h), "o2.2")
        self.assertEqual(str(widths._replace(h_frac=None).h), "s2.0")
        for state in "cs":
            self.assertEqual(lq.Widths.of_numbers(widths.numbers(state)), widths)
            # Half of it is said: what follows is written as well, and gives the same h.
            half = widths._replace(act_levels=None)
            self.assertEqual(lq.Widths.of_numbers(half.numbers(state)).h, half.h)
        layer = lq.from_state_dict(lstm(), widths, x_frac=3).layers[0]
        self.assertEqual((layer.h, layer.w_levels), (lq.Format(2, 2), "odd"))
        self.refused("levels 'third'", lstm(), widths._replace(act_levels="third"))

    def test_h_gets_the_format_that_fits_it_best(self):
        h = np.tanh(np.random.default_rng(3).normal(size=4000) ** 3 / 4)
        error = lambda form: ((lq.codes(h, form) * 2.0**-form.frac - h) ** 2).sum()
        for bits in (1, 2, 3, 4, 8):
            found = lq.fit_h(h, lq.Widths.of(bits, "odd")).h
            for levels in ("even", "odd") if bits < 5 else ("even",):
                for frac in range(-2, 12):
                    self.assertLessEqual(error(found), error(lq.Format(bits, frac, levels)), (bits, levels, frac))
        # Mostly near 0: a level there, and a finer fraction.
        self.assertEqual(lq.fit_h(h, lq.Widths.of(2, "odd")).h.odd, False)
        self.assertEqual(lq.fit_h(h, lq.Widths.of(2)._replace(act_levels="odd")).h.odd, True)
        with self.assertRaisesRegex(ValueError, "values of h are none"):
            lq.fit_h(h[:0], FOUR)

    def test_odd_codes_are_the_nearest(self):
        values = np.linspace(-2.0, 2.0, 4097)
        for bits in (1, 2, 3, 4):
            form = lq.Format(bits, bits - 1, "odd")
            all_codes = np.arange(form.low, form.high + 1, 2)
            # The upper of two: reversed, since the first of equals is taken.
            distance = np.abs(values[:, None] * 2.0**form.frac - all_codes[::-1])
            want = all_codes[::-1][distance.argmin(1)]
            np.testing.assert_array_equal(lq.codes(values, form), want)
            self.assertTrue(form.holds(want).all() and not form.holds(want + 1).any())

    def test_trained_formats(self):
        fractions = np.array([1, 2, 3, 4, 5, 6, 5, 4, 3])
        widths = lq.Widths(3, 5, 4, lq.Format(9, 5), 7, lq.Format(14, 9))
        state = lstm() | {"lstm.fractions": fractions} | linear("fc", 3, 6)
        for more, given in (({"lstm.formats": np.array(widths.numbers())}, []), ({}, [widths])):
            model = lq.from_state_dict(state | more, *given)
            layer = model.layers[0]
            formats = lq.Format(4, 1), lq.Format(5, 4), lq.Format(14, 9)
            self.assertEqual((layer.x, layer.h, layer.c), formats)
            self.assertEqual((layer.w_frac_ih, layer.w_frac_hh), ([2, 3, 4, 5], [6, 5, 4, 3]))
            np.testing.assert_array_equal(
                layer.weight_hh[:6], np.clip(np.rint(draw(24, 6)[:6] * 64), -3, 3)
            )
        formats = {"lstm.formats": np.array(widths.numbers())}
        self.refused("trained with", state | formats, FOUR)
        self.refused("x_frac: .* trained with 1", state, widths)
        self.refused("fractions has the shape \\[8\\]", state | {"lstm.fractions": fractions[1:]})
        # Both directions have fractions of their own, the forward ones first.
        state = both() | {"lstm.fractions": np.concatenate([fractions, fractions[:0:-1]])} | formats
        halves = lq.from_state_dict(state).layers[0].passes()
        self.assertEqual([half.w_frac_ih for half in halves], [[2, 3, 4, 5], [3, 4, 5, 6]])
        self.refused("fractions has the shape \\[9\\]", state | {"lstm.fractions": fractions}, widths)


class Precision(Case):
    def test_double_is_kept_and_half_widened(self):
        state = {name: value.astype(np.float16) for name, value in lstm().items()}
        wide = {name: value.astype(np.float32) for name, value in state.items()}
        self.same(model_of(state), model_of(wide))
        state = lstm() | {"lstm.bias_ih_l0": np.full(24, 1 + 2.0**-40)}
        self.assertEqual(lq.read_state_dict(state).layers[0].bias.dtype, np.float64)
        state["lstm.bias_ih_l0"] = state["lstm.bias_ih_l0"] * 1j
        self.refused("complex", state)
        strange = {name: np.asfortranarray(value.astype(">f4")) for name, value in lstm().items()}
        self.same(model_of(strange), model_of(lstm()))

    def test_a_file_of_any_kind(self):
        values = np.float32([1.5, -3.0, 2.0**-20, 65280.0])
        words = {
            "BF16": (values.view("<u4") >> 16).astype("<u2"),
            "F16": np.array([1.5, -3, 0.25, 2], "<f2"),
            "F64": np.array([1 / 3, 2, 3, 4]),
            "I64": np.array([1 << 40, -1, 0, 7]),
            "BOOL": np.array([True, False, True, True]),
        }
        with tempfile.TemporaryDirectory() as home:
            file = Path(home) / "x.safetensors"
            for kind, data in words.items():
                end = len(data.tobytes())
                text = json.dumps(
                    {"a.b": {"dtype": kind, "shape": [2, 2], "data_offsets": [0, end]}}
                ).encode()
                file.write_bytes(struct.pack("<Q", len(text)) + text + data.tobytes())
                got = lq.read_safetensors(file)[0]["a.b"]
                want = values if kind == "BF16" else data
                np.testing.assert_array_equal(got, want.reshape(2, 2))
            for damaged in (b"", b"\0" * 8, b"\xff" * 20, file.read_bytes()[:40]):
                file.write_bytes(damaged)
                with self.assertRaisesRegex(ValueError, "x.safetensors"):
                    lq.read_safetensors(file)

    def test_limits_of_z_gates_and_c_are_said(self):
        x = draw(40, 8)
        with self.assertWarnsRegex(UserWarning, "dB .*z \\(s8.4\\)"):
            lq.from_state_dict(lstm(), lq.Widths.of(16), calibrate=x)
        wide = lq.Widths(16, 16, 16, lq.Format(12, 8), 14, lq.Format(32, 24))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for inputs in (x, x.reshape(4, 10, 8)):
                model = lq.from_state_dict(lstm(), wide, calibrate=inputs)
        self.assertGreater(lq.signal_to_noise(model, lq.read_state_dict(lstm()).layers, x), 40)

    def test_a_gru_keeps_its_h(self):
        x = draw(40, 8)
        wide = lq.Widths(16, 16, 16, lq.Format(12, 8), 14, s=lq.Format(24, 22))
        state = lstm(layers=2, rows=3)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = lq.from_state_dict(state, wide, calibrate=x)
        floats = lq.read_state_dict(state).layers
        self.assertGreater(lq.signal_to_noise(model, floats, x), 40)
        # Biases of n stay apart, those of r and u are added up.
        ih, hh = state["lstm.bias_ih_l0"], state["lstm.bias_hh_l0"]
        np.testing.assert_array_equal(floats[0].bias, np.concatenate([(ih + hh)[:12], ih[12:]]))
        np.testing.assert_array_equal(floats[0].bias_n_h, hh[12:])
        self.assertEqual(lq.v_format(lq.Format(8, 4)), lq.Format(12, 8))
        self.assertEqual(lq.v_format(lq.Format(8, 4), 20.0), lq.Format(14, 8))
        with self.assertWarnsRegex(UserWarning, "dB .* and s \\(s16.14\\)"):
            lq.from_state_dict(state, lq.Widths.of(16), calibrate=x)

    def test_a_gru_brings_its_trained_formats(self):
        """What a QuantGRU's state dict holds; tests/python/test_torch.py makes such ones by PyTorch."""
        widths = lq.Widths(3, 4, 5, levels="auto", s=lq.Format(12, 10))
        of_layer = [3, 4, 5, 2, 2, 3]
        state = lstm(layers=2, rows=3) | {
            "lstm.formats": np.array(widths.numbers("s")),
            "lstm.fractions": np.array([2, *of_layer, 11, 6, *of_layer[::-1], 13, 7]),
        }
        model = lq.from_state_dict(state, calibrate=draw(40, 8) * 50)
        for layer, v, fracs in zip(model.layers, [(11, 6), (13, 7)], (of_layer, of_layer[::-1])):
            self.assertEqual((layer.v, layer.s), (lq.Format(*v), lq.Format(12, 10)))
            self.assertEqual([*layer.w_frac_ih, *layer.w_frac_hh], fracs)
        self.assertEqual(model.layers[0].x, lq.Format(5, 2))
        for given in (widths, widths._replace(v=lq.Format(9, 3)), lq.Widths.of(4)):
            self.assertEqual(lq.Widths.of_numbers(given.numbers("s")), given)
        self.refused("the network was trained with", state, widths._replace(s=lq.Format(16, 14)))
        # The first versions are those of an LSTM.
        other = state | {"lstm.formats": np.array(widths.numbers())}
        self.refused("lstm.formats are those of a QuantLSTM", other)
        self.refused("lstm.formats are those of a QuantGRU", state | lstm(layers=2))

    def test_calibration_inputs(self):
        for x in (draw(40, 7), draw(40), draw(0, 8), draw(2, 3, 4, 8)):
            with self.assertRaisesRegex(ValueError, "calibrate has the shape"):
                lq.from_state_dict(lstm(), FOUR, calibrate=x)
        with self.assertRaisesRegex(ValueError, "calibrate.*NaN"):
            lq.from_state_dict(lstm(), FOUR, calibrate=draw(40, 8) * np.inf)
        with self.assertRaisesRegex(ValueError, "calibrate on, or x_frac"):
            lq.from_state_dict(lstm(), FOUR)


class Models(Case):
    def setUp(self):
        self.model = model_of(lstm(layers=2) | linear("fc", 3, 6))
        self.x = self.model.quantize_input(draw(5, 9, 8))

    def test_inputs_are_checked(self):
        for x, pattern in [
            (draw(9, 8), "float32: codes are wanted"),
            (self.x[0, :, :7], "shape \\[9, 7\\]"),
            (self.x[0, 0], "shape \\[8\\]"),
            (self.x[:, :0], "no steps"),
            (self.x + 100, "no code of s4.2"),
        ]:
            with self.assertRaisesRegex(ValueError, pattern):
                self.model.run(x)
        for lengths in ([1, 2], [0, 1, 2, 3, 4], [1, 2, 3, 4, 10], [1.0] * 5):
            with self.assertRaisesRegex(ValueError, "lengths"):
                self.model.run(self.x, lengths)
        one_bit = model_of(lstm(), lq.Widths.of(1))
        with self.assertRaisesRegex(ValueError, "is 0, no code of o1"):
            one_bit.run(np.zeros((3, 8), np.int64))

    def test_a_batch_is_its_sequences(self):
        h, state = self.model.run_with_state(self.x)
        lengths = np.array([9, 3, 1, 9, 5])
        short, ends = self.model.run_with_state(self.x, lengths)
        for index, length in enumerate(lengths):
            alone, last = self.model.run_with_state(self.x[index])
            np.testing.assert_array_equal(h[index], alone)
            np.testing.assert_array_equal(short[index, :length], alone[:length])
            self.assertFalse(short[index, length:].any())
            _, at_end = self.model.run_with_state(self.x[index, :length])
            for layer in range(2):
                for which in range(2):
                    np.testing.assert_array_equal(state[layer][which][index], last[layer][which])
                    np.testing.assert_array_equal(ends[layer][which][index], at_end[layer][which])
        self.assertTrue(h.any())

    def test_files_hold_everything(self):
        self.model.layers[1].row_scale = lq.RowScale(4, 3, np.arange(24) % 16)
        self.model.passengers["embedding.weight"] = draw(4, 8)
        with tempfile.TemporaryDirectory() as home:
            file = Path(home) / "model.safetensors"
            self.model.save(file)
            first = file.read_bytes()
            again = lq.Model.load(file)
            again.save(file)
            self.assertEqual(file.read_bytes(), first)
            self.same(again, self.model)
            h = self.model.run(self.x)
            np.testing.assert_array_equal(again.run(self.x), h)
            np.testing.assert_array_equal(again.outputs(h), self.model.outputs(h))
            self.assertIsNone(again.layers[0].row_scale)
            np.testing.assert_array_equal(again.passengers["embedding.weight"], draw(4, 8))
            # One format, and a kind that it has.
            for good, bad, problem in (
                (b'\\"format\\": 2', b'\\"format\\": 1', "format 1, this module reads 2; make the file"),
                (b'\\"lstm\\"', b'\\"lstx\\"', "layers.0: lstx, this module knows lstm and gru"),
            ):
                file.write_bytes(first.replace(good, bad))
                with self.assertRaisesRegex(ValueError, problem):
                    lq.Model.load(file)
            # A key of a later version is not passed over.
            file.write_bytes(first.replace(b'\\"w_bits\\"', b'\\"w_bots\\"'))
            with self.assertRaisesRegex(ValueError, "w_bots is not known"):
                lq.Model.load(file)

    def test_networks_that_do_not_fit_together_are_refused(self):
        form = lq.Format(4, 3)
        layer = self.model.layers[-1]
        hidden = layer.hidden_size
        dense = lambda inputs, **what: lq.Dense(  # noqa: E731
            np.ones((3, inputs), int), np.zeros(3, int), 4, 3, **what)
        path = Path(self.enterContext(tempfile.TemporaryDirectory())) / "network.safetensors"
        for network, problem in [
            (lq.Model([layer], head=dense(hidden + 1)), "dense layer 0 takes"),
            (lq.Model([layer], head=dense(3), hidden_dense=[dense(hidden, when="last", output="code", y=form)]),
             "must give codes at every step"),
            (lq.Model([layer], embedding=np.zeros((5, layer.input_size + 1), int)), "columns"),
            (lq.Model([layer], embedding=np.full((5, layer.input_size), 99)), "no code of x"),
        ]:
            network.save(path)
            with self.assertRaisesRegex(ValueError, problem):
                lq.Model.load(path)
        tokens = lq.Model([layer], embedding=np.zeros((5, layer.input_size), int))
        for wrong, problem in [
            (np.array([0, 5]), r"token\[1\] is 5, the embedding has 5 rows"),
            (np.array([[-1]]), r"token\[0, 0\] is -1"),
            (np.zeros(3), "indices of tokens"),
        ]:
            with self.assertRaisesRegex(ValueError, problem):
                tokens.run(wrong)

    def test_tables_are_computed_once(self):
        form = lq.Format(7, 3)
        self.assertIs(lq.tables(form, 6), lq.tables(lq.Format(7, 3), 6))
        with self.assertRaises(ValueError):
            lq.tables(form, 6)[0][0] = 1


if __name__ == "__main__":
    unittest.main()
