"""A line to type in."""

from __future__ import annotations

from textual.widgets import Input


class TextField(Input):
    """An input line. What is pasted and cannot be shown, escape sequences for one, becomes spaces."""

    def __init__(self, placeholder: str, value: str = "") -> None:
        super().__init__(value, placeholder=placeholder, compact=True)

    def replace(self, text: str, start: int, end: int) -> None:
        super().replace("".join(c if c.isprintable() else " " for c in text), start, end)
