"""ONNX files, exported by PyTorch and built node by node, with the outputs of onnxruntime.

    python tests/model/import/onnx_fixtures.py

in an environment with torch, onnx, onnxscript, onnxruntime and numpy writes `fixtures/`.
"""

import pathlib
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

warnings.filterwarnings("ignore")
OUT = pathlib.Path(__file__).resolve().parent / "fixtures"
I, H, O, STEPS = 3, 4, 2, 6


def x():
    return np.load(OUT / "x.npy")


def npy(name, values):
    np.save(OUT / f"{name}.npy", np.asarray(values, dtype=np.float32))


def computed(path, values, index=0):
    """What onnxruntime computes."""
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: values})[index]


class Classifier(nn.Module):
    """Two layers and a head; h is an output too."""

    def __init__(self, chain):
        super().__init__()
        self.lstm = nn.LSTM(I, H, 2)
        self.head = nn.Sequential(nn.Linear(H, 5), nn.ReLU(), nn.Linear(5, O)) if chain else nn.Linear(H, O)

    def forward(self, inputs):
        h, _ = self.lstm(inputs)
        return self.head(h), h


def exported():
    for name, chain, dynamo in (("exported", False, False), ("exported_chain", True, False), ("dynamo", False, True)):
        torch.manual_seed(1)
        model = Classifier(chain).eval()
        path = OUT / f"{name}.onnx"
        inputs = torch.from_numpy(x())[:, None]
        if dynamo:
            torch.onnx.export(model, (inputs,), str(path), dynamo=True, external_data=False, verbose=False)
        else:
            torch.onnx.export(model, (inputs,), str(path), dynamo=False, input_names=["x"], output_names=["y", "h"])
        strip(path)
        npy(f"{name}.y", computed(path, inputs.numpy(), 0)[:, 0])
        npy(f"{name}.h", computed(path, inputs.numpy(), 1)[:, 0])


class BothDirections(nn.Module):
    """A bidirectional network with a linear layer; the last states of both directions where they are asked for."""

    def __init__(self, kind, states):
        super().__init__()
        self.rnn = kind(I, H, 1 if states else 2, bidirectional=True)
        self.head, self.states = nn.Linear(2 * H, O), states

    def forward(self, inputs):
        h, last = self.rnn(inputs)
        if self.states:
            return self.head(torch.cat([last[0][0], last[0][1]], -1)), h
        return self.head(h), h


def both_directions():
    inputs = torch.from_numpy(x())[:, None]
    for name, kind, states in (
        ("onnx_both", nn.LSTM, False), ("onnx_both_gru", nn.GRU, False), ("onnx_both_states", nn.LSTM, True),
    ):
        torch.manual_seed(2)
        path = OUT / f"{name}.onnx"
        torch.onnx.export(BothDirections(kind, states).eval(), (inputs,), str(path), dynamo=False,
                          input_names=["x"], output_names=["y", "h"])
        strip(path)
        npy(f"{name}.y", computed(path, inputs.numpy(), 0) if states else computed(path, inputs.numpy(), 0)[:, 0])
        if not states:
            npy(f"{name}.h", computed(path, inputs.numpy(), 1)[:, 0])


class Projected(nn.Module):
    """Linear layers before a GRU, a ReLU behind each but the last, and one behind it."""

    def __init__(self):
        super().__init__()
        self.front = nn.Sequential(nn.Linear(I, 6), nn.ReLU(), nn.Linear(6, 5))
        self.rnn, self.head = nn.GRU(5, H, batch_first=True), nn.Linear(H, O)

    def forward(self, inputs):
        h, _ = self.rnn(self.front(inputs))
        return self.head(h), h


def projected():
    inputs = torch.from_numpy(x())[None]
    for name, dynamo in (("projected", False), ("projected_dynamo", True)):
        torch.manual_seed(4)
        model = Projected().eval()
        path = OUT / f"{name}.onnx"
        if dynamo:
            torch.onnx.export(model, (inputs,), str(path), dynamo=True, external_data=False, verbose=False)
        else:
            torch.onnx.export(model, (inputs,), str(path), dynamo=False, input_names=["x"], output_names=["y", "h"])
        strip(path)
        npy(f"{name}_onnx.y", computed(path, inputs.numpy(), 0)[0])
        npy(f"{name}_onnx.h", computed(path, inputs.numpy(), 1)[0])
    # Gemm and Relu on vectors of all steps, as other exporters write it.
    _, model = built("projected_gemm")
    generator = np.random.default_rng(5)
    draw = lambda *shape: (generator.normal(size=shape) / 2).astype(np.float32)
    tensors = {"before": draw(I, I), "bias_before": draw(I), "rows": np.array([-1, I]), "steps": np.array([-1, 1, I])}
    model.graph.initializer.extend(numpy_helper.from_array(values, key) for key, values in tensors.items())
    nodes = [
        helper.make_node("Reshape", ["x", "rows"], ["flat"], name="flatten"),
        helper.make_node("Gemm", ["flat", "before", "bias_before"], ["sums"], name="before"),
        helper.make_node("Relu", ["sums"], ["cut"], name="relu"),
        helper.make_node("Reshape", ["cut", "steps"], ["x_before"], name="steps"),
    ]
    for node in reversed(nodes):
        model.graph.node.insert(0, node)
    model.graph.node[4].input[0] = "x_before"
    path = OUT / "projected_gemm.onnx"
    path.write_bytes(model.SerializeToString())
    inputs = x()[:, None]
    npy("projected_gemm_onnx.y", computed(path, inputs, 0)[:, 0])
    npy("projected_gemm_onnx.h", computed(path, inputs, 1)[:, 0])


def strip(path):
    """Takes descriptions out, which name folders of this machine."""
    model = onnx.load(path)
    for node in model.graph.node:
        node.ClearField("doc_string")
        del node.metadata_props[:]
    del model.metadata_props[:]
    for values in (model.graph.value_info, model.graph.input, model.graph.output):
        for value in values:
            del value.metadata_props[:]
    del model.graph.metadata_props[:]
    path.write_bytes(model.SerializeToString())


def built(name, op="LSTM", gates=4, directions=1, extra=(), attributes=(), inputs=None, outputs=("all",)):
    """One recurrent node with bias, then MatMul and Add."""
    generator = np.random.default_rng(3)
    draw = lambda *shape: (generator.normal(size=shape) / 2).astype(np.float32)
    tensors = {"W": draw(directions, gates * H, I), "R": draw(directions, gates * H, H), "B": draw(directions, 2 * gates * H)}
    tensors.update(extra)
    tensors |= {"kernel": draw(H, O), "offset": draw(O), "axes": np.array([1], dtype=np.int64)}
    names = inputs or ["x", "W", "R", "B"]
    attributes = {"hidden_size": H, **dict(attributes)}
    nodes = [
        helper.make_node(op, names, outputs, name="memory", **attributes),
        helper.make_node("Squeeze", ["all", "axes"], ["h"], name="squeeze"),
        helper.make_node("MatMul", ["h", "kernel"], ["product"], name="matmul"),
        helper.make_node("Add", ["product", "offset"], ["y"], name="add"),
    ]
    graph = helper.make_graph(
        nodes, "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 1, I])],
        [helper.make_tensor_value_info(out, TensorProto.FLOAT, None) for out in ("y", "h")],
        [numpy_helper.from_array(values, key) for key, values in tensors.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    path = OUT / f"{name}.onnx"
    path.write_bytes(model.SerializeToString())
    return path, model


def all_built():
    path, model = built("built")
    inputs = x()[:, None]
    npy("built.y", computed(path, inputs, 0)[:, 0])
    npy("built.h", computed(path, inputs, 1)[:, 0])
    # The same weights as lists of floats instead of raw bytes, with the defaults spelled out.
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32:
            tensor.CopyFrom(helper.make_tensor(tensor.name, TensorProto.FLOAT, values.shape, values.flatten()))
    node = model.graph.node[0]
    for key, value in {"direction": "forward", "activations": ["Sigmoid", "Tanh", "Tanh"], "input_forget": 0, "layout": 0}.items():
        node.attribute.append(helper.make_attribute(key, value))
    (OUT / "floats.onnx").write_bytes(model.SerializeToString())
    # Weights in Constant nodes, as some exporters write them.
    kept = [tensor for tensor in model.graph.initializer]
    del model.graph.initializer[:]
    constants = [helper.make_node("Constant", [], [tensor.name], value=tensor) for tensor in kept]
    nodes = constants + list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    (OUT / "constants.onnx").write_bytes(model.SerializeToString())

    zeros = lambda *shape: np.zeros(shape, dtype=np.float32)
    peepholes = {"p": np.ones((1, 3 * H), dtype=np.float32)}
    built("onnx_gru", op="GRU", gates=3)
    built("onnx_gru_activations", op="GRU", gates=3, attributes={"linear_before_reset": 1, "activations": ["Sigmoid", "Relu"]})
    path, _ = built("built_gru", op="GRU", gates=3, attributes={"linear_before_reset": 1})
    npy("built_gru.y", computed(path, inputs, 0)[:, 0])
    npy("built_gru.h", computed(path, inputs, 1)[:, 0])
    built("onnx_rnn", op="RNN", gates=1)
    built("onnx_activations", attributes={"activations": ["HardSigmoid", "Tanh", "Tanh"]})
    built("onnx_clip", attributes={"clip": 3.0})
    built("onnx_input_forget", attributes={"input_forget": 1})
    built("onnx_peepholes", extra=peepholes, inputs=["x", "W", "R", "B", "", "", "", "p"])
    built("onnx_state", extra={"h0": np.ones((1, 1, H), dtype=np.float32)}, inputs=["x", "W", "R", "B", "", "h0"])
    built("zero_state", extra={"h0": zeros(1, 1, H), "c0": zeros(1, 1, H)}, inputs=["x", "W", "R", "B", "", "h0", "c0"])
    built("layout", attributes={"layout": 1})
    path, model = built("onnx_external")
    for tensor in model.graph.initializer:
        if tensor.name == "R":
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            entry = tensor.external_data.add()
            entry.key, entry.value = "location", "weights.bin"
    path.write_bytes(model.SerializeToString())
    _, model = built("onnx_front")
    model.graph.node.insert(0, helper.make_node("Relu", ["x"], ["x_relu"], name="relu"))
    model.graph.node[1].input[0] = "x_relu"
    (OUT / "onnx_front.onnx").write_bytes(model.SerializeToString())


def reversed_ones():
    """Layers that read from the end, alone and behind a forward one: outputs are in the order of the input."""
    inputs = x()[:, None]
    for name, op, gates in (("onnx_reverse", "LSTM", 4), ("onnx_reverse_gru", "GRU", 3)):
        attributes = {"direction": "reverse"} | ({"linear_before_reset": 1} if op == "GRU" else {})
        path, _ = built(name, op=op, gates=gates, attributes=attributes)
        npy(f"{name}.y", computed(path, inputs, 0)[:, 0])
        npy(f"{name}.h", computed(path, inputs, 1)[:, 0])
    path, model = built("onnx_reverse_stack")
    generator = np.random.default_rng(4)
    shapes = {"W2": (1, 4 * H, H), "R2": (1, 4 * H, H), "B2": (1, 8 * H)}
    for key, shape in shapes.items():
        values = (generator.normal(size=shape) / 2).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(values, key))
    more = [
        helper.make_node("Squeeze", ["all", "axes"], ["between"], name="between"),
        helper.make_node("LSTM", ["between", *shapes], ["above"], name="upper", hidden_size=H, direction="reverse"),
    ]
    first, squeeze, *rest = model.graph.node
    squeeze.input[0] = "above"
    nodes = [first, *more, squeeze, *rest]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    path.write_bytes(model.SerializeToString())
    npy("onnx_reverse_stack.y", computed(path, inputs, 0)[:, 0])
    npy("onnx_reverse_stack.h", computed(path, inputs, 1)[:, 0])
    path, _ = built("onnx_reverse_states", attributes={"direction": "reverse"}, outputs=["", "all"])
    npy("onnx_reverse_states.y", computed(path, inputs, 0))
    npy("onnx_reverse_states.h", computed(path, inputs, 1))


def stacked_states(name, op, gates, taken, layout=0):
    """Two bidirectional nodes; `taken` are the nodes from `all`, their last states one behind the other, to `last`.

    With `layout` 1 the same weights with the batch first.
    """
    generator = np.random.default_rng(6)
    draw = lambda *shape: (generator.normal(size=shape) / 2).astype(np.float32)
    numbers = {"zero": [0], "two": [2], "minus_two": [-2], "minus_one": [-1], "end": [2**63 - 1],
               "wide": [1, 2 * H], "steps": [0, 0, -1]}
    numbers |= {"one": [1], "at_zero": 0, "at_two": 2, "at_three": 3} if layout else {}
    tensors = {key: np.array(value, dtype=np.int64) for key, value in numbers.items()}
    for layer, width in enumerate((I, 2 * H)):
        shapes = {"W": (2, gates * H, width), "R": (2, gates * H, H), "B": (2, 2 * gates * H)}
        tensors |= {f"{key}{layer}": draw(*shape) for key, shape in shapes.items()}
    tensors |= {"head.weight": draw(O, 2 * H), "head.bias": draw(O)}
    about = {"hidden_size": H, "direction": "bidirectional"} | ({"linear_before_reset": 1} if op == "GRU" else {})
    about |= {"layout": 1} if layout else {}
    recurrent = lambda layer, source: helper.make_node(
        op, [source, f"W{layer}", f"R{layer}", f"B{layer}"], [f"y{layer}", f"last{layer}"], name=f"rnn{layer}", **about)
    node = helper.make_node
    between = [
        node("Transpose", ["y0"], ["turned"], name="turned", perm=[0, 2, 1, 3]),
        node("Reshape", ["turned", "steps"], ["between"], name="between"),
    ]
    if layout:
        # [batch, steps, directions, hidden] already.
        between = [node("Reshape", ["y0", "steps"], ["between"], name="between")]
    nodes = [
        recurrent(0, "x"),
        *between,
        recurrent(1, "between"),
        node("Concat", ["last0", "last1"], ["all"], name="h_n", axis=layout),
        *taken,
        node("Gemm", ["last", "head.weight", "head.bias"], ["y"], name="head", transB=1),
    ]
    graph = helper.make_graph(
        nodes, "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, None, I] if layout else [None, 1, I])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(values, key) for key, values in tensors.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    path = OUT / f"{name}.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def batch_second(path):
    """The same network with recurrent nodes of `layout` 0 between transpositions: onnxruntime runs no others."""
    model = onnx.load(path)
    nodes = []
    for node in model.graph.node:
        if node.op_type in ("LSTM", "GRU"):
            kept = [attribute for attribute in node.attribute if attribute.name != "layout"]
            turn = lambda source, to, perm: helper.make_node("Transpose", [source], [to], perm=perm)
            x, (y, states) = node.input[0], list(node.output)
            nodes.append(turn(x, f"{x}_{node.name}", [1, 0, 2]))
            plain = helper.make_node(node.op_type, [f"{x}_{node.name}", *node.input[1:]], [f"{y}_0", f"{states}_0"])
            plain.attribute.extend(kept)
            nodes += [plain, turn(f"{y}_0", y, [2, 0, 1, 3]), turn(f"{states}_0", states, [1, 0, 2])]
        else:
            nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def last_states():
    """Heads on the last states of the upper of two bidirectional layers, and on what no core gives."""
    node = helper.make_node
    gather = lambda index, to: node("Gather", ["all", index], [to], name=to, axis=0)
    squeeze = lambda source, to: node("Squeeze", [source, "zero"], [to], name=to)
    beside = lambda *states: node("Concat", list(states), ["last"], name="beside", axis=1)
    halves = lambda *order: [gather("minus_two", "f2"), gather("minus_one", "b2"), squeeze("f2", "f"), squeeze("b2", "b"),
                             beside(*order)]
    cut = node("Slice", ["all", "minus_two", "end", "zero"], ["upper"], name="cut")
    flat = [node("Transpose", ["upper"], ["sides"], name="sides", perm=[1, 0, 2]),
            node("Reshape", ["sides", "wide"], ["last"], name="flat")]
    split = [node("Split", ["upper"], ["f2", "b2"], name="split", axis=0),
             squeeze("f2", "f"), squeeze("b2", "b"), beside("f", "b")]
    inputs = x()[:, None]
    for name, op, gates, taken in (
        ("last_gathered", "LSTM", 4, halves("f", "b")), ("last_cut", "GRU", 3, [cut, *flat]),
        ("last_split", "LSTM", 4, [cut, *split]),
    ):
        npy(f"onnx_{name}.y", computed(stacked_states(f"onnx_{name}", op, gates, taken), inputs))
    stacked_states("onnx_last_crossed", "LSTM", 4, halves("b", "f"))
    stacked_states("onnx_last_lower", "LSTM", 4, [gather("zero", "f2"), gather("minus_one", "b2"), squeeze("f2", "f"),
                                                   squeeze("b2", "b"), beside("f", "b")])
    every = [node("Gemm", ["between", "head.weight", "head.bias"], ["z"], name="every", transB=1)]
    stacked_states("onnx_last_both", "LSTM", 4, [
        node("Slice", ["all", "zero", "two", "zero"], ["upper"], name="cut"), *flat, *every])

    # Batch first: the weights and so the outputs of those above, states on the axis behind the batch.
    back = node("Transpose", ["all"], ["turned_back"], name="turned_back", perm=[1, 0, 2])
    turned_cut = node("Slice", ["turned_back", "minus_two", "end", "zero"], ["upper"], name="cut")
    upper = node("Slice", ["all", "minus_two", "end", "one"], ["upper"], name="cut")
    flat = lambda source: node("Reshape", [source, "wide"], ["last"], name="flat")
    for name, op, gates, same, taken in (
        ("cut", "GRU", 3, "cut", [upper, flat("upper")]),
        ("gathered", "LSTM", 4, "gathered", [
            *(node("Gather", ["all", index], [to], name=to, axis=-2) for index, to in (("at_two", "f"), ("at_three", "b"))),
            node("Concat", ["f", "b"], ["last"], name="beside", axis=-1)]),
        ("split", "LSTM", 4, "split", [back, turned_cut, *split]),
        ("kept", "LSTM", 4, "split", [
            upper, node("Split", ["upper"], ["f", "b"], name="split", axis=1),
            node("Concat", ["f", "b"], ["both"], name="beside", axis=2),
            node("Squeeze", ["both", "one"], ["last"], name="flat")]),
        ("picked", "LSTM", 4, "split", [
            node("Gather", ["all", "at_zero"], ["one_batch"], name="one_batch", axis=0),
            node("Slice", ["one_batch", "minus_two", "end", "zero"], ["upper"], name="cut"), flat("upper")]),
        ("squeezed", "LSTM", 4, "split", [
            squeeze("all", "one_batch"), node("Slice", ["one_batch", "minus_two", "end", "zero"], ["upper"], name="cut"),
            flat("upper")]),
    ):
        path = stacked_states(f"onnx_last_batch_{name}", op, gates, taken, layout=1)
        session = onnxruntime.InferenceSession(batch_second(path).SerializeToString())
        y = session.run(None, {"x": x()[None]})[0]
        np.testing.assert_allclose(y, np.load(OUT / f"onnx_last_{same}.y.npy"), atol=1e-6)
    # Of several sequences a reshape would put states of two of them side by side.
    stacked_states("onnx_last_turned", "LSTM", 4, [back, turned_cut, flat("upper")], layout=1)


if __name__ == "__main__":
    exported()
    both_directions()
    projected()
    all_built()
    reversed_ones()
    last_states()
