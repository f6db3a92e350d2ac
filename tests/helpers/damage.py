"""Bytes that somebody has damaged: one seed, one damage. What a person mistypes, a disk loses and a stranger sends."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

WORDS = (
    b"", b"null", b"true", b"-1", b"0", b"1e999", b".nan", b"9" * 400, b"[]", b"{}", b"''", b"&a", b"*a",
    b"!!python/name:os.system", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\x1b[2J", b"\t", b"\r", b"\n\n", b": ", b"- ",
    b"# ", b"> ", b"```", b"<!--", b"{model_name}", b"{modelname}", b"/etc/passwd", b"../../etc/passwd", b"~", b"NaN",
    b"Infinity", "é𝔘\u202e".encode(), b'"', b"\\", b"[" * 24, b"%n%s",
    b"<think>", b"<|im_end|>", b"{{", b"{%", b"%}", b"{{ raise_exception('no') }}", b"{{ messages[9].content }}",
    b"{% for m in messages %}", b"{% endfor %}", b"role", b"content", b"user", b"tool", b"chosen", b"messages",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 10**30, 1.5, float("nan"), "", "x", "../../etc/passwd", "\x1b[2J\x00", [], {}, [None], {"x": {}},
    [[[]]], "msm", "tool", "<think>", "<|im_end|>", "\ud800", [{"type": "text", "text": "x"}], {"role": "user"},
)  # fmt: skip


def damage(data: bytes, rng: Random) -> bytes:
    """One to four damages, of the bytes or, where it is JSON, of a value deep within."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        kind = rng.choice((_cut, _drop, _insert, _flip, _double, _swap_lines, _json, _json, _word, _word))
        data = kind(data, rng)
    return data


def _place(data: bytes, rng: Random) -> int:
    return rng.randrange(len(data) + 1)


def _cut(data: bytes, rng: Random) -> bytes:
    return data[: _place(data, rng)]


def _drop(data: bytes, rng: Random) -> bytes:
    start = _place(data, rng)
    return data[:start] + data[start + rng.choice((1, 4, 40)) :]


def _insert(data: bytes, rng: Random) -> bytes:
    start = _place(data, rng)
    return data[:start] + rng.choice(WORDS) + data[start:]


def _flip(data: bytes, rng: Random) -> bytes:
    if not data:
        return data
    start = rng.randrange(len(data))
    return data[:start] + bytes([data[start] ^ (1 << rng.randrange(8))]) + data[start + 1 :]


def _double(data: bytes, rng: Random) -> bytes:
    start = _place(data, rng)
    piece = data[start : start + rng.choice((1, 10, 200))]
    return data[:start] + piece * rng.choice((2, 30)) + data[start:]


def _swap_lines(data: bytes, rng: Random) -> bytes:
    lines = data.split(b"\n")
    first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return b"\n".join(lines)


def _word(data: bytes, rng: Random) -> bytes:
    """Another word in place of one that stands after a colon, a dash or a space."""
    words = data.split(b" ")
    words[rng.randrange(len(words))] = rng.choice(WORDS)
    return b" ".join(words)


def _json(data: bytes, rng: Random) -> bytes:
    """Another value, or no value, at a random place of a JSON document or of one line of several."""
    lines = data.split(b"\n") if b'\n{"' in data else [data]
    number = rng.randrange(len(lines))
    try:
        value = json.loads(lines[number])
    except (ValueError, RecursionError):
        return _word(data, rng)
    lines[number] = json.dumps(_changed(value, rng)).encode()
    return b"\n".join(lines)


def _changed(value: Any, rng: Random) -> Any:
    inner = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    if not inner or rng.random() < 0.25:
        return rng.choice(VALUES)
    key = rng.choice(inner)
    if isinstance(value, dict) and rng.random() < 0.25:
        return {name: entry for name, entry in value.items() if name != key}
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = _changed(value[key], rng)
    return copy


def damage_file(path: Path, rng: Random) -> None:
    """Damage a file of the folder, or take it away, or put a folder or a link that leads nowhere in its place."""
    fate = rng.random()
    if fate > 0.06:
        path.write_bytes(damage(path.read_bytes(), rng))
        return
    path.unlink()
    if fate < 0.02:
        path.mkdir()
    elif fate < 0.04:
        path.symlink_to(path.name)
