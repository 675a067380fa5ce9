"""Exports the classifier of export_pytorch.py as ONNX, by both exporters of PyTorch.

    python examples/export_pytorch.py FOLDER
    python examples/export_onnx.py FOLDER

Reads classifier.pt from FOLDER; writes classifier.onnx (torch.export, the default) and
classifier_script.onnx (TorchScript, the old way). Needs onnx and onnxscript beside PyTorch.
"""

import sys
from pathlib import Path

import torch
from export_pytorch import Classifier, waves


def main(folder):
    net = Classifier().eval()
    net.load_state_dict(torch.load(folder / "classifier.pt", weights_only=True))
    x = torch.tensor(waves(1, seed=4)[0])
    names = {"input_names": ["x"], "output_names": ["y"]}
    torch.onnx.export(net, (x,), folder / "classifier.onnx", dynamo=True, external_data=False, **names)
    torch.onnx.export(net, (x,), folder / "classifier_script.onnx", dynamo=False, **names)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
