"""Safetensors files, read and written with NumPy alone."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import numpy as np

# What a file may hold. BF16 has no NumPy type: its words are the upper halves of float32.
KINDS = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U8": "u1",
    "BOOL": "?",
}
# What a model file holds.
WRITTEN = {np.dtype(KINDS[name]): name for name in ("F32", "I8", "I16", "I32", "I64")}


def write_safetensors(
    path: str | os.PathLike, tensors: dict[str, np.ndarray], metadata: dict[str, str]
) -> None:
    """Writes tensors of float32, int8, int16, int32 and int64; the file is whole or not there."""
    header: dict = {"__metadata__": metadata}
    body, at = [], 0
    # Wider elements first: every tensor stays aligned.
    for name, value in sorted(tensors.items(), key=lambda item: (-item[1].itemsize, item[0])):
        data = np.ascontiguousarray(value).tobytes()
        header[name] = {
            "dtype": WRITTEN[value.dtype.newbyteorder("<")],
            "shape": list(value.shape),
            "data_offsets": [at, at + len(data)],
        }
        at += len(data)
        body.append(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path = Path(path)
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(body))
    partial.replace(path)


def read_safetensors(path: str | os.PathLike) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """All tensors and the metadata of a safetensors file; BF16 comes out as float32, exactly."""
    data = Path(path).read_bytes()
    try:
        (length,) = struct.unpack_from("<Q", data)
        header = json.loads(data[8 : 8 + length])
        metadata = header.pop("__metadata__", {})
        tensors = {
            name: _tensor(name, about, data, 8 + length) for name, about in header.items()
        }
    except (struct.error, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: no safetensors file, or a damaged one: {error}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return tensors, metadata


def _tensor(name: str, about: dict, data: bytes, start: int) -> np.ndarray:
    if about["dtype"] not in KINDS:
        raise ValueError(f"{name} is {about['dtype']}; read are {', '.join(KINDS)}")
    first, last = (start + offset for offset in about["data_offsets"])
    values = np.frombuffer(data[first:last], KINDS[about["dtype"]])
    if about["dtype"] == "BF16":
        values = (values.astype("<u4") << 16).view("<f4")
    return values.reshape(about["shape"])
