"""`convert`: recurrent layers of a network, and linear ones behind them, become the hardware's; `save`."""

from __future__ import annotations

import dataclasses
import os
import warnings
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import type_before_parametrizations
from torch.nn.utils.prune import BasePruningMethod
from torch.nn.utils.weight_norm import WeightNorm

from .formats import Widths
from .front import Fronts, QuantFront, ordered
from .heads import Heads
from .linear import QuantLinear
from .model import Model
from .quantize import input_format
from .module import QuantGRU, QuantLSTM
from .recurrent import QuantRecurrent, Signal
from .state_dict import to_array

CONVERTED = {nn.LSTM: QuantLSTM.from_lstm, nn.GRU: QuantGRU.from_gru}


def convert(
    net: nn.Module,
    widths: Widths,
    calibrate: Tensor | tuple[Any, ...],
    *,
    linear: bool = True,
    head_bits: int | None = None,
) -> nn.Module:
    """`net` with the hardware's layers, of the same weights, in the places of float ones.

    Every `nn.LSTM` becomes a `QuantLSTM`, every `nn.GRU` a `QuantGRU`, and every `nn.Linear` that gets h of
    one of them and nothing else a `QuantLinear` with weights of `head_bits` (8, or as the widths' weights
    if they have more), unless `linear` is False. `calibrate` is an input of `net`, or the tuple of its
    arguments: `net` is run on it once, in evaluation mode and without gradients. The fraction of each x
    is the best one for what reached that layer, and a linear layer is behind a recurrent one where all
    that reached it were rows of the last layer's h, moved about (the last step, slices, reordering,
    unpacking, dropout) but not computed with. Linear layers that are not, and those with hooks or shared
    weights, stay. Of a layer of both directions such a row is the output of one step, `out[:, -1]`, or the last
    state of each direction, `torch.cat([h_n[-2], h_n[-1]], 1)`, which the layer notes as `last_states`. An `nn.Linear` whose outputs, moved about and behind a ReLU or
    not, are all that reaches a recurrent layer, or another such linear layer, becomes a `QuantFront`, which rounds
    its input to codes of the widths' x.

    Sizes, mode, dtype, device and which weights are trained stay, and so do layers that are quantised
    already. Parameters are new: make the optimiser afterwards. weight_norm and pruning are folded into
    the weights. Returns `net`, or the new layer where `net` itself is one. What cannot be converted is a
    ValueError that names all of it, and `net` stays as it was: RNN and cells, `proj_size`, subclasses of
    `nn.LSTM` and `nn.GRU`, recurrent layers with hooks or with weights that another module has too, and those
    that the calibration did not reach.
    """
    names = {part: name for name, part in net.named_modules()}
    found = {part: name for part, name in names.items() if _kind(part) in CONVERTED}
    problems = [f"{_shown(name)}: {why}" for part, name in names.items() if (why := _refused(part))]
    problems += [
        f"{_shown(name)}: another module has its {weight} too"
        for part, name in found.items()
        for weight in _shared(net, part)
    ]
    if problems:
        raise ValueError(f"not converted: {'; '.join(problems)}")
    behind = [part for part in names if linear and _kind(part) is nn.Linear]
    behind = [part for part in behind if not (_has_hooks(part) or _shared(net, part))]
    layers = [part for part in names if isinstance(part, QuantRecurrent) or part in found]
    inputs, seen, before = _run(net, layers, behind, calibrate)
    heads = seen.found()
    fronts = before.found(set(heads))
    if not (found or heads):
        raise ValueError(
            f"{type(net).__name__} has no nn.LSTM or nn.GRU to convert, and no nn.Linear behind one"
        )
    missed = [_shown(name) for part, name in found.items() if not inputs[part]]
    if missed:
        raise ValueError(f"not converted: {', '.join(missed)}: the run on calibrate did not reach it")
    new: dict[nn.Module, nn.Module] = {}
    for part, name in found.items():
        try:
            new[part] = CONVERTED[_kind(part)](part, widths, calibrate=inputs[part])
        except ValueError as error:
            raise ValueError(f"{_shown(name)}: {error}") from error
    for part, layer in heads.items():
        of_layer = layer.widths if isinstance(layer, QuantRecurrent) else widths
        bits = head_bits or max(8, of_layer.weight)
        new[part] = QuantLinear.from_linear(part, of_layer.h, bits)
        new[part].last_states = part in seen.on_last
    for part, relu in fronts.items():
        rows = [to_array(x, "calibrate").reshape(-1, part.in_features) for x in before.inputs[part]]
        x = input_format(widths, np.concatenate(rows), None)
        new[part] = QuantFront.from_linear(part, x, head_bits or max(8, widths.weight), relu)
    for parent in list(net.modules()):
        # named_children would give a module once, where a parent has it under two names.
        for name, child in list(parent._modules.items()):
            if child in new:
                setattr(parent, name, new[child])
    return new.get(net, net)


def save(
    net: nn.Module,
    path: str | os.PathLike,
    *,
    output: str = "sum",
    when: str = "step",
    last_states: bool | None = None,
) -> Model:
    """Writes a network that `convert` made as the model file that `lprnn-hw gen --model` takes.

    It holds one `QuantLSTM` or `QuantGRU`, of any number of layers, and the `QuantLinear` behind it, where
    there is one, as a dense layer that gives its sums, or with the `output` "argmax" the index of the
    largest, at every step, or `when` is "last" at the last one of a sequence. With `last_states` that layer takes
    the last state of each direction of a bidirectional layer, and not an output of a step; without it what
    `convert` has seen it take. Several of either are a
    ValueError that names them. Every `QuantFront` is a dense layer before, in the order of the network's modules. Returns the model; parameters that are in neither are its `left_out`,
    and named in a warning.
    """
    names = {part: name for name, part in net.named_modules()}
    layers, heads, fronts = (
        [part for part in names if isinstance(part, kind)] for kind in (QuantRecurrent, QuantLinear, QuantFront)
    )
    heads = [part for part in heads if part not in fronts]
    for parts, what in ((layers, "QuantLSTM or QuantGRU"), (heads, "QuantLinear")):
        if len(parts) > 1:
            shown = ", ".join(_shown(names[part]) for part in parts)
            raise ValueError(f"a model file holds one {what}, the network has several: {shown}")
    if not layers:
        raise ValueError("the network has no QuantLSTM or QuantGRU: convert it before")
    if output not in ("sum", "argmax") or when not in ("step", "last"):
        raise ValueError(f"gives {output!r} at {when!r}: sum or argmax, step or last are wanted")
    if not heads and (output, when) != ("sum", "step"):
        raise ValueError(f"gives {output} at {when}: the network has no QuantLinear that could")
    model = layers[0].model()
    if heads:
        head, h = heads[0], layers[0].widths.h
        if (head.in_features, head.h) != (layers[0].output_size, h):
            raise ValueError(
                f"{_shown(names[head])} takes {head.in_features} elements of {head.h}, the layer before it "
                f"gives {layers[0].output_size} of {h}"
            )
        model.head = dataclasses.replace(head.head(), output=output, when=when)
    if last_states is None:
        last_states = any(getattr(head, "last_states", False) for head in heads)
    if last_states:
        if not layers[0].bidirectional:
            raise ValueError("last_states: the network has no bidirectional layer, h_n[-1] is its last output")
        if heads and when != "last":
            raise ValueError(
                f"{_shown(names[heads[0]])} takes the last state of each direction, which there is at the end of a "
                'sequence: save with when="last"'
            )
        model.layers[-1].output_order = "processing"
    try:
        model.front = list(ordered(fronts, layers[0].input_size, model.layers[0].x))
    except ValueError as error:
        shown = ", ".join(_shown(names[part]) for part in fronts)
        raise ValueError(f"{shown}: {error}; define them in the order in which they are computed") from error
    held = {id(parameter) for part in layers + heads + fronts for parameter in part.parameters()}
    model.left_out = [name for name, part in net.named_parameters() if id(part) not in held]
    if model.left_out:
        warnings.warn(f"not in {path}: {', '.join(model.left_out)}", stacklevel=2)
    model.save(path)
    return model


def _shown(name: str) -> str:
    return name or "the module itself"


def _kind(part: nn.Module) -> type:
    """The class of a module, of a parametrised one that which it had before."""
    return type_before_parametrizations(part)


def _refused(part: nn.Module) -> str | None:
    """Why a module cannot stay as it is and cannot be converted; None where it can."""
    if isinstance(part, QuantLSTM) or not isinstance(part, (nn.RNNBase, nn.RNNCellBase)):
        return None
    if _kind(part) not in CONVERTED:
        return f"a {_kind(part).__name__}, converted are nn.LSTM and nn.GRU"
    if part.proj_size:
        return "proj_size: projections are not implemented"
    if _has_hooks(part):
        return "it has hooks, which would be lost: remove them before"
    return None


def _has_hooks(part: nn.Module) -> bool:
    """Whether a module has hooks, other than those that fold its weights."""
    folded = (WeightNorm, BasePruningMethod)
    before = [hook for hook in part._forward_pre_hooks.values() if not isinstance(hook, folded)]
    return bool(before or part._forward_hooks or part._backward_hooks or part._backward_pre_hooks)


def _shared(net: nn.Module, part: nn.Module) -> list[str]:
    """Names of the parameters of a module that another module of the network has as well."""
    others = (other for other in net.modules() if other is not part)
    theirs = {parameter for other in others for parameter in other.parameters(recurse=False)}
    return [name for name, parameter in part.named_parameters(recurse=False) if parameter in theirs]


def _run(
    net: nn.Module,
    layers: list[nn.RNNBase],
    linear: list[nn.Linear],
    calibrate: Tensor | tuple[Any, ...],
) -> tuple[dict[nn.Module, list[Signal]], Heads, Fronts]:
    """What reaches each recurrent layer when `net` runs, in every call; linear layers behind one, and those before."""
    seen: dict[nn.Module, list[Signal]] = {layer: [] for layer in layers}

    def look(layer: nn.Module, arguments: tuple, named: dict) -> None:
        seen[layer].append(arguments[0] if arguments else named["input"])

    modes = {part: part.training for part in net.modules()}
    heads, fronts = Heads(layers, linear), Fronts(layers, linear)
    hooks = [layer.register_forward_pre_hook(look, with_kwargs=True) for layer in layers]
    hooks += heads.hooks() + fronts.hooks()
    try:
        net.eval()
        with torch.no_grad(), heads, fronts:
            net(*calibrate) if isinstance(calibrate, tuple) else net(calibrate)
    finally:
        for hook in hooks:
            hook.remove()
        for part, mode in modes.items():
            part.training = mode
    return seen, heads, fronts
