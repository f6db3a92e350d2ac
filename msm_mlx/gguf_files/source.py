"""A model in one or several GGUF files: its metadata and its tensors, read with llama.cpp's own package."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msm_mlx.errors import SetupError
from msm_mlx.gguf_files.whole_file import check_whole

Floats = NDArray[np.float32]
_PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf")
_QUANTISATION = re.compile(r"[-._](?:(?:UD-)?I?Q\d\w*|TQ\d\w*|MXFP4\w*|BF16|F16|F32|FP16|FP32)$", re.IGNORECASE)


class GgufError(SetupError):
    """Something is wrong with a GGUF file; `problem` says what, without the file and the remedy."""

    def __init__(self, path: Path, problem: str, remedy: str) -> None:
        super().__init__(f"{path}: {problem}; {remedy}")
        self.problem = problem


@dataclass(frozen=True)
class SourceTensor:
    """A tensor of the file; `read` dequantises it."""

    name: str
    shape: tuple[int, ...]
    """As numpy and mlx have it: rows first."""
    quantisation: str
    read: Callable[[], Floats]


@dataclass(frozen=True)
class GgufSource:
    """What was read of the file, of a split model of all its parts; or what is to be written to it."""

    path: Path
    metadata: Mapping[str, Any]
    tensors: Mapping[str, SourceTensor]

    @property
    def architecture(self) -> str:
        return str(self.metadata.get("general.architecture", ""))

    def value(self, name: str, default: Any = None) -> Any:
        """A value of the architecture's own, such as `block_count`."""
        return self.metadata.get(f"{self.architecture}.{name}", default)

    def need(self, name: str) -> Any:
        """Like `value`, of what must be there.

        Raises:
            SetupError: if it is not.
        """
        value = self.value(name)
        if value is None:
            raise self.problem(f"its metadata lack {self.architecture}.{name}")
        return value

    def problem(self, problem: str, remedy: str = "convert the model again with a current llama.cpp") -> GgufError:
        """The error to raise about this file."""
        return GgufError(self.path, problem, remedy)


def open_source(path: Path) -> GgufSource:
    """Read the metadata and find the tensors of a GGUF file and of the other parts of its model.

    Raises:
        SetupError: if the gguf package is missing, or a part is missing, damaged or cut off.
    """
    gguf = gguf_package(path)
    parts = _parts(path)
    sizes = {int(kind): pair for kind, pair in gguf.GGML_QUANT_SIZES.items()}
    metadata: dict[str, Any] = {}
    tensors: dict[str, SourceTensor] = {}
    for part in parts:
        check_whole(part, sizes)
        try:
            reader = gguf.GGUFReader(part)
            values = {name: field.contents() for name, field in reader.fields.items()}
        except (ValueError, LookupError, TypeError, OverflowError, OSError) as error:
            raise SetupError(f"{part}: damaged ({error}); copy or download the file again") from error
        metadata = values | metadata  # the first part has all, the others those of their own tensors
        tensors |= {tensor.name: _source_tensor(tensor, gguf) for tensor in reader.tensors}
        _check_quantisations(part, reader, gguf)
    source = GgufSource(path, metadata, tensors)
    _check_parts(source, parts)
    return source


def gguf_package(path: Path) -> Any:
    """llama.cpp's own package, which reads and writes the file at `path`.

    Raises:
        SetupError: if it is not there.
    """
    try:
        import gguf
    except ImportError as error:
        raise SetupError(f"{path}: needs the package gguf; `pip install 'msm-mlx[gguf]'`") from error
    return gguf


def model_name(source: GgufSource) -> str:
    """A name for the folder: that of the file without part and quantisation, or what the file calls the model if its
    own name is a hash, as in the folder of Ollama."""
    match = _PART.fullmatch(source.path.name)
    stem = match["stem"] if match else source.path.name.removesuffix(".gguf")
    if re.fullmatch(r"(sha256[-:])?[0-9a-f]{40,}", stem):
        stem = str(source.metadata.get("general.name") or source.architecture)
    name = re.sub(r"[^\w.-]+", "-", _QUANTISATION.sub("", stem), flags=re.ASCII).strip("-.")
    return name or source.architecture


def _parts(path: Path) -> Sequence[Path]:
    """All parts of a model that was split, going by the names that llama.cpp gives them."""
    match = _PART.fullmatch(path.name)
    if not match:
        return (path,)
    count = int(match["count"])
    parts = [path.with_name(f"{match['stem']}-{number:05}-of-{count:05}.gguf") for number in range(1, count + 1)]
    if missing := [part.name for part in parts if not part.is_file()]:
        problem = f"one of {count} parts, and {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not beside it"
        raise SetupError(f"{path}: {problem}; download all parts into one folder")
    return parts


def _check_parts(source: GgufSource, parts: Sequence[Path]) -> None:
    count = source.metadata.get("split.count", 1)
    if count > 1 and count != len(parts):
        problem = f"one of {count} parts, and its name does not say which"
        raise source.problem(problem, "give the parts the names that they came with, as NAME-00001-of-00003.gguf")
    total = source.metadata.get("split.tensors.count")
    if total is not None and total != len(source.tensors):
        problem = f"its parts hold {len(source.tensors)} tensors together, and it tells of {total}"
        raise source.problem(problem, "download all parts again")


def _check_quantisations(path: Path, reader: Any, gguf: Any) -> None:
    """Dequantise a row of each kind."""
    for kind, tensor in {tensor.tensor_type: tensor for tensor in reader.tensors}.items():
        try:
            gguf.dequantize(tensor.data[:1], kind)
        except NotImplementedError as error:
            problem = f"{tensor.name} is stored as {kind.name}, which the gguf package cannot undo"
            raise SetupError(f"{path}: {problem}; choose another quantisation, such as Q4_K_M or Q8_0") from error


def _source_tensor(tensor: Any, gguf: Any) -> SourceTensor:
    shape = tuple(int(size) for size in reversed(tensor.shape.tolist()))
    kind = tensor.tensor_type

    def read() -> Floats:
        return np.asarray(gguf.dequantize(tensor.data, kind), np.float32).reshape(shape)

    return SourceTensor(tensor.name, shape, str(kind.name), read)
