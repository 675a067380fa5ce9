"""`convert`: every `nn.LSTM` of a network becomes a `QuantLSTM`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import type_before_parametrizations
from torch.nn.utils.prune import BasePruningMethod
from torch.nn.utils.rnn import PackedSequence
from torch.nn.utils.weight_norm import WeightNorm

from .formats import Widths
from .module import QuantLSTM


def convert(net: nn.Module, widths: Widths, calibrate: Tensor | tuple[Any, ...]) -> nn.Module:
    """`net` with every `nn.LSTM` in it replaced by a `QuantLSTM` of the same weights, in its place.

    `calibrate` is an input of `net`, or the tuple of its arguments: `net` is run on it once, in
    evaluation mode and without gradients, and the fraction of each x is the best one for what
    reached that LSTM. Sizes, mode, dtype, device and which weights are trained stay, and so do
    layers that are quantised already. Parameters are new: make the optimiser afterwards.

    weight_norm and pruning are folded into the weights. Returns `net`, or the new layer where `net` itself is an `nn.LSTM`. What cannot be converted is a
    ValueError that names all of it, and `net` stays as it was: GRU, RNN and cells, `bidirectional`,
    `proj_size`, subclasses of `nn.LSTM`, layers with hooks or with weights that another module has
    too, and layers that the calibration did not reach.
    """
    names = {part: name for name, part in net.named_modules()}
    found = {part: name for part, name in names.items() if _kind(part) is nn.LSTM}
    problems = [f"{_shown(name)}: {why}" for part, name in names.items() if (why := _refused(part))]
    problems += _shared(net, found)
    if problems:
        raise ValueError(f"not converted: {'; '.join(problems)}")
    if not found:
        raise ValueError(f"{type(net).__name__} has no nn.LSTM to convert")
    inputs = _inputs(net, list(found), calibrate)
    missed = [_shown(name) for part, name in found.items() if not inputs[part]]
    if missed:
        raise ValueError(f"not converted: {', '.join(missed)}: the run on calibrate did not reach it")
    new = {}
    for part, name in found.items():
        try:
            new[part] = QuantLSTM.from_lstm(part, widths, calibrate=torch.cat(inputs[part]))
        except ValueError as error:
            raise ValueError(f"{_shown(name)}: {error}") from error
    for parent in list(net.modules()):
        # named_children would give a module once, where a parent has it under two names.
        for name, child in list(parent._modules.items()):
            if child in new:
                setattr(parent, name, new[child])
    return new.get(net, net)


def _shown(name: str) -> str:
    return name or "the module itself"


def _kind(part: nn.Module) -> type:
    """The class of a module, of a parametrised one that which it had before."""
    return type_before_parametrizations(part)


def _refused(part: nn.Module) -> str | None:
    """Why a module cannot stay as it is and cannot be converted; None where it can."""
    if isinstance(part, QuantLSTM) or not isinstance(part, (nn.RNNBase, nn.RNNCellBase)):
        return None
    if _kind(part) is not nn.LSTM:
        return f"a {_kind(part).__name__}, converted is nn.LSTM"
    if part.bidirectional:
        return "bidirectional=True: the hardware runs forward only"
    if part.proj_size:
        return "proj_size: projections are not implemented"
    folded = (WeightNorm, BasePruningMethod)
    before = [hook for hook in part._forward_pre_hooks.values() if not isinstance(hook, folded)]
    if before or part._forward_hooks or part._backward_hooks or part._backward_pre_hooks:
        return "it has hooks, which would be lost: remove them before"
    return None


def _shared(net: nn.Module, found: dict[nn.Module, str]) -> list[str]:
    """LSTMs with a parameter that another module has as well."""
    owners: dict[nn.Parameter, set[nn.Module]] = {}
    for part in net.modules():
        for parameter in part.parameters(recurse=False):
            owners.setdefault(parameter, set()).add(part)
    return [
        f"{_shown(name)}: another module has its {weight} too"
        for part, name in found.items()
        for weight, parameter in part.named_parameters(recurse=False)
        if len(owners[parameter]) > 1
    ]


def _inputs(
    net: nn.Module, layers: list[nn.Module], calibrate: Tensor | tuple[Any, ...]
) -> dict[nn.Module, list[Tensor]]:
    """What reaches each layer when `net` runs, as [rows, I] of every call."""
    seen: dict[nn.Module, list[Tensor]] = {layer: [] for layer in layers}

    def look(layer: nn.Module, arguments: tuple, named: dict) -> None:
        given = arguments[0] if arguments else named["input"]
        data = given.data if isinstance(given, PackedSequence) else given
        seen[layer].append(data.detach().flatten(0, -2))

    modes = {part: part.training for part in net.modules()}
    hooks = [layer.register_forward_pre_hook(look, with_kwargs=True) for layer in layers]
    try:
        net.eval()
        with torch.no_grad():
            net(*calibrate) if isinstance(calibrate, tuple) else net(calibrate)
    finally:
        for hook in hooks:
            hook.remove()
        for part, mode in modes.items():
            part.training = mode
    return seen
