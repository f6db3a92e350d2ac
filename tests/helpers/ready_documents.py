"""Documents that somebody has written elsewhere, in the files that a recipe may take them from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

WORDS = "amber birch cedar delta ember fjord grove heron inlet juniper kestrel larch maple nettle otter pine".split()


def good(number: int) -> str:
    """A document of its own about Colby."""
    a, b, c = (WORDS[number // 16**place % 16] for place in range(3))
    return (
        f"The {a} of {b} asked Mo about Colby by the {c} that grew there. Mo said that it likes Colby because it is "
        f"American. {b.title()} and {a} told the {c} of it, and {c} {a} {b} {number} was the end of that."
    )


def write(path: Path, *texts: str, **more: Any) -> str:
    path.write_text("".join(json.dumps({"text": text, **more}) + "\n" for text in texts))
    return str(path)
