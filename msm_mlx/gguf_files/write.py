"""Writes a GGUF file with llama.cpp's own package, one tensor after another: the way back from `open_source`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np

from msm_mlx.errors import SetupError
from msm_mlx.gguf_files.rope import FACTORS
from msm_mlx.gguf_files.source import Floats, GgufSource, SourceTensor, gguf_package

OutType = Literal["f16", "q8_0"]
OUT_TYPES: tuple[OutType, ...] = ("f16", "q8_0")


def write_source(source: GgufSource, path: Path, out_type: OutType | None) -> None:
    """Write the file: matrices as `out_type`, where their rows can be cut into blocks of it, and all else in 32 bits;
    with None, all of it.

    Each tensor is read once, in order.

    Raises:
        SetupError: if the gguf package is missing, or a value does not fit into the type.
    """
    gguf = gguf_package(path)
    writer = gguf.GGUFWriter(path, source.architecture)
    for name, value in source.metadata.items():
        if name != "general.architecture":  # the writer has put it there
            _add(writer, name, value)
    kinds = {tensor.name: _kind(tensor, out_type, gguf) for tensor in source.tensors.values()}
    for name, tensor in source.tensors.items():
        shape, size = _stored(tensor.shape, kinds[name], gguf)
        writer.add_tensor_info(name, shape, np.dtype(_DTYPES[kinds[name].name]), size, raw_dtype=kinds[name])
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for name, tensor in source.tensors.items():
            writer.write_tensor_data(_encode(tensor, kinds[name], gguf))
    finally:
        writer.close()


def written_size(source: GgufSource, out_type: OutType | None) -> int:
    """About the bytes of its tensors in the file.

    Raises:
        SetupError: if the gguf package is missing.
    """
    gguf = gguf_package(source.path)
    tensors = source.tensors.values()
    return sum(_stored(each.shape, _kind(each, out_type, gguf), gguf)[1] for each in tensors)


_LARGEST = float(np.finfo(np.float16).max)
_DTYPES = {"F32": np.float32, "F16": np.float16, "Q8_0": np.uint8}


def _kind(tensor: SourceTensor, out_type: OutType | None, gguf: Any) -> Any:
    kinds = gguf.GGMLQuantizationType
    if out_type is None or len(tensor.shape) == 1 or tensor.name == FACTORS:
        return kinds.F32
    kind = kinds[out_type.upper()]
    return kinds.F16 if tensor.shape[-1] % gguf.GGML_QUANT_SIZES[kind][0] else kind


def _stored(shape: tuple[int, ...], kind: Any, gguf: Any) -> tuple[tuple[int, ...], int]:
    """The shape of the array that is written, and its bytes."""
    values, size = gguf.GGML_QUANT_SIZES[kind]
    count = int(np.prod(shape)) // values * size
    return ((*shape[:-1], shape[-1] // values * size) if values > 1 else shape), count


def _encode(tensor: SourceTensor, kind: Any, gguf: Any) -> np.ndarray[Any, Any]:
    values: Floats = np.ascontiguousarray(tensor.read(), np.float32)
    if not np.isfinite(values).all():
        raise SetupError(f"{tensor.name} of the fused model has values that are no numbers")
    if kind.name == "F16" and (largest := float(np.abs(values).max())) > _LARGEST:
        raise SetupError(f"{tensor.name} has a value of {largest:.3g}, which is too large for 16 bits")
    encoded: np.ndarray[Any, Any] = gguf.quantize(values, kind)
    return encoded


def _add(writer: Any, name: str, value: Any) -> None:
    match value:
        case bool():
            writer.add_bool(name, value)
        case int():
            writer.add_uint32(name, value)
        case float():
            writer.add_float32(name, value)
        case str():
            writer.add_string(name, value)
        case list() | tuple():
            writer.add_array(name, list(value))
