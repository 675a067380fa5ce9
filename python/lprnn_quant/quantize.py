"""Float models in integers: fractions with the least squared error, and what h has lost."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .dense import Dense
from .formats import LEVELS, Format, Widths, best_fraction, codes, finite, v_format
from .gru import GruLayer
from .layer import GATES, LARGEST_SHIFT, Layer
from .linears import FloatHead
from .model import Model
from .state_dict import FloatLayer, FloatModel, read_state_dict, to_array

# Element-wise formats that cost nothing in accuracy, to see what the chosen ones do.
WIDE = {"z": Format(12, 7), "a_frac": 14, "c": Format(32, 20), "s": Format(32, 20)}
# Steps on which h is measured.
MEASURED_STEPS = 1_000


def choose_fractions(
    layer: FloatLayer, x: Format, widths: Widths
) -> tuple[list[int], list[int]]:
    """Fractions of both matrices, per gate: those with the least squared error."""
    form = widths.at(widths.weight, 0)
    both = tuple(
        [best_fraction(part, form, True) for part in np.split(matrix, layer.gates)]
        for matrix in (layer.weight_ih, layer.weight_hh)
    )
    for gate, part in enumerate(np.split(layer.bias, layer.gates)):
        if layer.bias_n_h is not None and gate == 2:
            # Each part of n has a bias of its own, at the fraction of its product.
            for fracs, frac, bias in ((both[0], x.frac, part), (both[1], widths.h.frac, layer.bias_n_h)):
                while not _fits(bias, fracs[gate] + frac):
                    fracs[gate] -= 1
            continue
        # The finer product is made coarser until both can be aligned and the bias fits 32 bits.
        while True:
            of_x, of_h = both[0][gate] + x.frac, both[1][gate] + widths.h.frac
            if abs(of_x - of_h) <= LARGEST_SHIFT and _fits(part, max(of_x, of_h)):
                break
            both[0 if of_x > of_h else 1][gate] -= 1
    return both


def _fits(bias: np.ndarray, frac: int) -> bool:
    """Whether biases of this fraction fit 32 bits."""
    return float(np.abs(bias).max(initial=0.0)) * 2.0**frac < 2.0**31 - 1


def quantize_layer(
    layer: FloatLayer,
    x: Format,
    widths: Widths,
    fractions: tuple[list[int], list[int]] | None = None,
    v_most: float = 0.0,
) -> Layer | GruLayer:
    """A float layer in integers; fractions as `choose_fractions` finds them, unless given.

    `v_most` is what n's parts of a GRU reach, for `v_format`.
    """
    if fractions is None:
        fractions = choose_fractions(layer, x, widths)
    matrices = [
        np.concatenate(
            [
                codes(part, widths.at(widths.weight, frac), True)
                for part, frac in zip(np.split(matrix, layer.gates), fracs)
            ]
        )
        for matrix, fracs in zip((layer.weight_ih, layer.weight_hh), fractions)
    ]
    if layer.bias_n_h is not None:
        return _gru_layer(layer, matrices, x, widths, fractions, v_most)
    quantized = Layer(
        *matrices,
        np.zeros(len(layer.bias), np.int64),
        x,
        widths.h,
        widths.weight,
        *fractions,
        widths.z,
        widths.a_frac,
        widths.c,
        w_levels=widths.at(widths.weight, 0).levels,
    )
    quantized.bias = np.concatenate(
        [
            _bias_codes(part, quantized.alignment(gate)[2], GATES[gate])
            for gate, part in enumerate(np.split(layer.bias, 4))
        ]
    )
    return quantized


def _bias_codes(bias: np.ndarray, frac: int, gate: str) -> np.ndarray:
    """Codes of biases of this fraction; a warning where 32 bits clamp them."""
    form = Format(32, frac)
    biases = codes(bias, form)
    # Fractions that are chosen here leave room; training may have outgrown those given.
    if not np.array_equal(biases, np.rint(bias * 2.0**form.frac)):
        warnings.warn(
            f"biases of gate {gate} are clamped to 32 bits, here and in training; "
            "choose the fractions anew (fit)",
            stacklevel=3,
        )
    return biases


def _gru_layer(
    layer: FloatLayer,
    matrices: list[np.ndarray],
    x: Format,
    widths: Widths,
    fractions: tuple[list[int], list[int]],
    v_most: float,
) -> GruLayer:
    """A float GRU layer with these codes of its weights."""
    quantized = GruLayer(
        *matrices,
        np.zeros(len(layer.bias), np.int64),
        np.zeros(len(layer.bias_n_h), np.int64),
        x,
        widths.h,
        widths.weight,
        *fractions,
        widths.z,
        widths.a_frac,
        widths.v or v_format(widths.z, v_most),
        widths.s,
        w_levels=widths.at(widths.weight, 0).levels,
    )
    biases = []
    for gate, part in enumerate(np.split(layer.bias, 3)):
        of_x, of_h = quantized.product_fracs(gate)
        biases.append(_bias_codes(part, of_x if gate == 2 else max(of_x, of_h), "run"[gate]))
    quantized.bias = np.concatenate(biases)
    quantized.bias_n_h = _bias_codes(layer.bias_n_h, quantized.product_fracs(2)[1], "n")
    return quantized


def quantize_head(head: FloatHead, bits: int, h: Format, frac: int | None = None) -> Dense:
    """A linear head in integers, weights of `bits` bits, on h of the format `h`.

    `frac` is the fraction of the weights, the one with the least squared error where it is not given.
    """
    form = Format(bits, best_fraction(head.weight, bits, True) if frac is None else frac)
    bias = np.rint(finite(head.bias, f"{head.name}.bias") * 2.0 ** (form.frac + h.frac))
    if np.abs(bias).max(initial=0) > 2**31 - 1:
        raise ValueError(f"{head.name}.bias does not fit 32 bits beside weights of {form}")
    return Dense(codes(head.weight, form, True), bias.astype(np.int64), bits, form.frac, h)


def input_format(widths: Widths, calibrate: np.ndarray | None, x_frac: int | None) -> Format:
    """The format of x: of the given fraction, or of the best one for real inputs."""
    form = widths.at(widths.input, 0)
    if x_frac is not None:
        return form._replace(frac=x_frac)
    if calibrate is None:
        raise ValueError("give inputs to calibrate on, or x_frac")
    return form if form.bits == 1 else form._replace(frac=best_fraction(calibrate, form, False))


def float_front(fronts: list[FloatHead], x: np.ndarray) -> np.ndarray:
    """What linear layers before the recurrent ones give of real inputs, [..., I]."""
    for part in fronts:
        x = x @ part.weight.T.astype(np.float64) + part.bias
        x = np.maximum(x, 0) if part.relu else x
    return x


def front_formats(
    model: FloatModel, widths: Widths, calibrate: np.ndarray | None, x_frac: int | None
) -> list[Format]:
    """Formats of x of every layer before the recurrent ones, and of the first recurrent one behind them.

    They are those of the training, or of the best fraction for what reaches the layer; `x_frac` is that of the
    first of them.
    """
    trained = [part.x if part.formats else None for part in model.front]
    at = widths.at(widths.input, 0)
    trained.append(at._replace(frac=model.fractions[0]) if model.fractions else None)
    if trained[0] is not None and x_frac not in (None, trained[0].frac):
        raise ValueError(f"x_frac: the network was trained with {trained[0].frac}")
    formats = []
    for index, known in enumerate(trained):
        if index and known is None and calibrate is None:
            name = model.front[index - 1].name
            raise ValueError(f"give inputs to calibrate on: they choose the fraction of what {name} gives")
        rows = None if calibrate is None else float_front(model.front[:index], calibrate)
        formats.append(known or input_format(widths, rows, None if index else x_frac))
    return formats


def quantize_fronts(
    fronts: list[FloatHead], formats: list[Format], bits: int | None, widths: Widths
) -> list[Dense]:
    """Linear layers before the recurrent ones in integers, between formats as `front_formats` gives them."""
    if bits is not None and not fronts:
        raise ValueError("front_bits: there is no linear layer before the recurrent ones; front= names one")
    layers = []
    for part, x, y in zip(fronts, formats, formats[1:]):
        of_weights, frac, *_ = part.formats or (bits or max(8, widths.weight), None)
        if bits not in (None, of_weights):
            raise ValueError(f"{part.name} was trained with weights of {of_weights} bits, not {bits}")
        dense = quantize_head(part, of_weights, x, frac)
        dense.x, dense.output, dense.y, dense.relu = x, "code", y, part.relu
        layers.append(dense)
    return layers


def quantize_layers(
    layers: list[FloatLayer],
    x: Format,
    widths: Widths,
    fractions: list[int] | None = None,
    v_most: list[float] | None = None,
) -> list[Layer | GruLayer]:
    """All layers in integers; `fractions` as a `QuantLSTM` or `QuantGRU` keeps them, without that of x.

    `v_most` is what n's parts reach of every GRU layer, of every half of a bidirectional one, as `float_ranges`
    finds it.
    """
    quantized: list[Layer | GruLayer] = []
    index = 0
    for layer in layers:
        halves = []
        for half in layer.passes():
            of_half, gates = None, half.gates
            if fractions is not None:
                flat = [int(frac) for frac in fractions[8 * index : 8 * index + 8]]
                of_half = (flat[:gates], flat[gates : 2 * gates])
                if gates == 3:
                    widths = widths._replace(v=Format(*flat[6:]))
            reach = v_most[index] if v_most else 0.0
            halves.append(quantize_layer(half, x, widths, of_half, reach))
            index += 1
        if len(halves) == 2:
            halves[0].direction, halves[0].reverse = "bidirectional", halves[1]
            halves[1].direction = "backward"
        quantized.append(halves[0])
        x = widths.h
    return quantized


def from_state_dict(
    state: Mapping[str, Any],
    widths: Widths | None = None,
    calibrate: np.ndarray | None = None,
    x_frac: int | None = None,
    *,
    prefix: str | None = None,
    head: str | None = None,
    only_lstm: bool = False,
    head_bits: int | None = None,
    front: str | Sequence[str] | None = None,
    front_bits: int | None = None,
    last_states: bool = False,
) -> Model:
    """The integer model of a network with one `nn.LSTM` or `nn.GRU` (or cell), from its state dict.

    `state` holds arrays or tensors by name. Layers are bidirectional where there are tensors of both
    directions. Folded: weight_norm and pruning. Refused by name: RNN, projections, and every tensor that is
    no part of LSTM, GRU, head or embedding, unless `prefix` or `only_lstm` says that the rest is left out
    (`Model.left_out`).

    The fraction of x is `x_frac`, or the best one for `calibrate`: real inputs, [steps, I] or
    [batch, steps, I]. The state dict of a network with a `QuantLSTM` or `QuantGRU` brings its widths and
    trained fractions along, and so do a `QuantLinear` and a `QuantFront`: then neither is needed, and `widths`,
    where given, must agree.

    `prefix` chooses one of several LSTMs; `head` names the linear layer behind it, where several
    or none of the usual names fits. It becomes integers of `head_bits` (8, or as the weights if
    they have more), as `lprnn-hw quantize` does it. Beside an embedding it rides along in floating
    point with it, as `embedding.weight`, `decoder.weight` and `decoder.bias`, unless `head_bits` is
    given: then the embedding becomes codes of x. The head gives its sums at every step; set
    `model.head.output` and `model.head.when` for others. Behind a bidirectional layer it takes the output of
    a step, forward h beside backward h: of the last step that is `output[:, -1]`, and not `h_n`, whose backward
    half is the h of the first step. With `last_states` it takes `torch.cat([h_n[-2], h_n[-1]], 1)`, at the last step
    of a sequence: the last layer then gives the last state of each direction there.

    `front` names the linear layers before the recurrent ones, from the first: "FIRST,SECOND" or a list, "NAME:relu"
    where a ReLU stands behind one. They become dense layers with weights of `front_bits` (8, or as the weights if
    they have more) on codes as wide as the widths' `input`; x is what the first of them takes, and `calibrate`
    chooses the fractions behind it. A `QuantFront` needs no name where the sizes tell the order.

    Where `calibrate` is given, h is compared with the float model on its first 1,000 steps, and a
    warning says where the formats of z, gates and c are what limits it.
    """
    model = read_state_dict(state, prefix, head, only_lstm, front)
    trained = model.fractions
    widths = _widths(model, widths)
    if calibrate is not None:
        calibrate = check_inputs(to_array(calibrate, "calibrate"), model)
    formats = front_formats(model, widths, calibrate, x_frac)
    v_most = None
    if calibrate is not None:
        calibrate = float_front(model.front, calibrate)
        if any(layer.bias_n_h is not None for layer in model.layers):
            v_most = float_ranges(model.layers, calibrate)
    layers = quantize_layers(model.layers, formats[-1], widths, trained and trained[1:], v_most)
    quantized = Model(layers, left_out=model.left_out)
    quantized.front = quantize_fronts(model.front, formats, front_bits, widths)
    whole = model.embedding is not None and model.head is not None and head_bits is not None
    if whole:
        quantized.embedding = codes(model.embedding, formats[0])
    elif model.embedding is not None:
        quantized.passengers["embedding.weight"] = single(model.embedding, "embedding.weight")
    trained_head = model.head is not None and model.head.formats is not None
    if whole or trained_head or (model.head is not None and model.embedding is None):
        quantized.head = _trained_or_new_head(model.head, head_bits, widths)
    elif model.head is not None:
        for name in ("weight", "bias"):
            value = getattr(model.head, name)
            quantized.passengers[f"decoder.{name}"] = single(value, f"decoder.{name}")
    elif head_bits is not None:
        raise ValueError("head_bits: the state dict has no head")
    if calibrate is not None:
        _warn_of_limits(Model(layers), model, widths, calibrate, trained)
    if last_states:
        _take_last_states(quantized)
    return quantized


def _widths(model: FloatModel, widths: Widths | None) -> Widths:
    """Those that the network was trained with, or those given."""
    state_name = "c" if model.layers[0].bias_n_h is None else "s"
    if model.widths is not None and widths is not None:
        same = widths.numbers(state_name) == model.widths.numbers(state_name)
        widths = model.widths if same else widths
    if model.widths is not None and widths not in (None, model.widths):
        raise ValueError(f"the network was trained with {model.widths}, not {widths}")
    widths = widths or model.widths
    if widths is None:
        raise ValueError("give widths: the state dict is not of a QuantLSTM or QuantGRU that brings its own")
    return widths


def _take_last_states(model: Model) -> None:
    """Has the last layer give the last state of each direction, and a head take both at the end of a sequence."""
    if model.layers[-1].reverse is None:
        raise ValueError("last_states: the last layer is not bidirectional, h_n[-1] is its last output; leave it out")
    if "decoder.weight" in model.passengers:
        raise ValueError("last_states: the head stays in floating point, at every step; give head_bits")
    model.layers[-1].output_order = "processing"
    if model.head is not None:
        model.head.when = "last"


def _trained_or_new_head(head: FloatHead, bits: int | None, widths: Widths) -> Dense:
    """The head of integers, as a `QuantLinear` was trained, where it is one."""
    if head.formats is None:
        return quantize_head(head, bits or max(8, widths.weight), widths.h)
    of_weights, frac, *of_h = head.formats
    wanted = [*widths.h[:2], LEVELS.index(widths.h.levels)]
    if bits not in (None, of_weights) or of_h != wanted:
        raise ValueError(
            f"{head.name} was trained with weights of {of_weights} bits on h of {of_h} (bits, fraction, "
            f"levels), not {bits or of_weights} on {wanted}"
        )
    return quantize_head(head, of_weights, widths.h, frac)


def check_inputs(inputs: np.ndarray, model: FloatModel) -> np.ndarray:
    """Real inputs in double precision, of a shape that fits the model."""
    size = model.input_size
    if inputs.ndim not in (2, 3) or inputs.shape[-1] != size or 0 in inputs.shape:
        raise ValueError(
            f"calibrate has the shape {list(inputs.shape)}; give [steps, {size}] or "
            f"[batch, steps, {size}]"
        )
    return finite(inputs, "calibrate")


def single(values: np.ndarray, name: str) -> np.ndarray:
    """Values in float32, which is what model files hold; says so where that rounds."""
    rounded = np.asarray(values, np.float32)
    if not np.array_equal(rounded, values):
        warnings.warn(f"{name} is rounded to float32, as model files hold it", stacklevel=3)
    return rounded


def float_run(layers: list[FloatLayer], x: np.ndarray) -> np.ndarray:
    """h of the last float layer, [..., steps, H], of both directions [..., steps, 2H], from x, [..., steps, I].

    Zero state first, which backward is that at the last step.
    """
    for layer in layers:
        x, _ = _float_layer(layer, x)
    return x


def float_ranges(layers: list[FloatLayer], x: np.ndarray) -> list[float]:
    """Largest magnitudes of n's parts of every float layer and of each of its halves, 0 where it is no GRU."""
    found: list[float] = []
    for layer in layers:
        x, most = _float_layer(layer, x)
        found += most
    return found


def _float_layer(layer: FloatLayer, x: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """h of a float layer and, of each of its halves, the largest magnitude of n's parts of a GRU."""
    h, most = _float_pass(layer, x)
    if layer.reverse is None:
        return h, [most]
    turned, of_reverse = _float_pass(layer.reverse, np.flip(x, -2))
    return np.concatenate([h, np.flip(turned, -2)], -1), [most, of_reverse]


def _float_pass(layer: FloatLayer, x: np.ndarray) -> tuple[np.ndarray, float]:
    """h of one direction over the steps as they come, and the largest magnitude of n's parts of a GRU."""
    hidden = layer.hidden_size
    from_x = x @ layer.weight_ih.T.astype(np.float64) + layer.bias
    recurrent = layer.weight_hh.T.astype(np.float64)
    h = c = np.zeros((*x.shape[:-2], hidden))
    all_h, most = [], 0.0
    for step in range(x.shape[-2]):
        xs, hs = from_x[..., step, :], h @ recurrent
        if layer.bias_n_h is None:
            i, f, g, o = np.split(xs + hs, 4, axis=-1)
            c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
            h = _sigmoid(o) * np.tanh(c)
        else:
            r, u = np.split(_sigmoid((xs + hs)[..., : 2 * hidden]), 2, axis=-1)
            vx, vh = xs[..., 2 * hidden :], hs[..., 2 * hidden :] + layer.bias_n_h
            most = max(most, float(np.abs(vx).max()), float(np.abs(vh).max()))
            h = (1 - u) * np.tanh(vx + r * vh) + u * h
        all_h.append(h)
    return np.stack(all_h, -2), most


def _sigmoid(value: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(0.0, -value))


def signal_to_noise(model: Model, layers: list[FloatLayer], x: np.ndarray) -> float:
    """Decibel of h of the float layers over its difference from the integer model's h.

    `x` holds real inputs, [steps, I] or [batch, steps, I].
    """
    want = float_run(layers, np.asarray(x, np.float64))
    got = model.run(model.quantize_input(x)) * 2.0 ** -model.layers[-1].h.frac
    noise = float(((got - want) ** 2).sum())
    return float("inf") if noise == 0 else 10 * float(np.log10((want**2).sum() / noise))


def _reach(layer: Layer | GruLayer) -> float:
    """What v of a GRU layer was made for."""
    return layer.v.high * 2.0**-layer.v.frac / 1.25 if isinstance(layer, GruLayer) else 0.0


def _warn_of_limits(
    model: Model, float_model: FloatModel, widths: Widths, x: np.ndarray, trained: list[int] | None
) -> None:
    """Warns where other formats of z, gates and c would give an h that is better by 3 dB."""
    x = x[..., :MEASURED_STEPS, :]
    if x.ndim == 3:
        x = x[: -(-MEASURED_STEPS // x.shape[1])]
    wide = widths._replace(**WIDE)
    v_most = [_reach(half) for layer in model.layers for half in layer.passes()]
    layers = quantize_layers(
        float_model.layers, model.layers[0].x, wide, trained and trained[1:], v_most
    )
    is_now = signal_to_noise(model, float_model.layers, x)
    could_be = signal_to_noise(Model(layers), float_model.layers, x)
    state = "c" if float_model.layers[0].bias_n_h is None else "s"
    if could_be > is_now + 3:
        warnings.warn(
            f"h is {is_now:.1f} dB over its noise and would be {could_be:.1f} dB but for the formats "
            f"of z ({widths.z}), gates ({widths.a_frac} fraction bits) and {state} "
            f"({getattr(widths, state)}): give others in Widths, such as "
            f"z=Format{tuple(wide.z[:2])}, a_frac={wide.a_frac}, "
            f"{state}=Format{tuple(getattr(wide, state)[:2])}, or let `lprnn-hw quantize` choose",
            stacklevel=3,
        )
