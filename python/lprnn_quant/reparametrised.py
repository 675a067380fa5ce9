"""Weights that a state dict holds in another form: weight_norm, pruning, and what is refused."""

from __future__ import annotations

import re

import numpy as np

# torch.nn.utils.parametrizations: `x.parametrizations.weight_hh_l0.original0`.
NEW_FORM = re.compile(r"(.*?)parametrizations\.(weight_\w+|bias_\w+|weight|bias)\.(.+)")
OLD_FORM = re.compile(r"(.*(?:weight|bias)(?:_[a-z]+(?:_l\d+)?(?:_reverse)?)?)_(g|v|u|orig|mask|raw)")


def fold(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays with every weight under its own name, as the module computes with it.

    Folded are weight_norm, g * v / |v| over each row (both forms of PyTorch), and pruning, orig *
    mask. Any other parametrisation of a recurrent layer is refused by name, of others left as it is.
    """
    plain: dict[str, np.ndarray] = {}
    parts: dict[str, dict[str, str]] = {}
    for name, value in arrays.items():
        new, old = NEW_FORM.fullmatch(name), OLD_FORM.fullmatch(name)
        if new:
            parts.setdefault(new[1] + new[2], {})[new[3]] = name
        elif old:
            parts.setdefault(old[1], {})[old[2]] = name
        else:
            plain[name] = value
    for name, names in parts.items():
        folded = _folded(name, {part: arrays[full] for part, full in names.items()})
        if folded is not None:
            plain[name] = folded
        elif re.search(r"(weight|bias)_(ih|hh)", name):
            raise ValueError(
                f"{name} is made of {', '.join(sorted(names.values()))}; read are weight_norm and "
                "pruning: remove any other parametrisation or WeightDrop before saving"
            )
        else:
            plain.update({full: arrays[full] for full in names.values()})
    return plain


def _folded(name: str, found: dict[str, np.ndarray]) -> np.ndarray | None:
    """One weight of its parts, where they are understood."""
    for g, v in (("original0", "original1"), ("g", "v")):
        if set(found) == {g, v} and found[g].ndim in (0, found[v].ndim):
            return _weight_norm(name, found[g], found[v])
    if set(found) == {"orig", "mask"} and found["orig"].shape == found["mask"].shape:
        return found["orig"] * found["mask"]
    return None


def _weight_norm(name: str, g: np.ndarray, v: np.ndarray) -> np.ndarray:
    """g * v / |v|, the norm over all dimensions that g has one element in."""
    axes = tuple(axis for axis in range(v.ndim) if g.ndim == 0 or g.shape[axis] == 1)
    wide = v.astype(np.float64)
    norm = np.sqrt((wide**2).sum(axis=axes, keepdims=True))
    if g.ndim and norm.shape != g.shape:
        raise ValueError(f"{name}: weight_norm of shapes {list(g.shape)} and {list(v.shape)}")
    if not norm.all():
        raise ValueError(f"{name}: weight_norm of a row of zeros is not a number")
    return (g * (wide / norm)).astype(v.dtype)
