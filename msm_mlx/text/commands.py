"""Commands that are printed for somebody to copy."""

from __future__ import annotations

import shlex


def command(*words: object) -> str:
    """A command line that a shell takes as it stands, whatever is in its words: spaces, quotes, brackets."""
    return shlex.join(map(str, words))
