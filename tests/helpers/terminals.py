"""Streams that are terminals or pipes, and what was written to them."""

from __future__ import annotations

import io


class FakeTerminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def terminal(encoding: str = "utf-8") -> io.TextIOWrapper:
    return FakeTerminal(io.BytesIO(), encoding=encoding, errors="strict")


def pipe(encoding: str = "utf-8") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")


def shown(stream: io.TextIOWrapper) -> str:
    """All that was written."""
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode(stream.encoding)
