"""Whether a GGUF file is whole, judged by its header and its size.

The `gguf` package reads past the end of a file without a word, so this goes before it. The format is described in
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from mmap import ACCESS_READ, mmap
from pathlib import Path

from msm_mlx.errors import SetupError

MAGIC = b"GGUF"
VERSIONS = (2, 3)
ALIGNMENT = 32  # bytes, unless `general.alignment` says otherwise
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # bytes of each type of a plain value
_UINT32, _STRING, _ARRAY = 4, 8, 9
_MOST_DIMENSIONS = 4


class _DamagedError(Exception):
    """The header does not hold together."""


def check_whole(path: Path, block_sizes: Mapping[int, tuple[int, int]]) -> None:
    """Check that the file holds all that its header tells of.

    block_sizes: for each type of tensor the number of values in a block, and the bytes of a block.

    Raises:
        SetupError: naming the file and what is wrong with it.
    """
    size = path.stat().st_size
    if size < 24:
        raise SetupError(f"{path}: not a GGUF file ({size} bytes); name the .gguf file itself")
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        _check_version(path, content)
        try:
            end = _end_of_tensors(_Header(content), block_sizes)
        except _DamagedError as error:
            problem = f"damaged or cut off ({error})"
            raise SetupError(f"{path}: {problem}; copy or download the file again") from error
    if end > size:
        problem = f"cut off: its header tells of {end:,} bytes, and the file has {size:,}"
        raise SetupError(f"{path}: {problem}; copy or download the file again")


def _check_version(path: Path, content: mmap) -> None:
    if content[:4] != MAGIC:
        raise SetupError(f"{path}: not a GGUF file; its first bytes are {bytes(content[:4])!r} and not {MAGIC!r}")
    (version,) = struct.unpack("<I", content[4:8])
    if version not in VERSIONS:
        kind = "of a big-endian machine" if version & 0xFFFF == 0 else f"of version {version}"
        raise SetupError(f"{path}: a GGUF file {kind}, which is not read; convert the model again with llama.cpp")


@dataclass
class _Header:
    """Reads a header value by value, never past the end of the file."""

    content: mmap
    place: int = 8  # behind magic and version

    def take(self, count: int) -> bytes:
        end = self.place + count
        if count < 0 or end > len(self.content):
            raise _DamagedError(f"the header goes on past the end of the file, at byte {self.place:,}")
        taken = self.content[self.place : end]
        self.place = end
        return taken

    def number(self, form: str) -> int:
        (value,) = struct.unpack(f"<{form}", self.take(struct.calcsize(form)))
        return int(value)

    def name(self) -> str:
        content = self.take(self.number("Q"))
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _DamagedError(f"a name that is not UTF-8, before byte {self.place:,}") from error

    def skip_value(self, kind: int) -> None:
        if kind == _STRING:
            self.take(self.number("Q"))
        elif kind == _ARRAY:
            inner, count = self.number("I"), self.number("Q")
            if inner in _SIZES:
                self.take(count * _SIZES[inner])
            else:
                self._check_count(count)
                for _ in range(count):
                    self.skip_value(inner)
        elif kind in _SIZES:
            self.take(_SIZES[kind])
        else:
            raise _DamagedError(f"a value of the unknown type {kind}, before byte {self.place:,}")

    def count(self) -> int:
        value = self.number("Q")
        self._check_count(value)
        return value

    def _check_count(self, count: int) -> None:
        if count > len(self.content):  # each takes a byte and more
            raise _DamagedError(f"a list of {count:,}, before byte {self.place:,}")


def _end_of_tensors(header: _Header, block_sizes: Mapping[int, tuple[int, int]]) -> int:
    """Where the last tensor ends, in bytes from the beginning of the file."""
    tensors, values = header.count(), header.count()
    alignment = ALIGNMENT
    names: list[str] = []
    for _ in range(values):
        names.append(header.name())
        kind = header.number("I")
        if names[-1] == "general.alignment" and kind == _UINT32:
            alignment = header.number("I")
        else:
            header.skip_value(kind)
    if alignment < 1 or alignment & (alignment - 1):
        raise _DamagedError(f"an alignment of {alignment}")
    _check_unique(names)
    tensor_names, end = [], 0
    for _ in range(tensors):
        tensor_names.append(header.name())
        end = max(end, _end_of_tensor(header, tensor_names[-1], block_sizes))
    _check_unique(tensor_names)
    return -(-header.place // alignment) * alignment + end


def _end_of_tensor(header: _Header, name: str, block_sizes: Mapping[int, tuple[int, int]]) -> int:
    dimensions = header.number("I")
    if not 1 <= dimensions <= _MOST_DIMENSIONS:
        raise _DamagedError(f"{name} has {dimensions} dimensions")
    shape = [header.number("Q") for _ in range(dimensions)]
    kind, offset = header.number("I"), header.number("Q")
    if kind not in block_sizes:
        raise _DamagedError(f"{name} is of the type {kind}, which the installed gguf package does not know")
    values, size = block_sizes[kind]
    if not all(shape) or shape[0] % values:
        raise _DamagedError(f"{name} has the shape {shape}")
    return offset + prod(shape) // values * size


def _check_unique(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise _DamagedError(f"{name} is there twice")
        seen.add(name)
