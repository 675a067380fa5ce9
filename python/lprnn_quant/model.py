"""A quantised model: what it computes, and its file."""

from __future__ import annotations

import dataclasses
import json
import os

import numpy as np

from .dense import Dense
from .files import read_safetensors, write_safetensors
from .formats import codes
from .gru import GruLayer
from .headers import (
    InputOffset,
    check_chain,
    dense_header,
    dense_of,
    embedding_of,
    formats_of,
    known,
    layer_of,
    narrowest,
    offset_of,
    tensors_of,
)
from .layer import Layer

FORMAT = 2
"""Number of the file format that is written and read."""

State = list[tuple[np.ndarray, np.ndarray]]
"""h and c (of a GRU s) of every layer, [H] or [batch, H] each, as codes; of a bidirectional layer those of both
directions at the last step, [2H]."""


@dataclasses.dataclass
class Model:
    """A quantised network: recurrent layers, an embedding and dense layers before them and dense layers behind them
    where there are some, and float tensors that ride along."""

    layers: list[Layer | GruLayer]
    passengers: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    """Float tensors that ride along: `embedding.weight`, `decoder.weight`, `decoder.bias`."""
    head: Dense | None = None
    """The last dense layer."""
    left_out: list[str] = dataclasses.field(default_factory=list)
    """Tensors of the state dict that the model was made from and that are not in it."""
    input_offset: InputOffset | None = None
    """What is taken off real inputs before they become codes."""
    embedding: np.ndarray | None = None
    """[V, I], codes of x: the input of a step is the index of a row."""
    hidden_dense: list[Dense] = dataclasses.field(default_factory=list)
    """Dense layers between the recurrent ones and `head`; all of them give codes at every step."""
    front: list[Dense] = dataclasses.field(default_factory=list)
    """Dense layers before the recurrent ones, each with its `x`; all of them give codes at every step, the last the
    codes of x of the first recurrent layer."""

    def first_input(self) -> tuple[int, Format]:
        """Elements of x of the first layer, dense or recurrent, and their format."""
        if self.front:
            return self.front[0].weight.shape[1], self.front[0].x
        return self.layers[0].input_size, self.layers[0].x

    def quantize_input(self, x: np.ndarray) -> np.ndarray:
        """Codes of real inputs, of the same shape: the nearest, clamped."""
        if self.input_offset is not None:
            x = self.input_offset.applied(x)
        return codes(x, self.first_input()[1])

    def run(self, x: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
        """Codes of the last layer's h, as `lprnn-hw run` computes them; of a bidirectional layer forward and
        backward h side by side.

        `x` holds codes, [steps, I] or [batch, steps, I], or indices of tokens, [steps] or [batch,
        steps], where the model has an embedding; h has the same leading sizes. Every
        sequence starts from zero state. With `lengths`, [batch], the h behind a sequence's end are
        zeros.
        """
        return self.run_with_state(x, lengths)[0]

    def run_with_state(
        self, x: np.ndarray, lengths: np.ndarray | None = None, state: State | None = None
    ) -> tuple[np.ndarray, State]:
        """`run` from a state that an earlier call returned, and the state after the last step.

        A backward or bidirectional layer takes whole sequences: `state` is refused there.
        """
        x = self._check_codes(np.asarray(x))
        last = _last_steps(x, lengths)
        states = []
        for index, layer in enumerate(self.layers):
            start = None if state is None else state[index]
            x, c = layer.run_directed(x, last, start)
            at = (np.arange(len(x)), last) if x.ndim == 3 else last
            states.append((x[at], c[at]))
        if lengths is not None:
            x = np.where(np.arange(x.shape[1])[:, None] <= last[:, None, None], x, 0)
        return x, states

    def outputs(self, h: np.ndarray) -> np.ndarray:
        """What the dense layers give of codes of h, [..., H]: [..., O], or [..., 1] of an index.

        A sum has the value `y * 2**-(head.w_frac + f)`, f the fraction of what is before the last layer:
        `layers[-1].h.frac` where there is one dense layer.
        """
        if self.head is None:
            raise ValueError("the model has no integer head")
        values, form = np.asarray(h), self.layers[-1].h
        for layer in [*self.hidden_dense, self.head]:
            values, form = layer.outputs(values, form), layer.y
        return values

    def run_outputs(self, x: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
        """What the dense layers give for whole sequences, as `lprnn-hw run --head-output` writes it.

        [steps, O] or [batch, steps, O], zeros behind a sequence's end; of a head that waits for the last
        step [O] or [batch, O].
        """
        h = self.run(x, lengths)
        last = _last_steps(h, lengths)
        if self.head is not None and self.head.when == "last":
            return self.outputs(h[(np.arange(len(h)), last) if h.ndim == 3 else last])
        y = self.outputs(h)
        if lengths is not None:
            y = np.where(np.arange(y.shape[1])[:, None] <= last[:, None, None], y, 0)
        return y

    def _check_codes(self, x: np.ndarray) -> np.ndarray:
        """What the recurrent layers take of the inputs; what are no codes of x, or of another shape, is an error."""
        x = self._rows_of(x) if self.embedding is not None else self._codes_of(x)
        for layer in self.front:
            x = layer.outputs(x, layer.x)
        return x

    def _codes_of(self, x: np.ndarray) -> np.ndarray:
        """The inputs as integers."""
        size, form = self.first_input()
        if x.dtype.kind not in "iu":
            raise ValueError(
                f"x is {x.dtype}: codes are wanted; quantize_input makes them of real inputs"
            )
        if x.ndim not in (2, 3) or x.shape[-1] != size:
            raise ValueError(
                f"x has the shape {list(x.shape)}; give [steps, {size}] or [batch, steps, {size}]"
            )
        if 0 in x.shape:
            raise ValueError(f"x has the shape {list(x.shape)}: it holds no steps")
        x = x.astype(np.int64)
        wrong = ~form.holds(x)
        if wrong.any():
            at = tuple(map(int, np.argwhere(wrong)[0]))
            raise ValueError(f"x{list(at)} is {x[at]}, no code of {form}")
        return x

    def _rows_of(self, tokens: np.ndarray) -> np.ndarray:
        """The embedding's rows of indices; an index beyond it is an error."""
        if tokens.dtype.kind not in "iu" or tokens.ndim not in (1, 2) or 0 in tokens.shape:
            raise ValueError(
                f"the model takes indices of tokens, integers [steps] or [batch, steps]; they are "
                f"{tokens.dtype} {list(tokens.shape)}"
            )
        beyond = (tokens < 0) | (tokens >= len(self.embedding))
        if beyond.any():
            at = tuple(map(int, np.argwhere(beyond)[0]))
            raise ValueError(
                f"token{list(at)} is {tokens[at]}, the embedding has {len(self.embedding)} rows"
            )
        return self.embedding[tokens].astype(np.int64)

    def save(self, path: str | os.PathLike) -> None:
        """Writes the model file that `lprnn-hw gen --model` and all other commands take."""
        tensors = {name: np.asarray(value, "<f4") for name, value in self.passengers.items()}
        about: dict = {"format": FORMAT, "layers": []}
        if self.embedding is not None:
            rows, width = self.embedding.shape
            tensors["layers.0.weight"] = narrowest(self.embedding)
            about["layers"].append({"kind": "embedding", "vocabulary": rows, "output_size": width})
        for layer in self.front:
            self._save_dense(layer, layer.x, about, tensors)
        for index, layer in enumerate(self.layers, len(about["layers"])):
            tensors |= tensors_of(layer, f"layers.{index}")
            about["layers"].append(formats_of(layer))
        if self.input_offset is not None:
            about["input_offset"] = self.input_offset.stored()
        form = self.layers[-1].h
        for layer in [*self.hidden_dense, *([] if self.head is None else [self.head])]:
            self._save_dense(layer, form, about, tensors)
            form = layer.y
        write_safetensors(path, tensors, {"lprnn": json.dumps(about)})

    @staticmethod
    def _save_dense(layer: Dense, form: Format, about: dict, tensors: dict[str, np.ndarray]) -> None:
        """Adds a dense layer on codes of `form` to the file's formats and tensors."""
        place = f"layers.{len(about['layers'])}"
        tensors[f"{place}.weight"] = narrowest(layer.weight)
        tensors[f"{place}.bias"] = narrowest(layer.bias)
        about["layers"].append(dense_header(layer, form))

    @classmethod
    def load(cls, path: str | os.PathLike) -> Model:
        """Reads a model file; what it does not know in one, it refuses by name."""
        tensors, metadata = read_safetensors(path)
        if "lprnn" not in metadata:
            raise ValueError(f"{path}: no quantised model; `lprnn-hw quantize` writes one")
        about = json.loads(metadata["lprnn"])
        if about.get("format") != FORMAT:
            raise ValueError(
                f"{path}: format {about.get('format')}, this module reads {FORMAT}; make the file again "
                "with the lprnn-hw or lprnn_quant of this version"
            )
        try:
            known(about, {"format", "layers", "input_offset"}, "lprnn")
            forms = list(enumerate(about["layers"]))
            embedding = None
            if forms and forms[0][1]["kind"] == "embedding":
                embedding = embedding_of(forms.pop(0)[1], tensors)
            front, dense = [], []
            while forms and forms[0][1]["kind"] == "dense":
                index, form = forms.pop(0)
                front.append(dense_of(form, f"layers.{index}", tensors))
            while forms and forms[-1][1]["kind"] == "dense":
                index, form = forms.pop()
                dense.insert(0, dense_of(form, f"layers.{index}", tensors))
            if not forms:
                raise ValueError("the model has no recurrent layer")
            layers = [layer_of(form, index, tensors) for index, form in forms]
            check_chain(embedding, front, layers, dense)
            inputs = front[0].weight.shape[1] if front else layers[0].input_size
            offset = offset_of(about.get("input_offset"), inputs)
            for name, value in tensors.items():
                if value.dtype != np.float32:
                    raise ValueError(f"{name} is {value.dtype} and described by no format")
        except KeyError as error:
            raise ValueError(f"{path}: {error.args[0]} is missing") from error
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        head = dense.pop() if dense else None
        return cls(
            layers, tensors, head, input_offset=offset, embedding=embedding, hidden_dense=dense, front=front
        )


def _last_steps(x: np.ndarray, lengths: np.ndarray | None) -> np.ndarray | int:
    """The index of the last step of every sequence."""
    steps = x.shape[-2]
    if lengths is None:
        return steps - 1 if x.ndim == 2 else np.full(len(x), steps - 1)
    lengths = np.asarray(lengths)
    if x.ndim != 3 or lengths.shape != (len(x),) or lengths.dtype.kind not in "iu":
        raise ValueError("lengths are [batch] integers, and x is [batch, steps, I]")
    if lengths.min() < 1 or lengths.max() > steps:
        raise ValueError(f"lengths are 1 to {steps}, the steps of x")
    return lengths.astype(np.int64) - 1
