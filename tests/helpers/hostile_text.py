"""Two hundred strings that a terminal, a page or a parser might take for more than text."""

from __future__ import annotations

import unicodedata

from msm_mlx.text.characters import needed_places

_SEEDS = (
    # terminal commands: colours, screens, cursors, reports, resets
    "\x1b[31mred\x1b[0m", "\x1b[2J\x1b[H", "\x1b[?1049l", "\x1b[?25l\x1b[6n", "\x1bc", "\x1b[1000D\x1b[K",
    # titles, links, the clipboard, pictures, device control
    "\x1b]0;title\x07", "\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "\x1b]52;c;aGVsbG8=\x07",
    "\x1bP$q\"p\x1b\\", "\x1b_Gf=100;AAAA\x1b\\", "\x1b^private\x1b\\",
    # the same in one byte, and other control characters
    "\x9b31m", "\x9d0;title\x9c", "\x90q\x9c\x85\x84\x8d", "\x00", "yes\b\b\bno\x7f\x07", "\x0e\x0f\x11\x13\x1c",
    # direction and invisible characters
    "\u202eevil\u202c", "\u2066x\u2069\u200f\u061c", "a\u200bb\u200c\u2060\ufeff\xad", "\U000e0041\U000e007f",
    "\ue000\uffff\U0010ffff",
    # marks, wide characters and sequences that make one glyph
    "z\u0301\u0302\u0303\u0304\u0305\u0306\u0307", "\u0489\u20dd", "日本語の文、です。",
    "\uff21\uff22\u3000\uff23", "한국어 각",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\U0001f1fa\U0001f1f8 1\ufe0f\u20e3",
    # markup of this program's libraries
    "[bold]x[/bold]", "[/]", "[link=https://example.org]x[/link]", "[@click=app.quit]x[/] :smile:", "\\[red",
    # Markdown and HTML
    "```\ncode\n```", "````text ~~~~ `x` ``", "# head\n- [x](javascript:y)", "| a | b |\n|--|--|",
    "<script>alert(1)</script>", "<img src=x onerror=y> &lt; </pre> <!--",
    # long words, line ends, what some take for line ends
    "x" * 500, "漢" * 200, "a\tb\rc\r\nd", "e\x0bf\x0cg", "h\u2028i\u2029j",
    # what UTF-8 cannot hold, and what JSON and formats give a meaning
    "\ud800", "\udcff\udfff\ud801.", "\"}\\u001b{0}%s%n", "$(id) `id`; '\"",
)  # fmt: skip
HOSTILE = tuple(
    shape.replace("@", seed) for seed in _SEEDS for shape in ("@", "before @ after", "@@@", "one line\n@\nanother")
)
assert len(HOSTILE) == len(set(HOSTILE)) == 200, len(set(HOSTILE))


def is_command(c: str) -> bool:
    """Whether a character is no text by itself."""
    return c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def commands_in(output: str) -> set[str]:
    """The characters of `output` that are no text, and that no script or emoji in it needs."""
    needed = needed_places(output)
    return {c for place, c in enumerate(output) if is_command(c) and place not in needed}


def squeeze(text: str) -> str:
    """The text without spaces, line ends and the borders of tables, for what has been wrapped."""
    return "".join(c for c in text if not c.isspace() and not "\u2500" <= c <= "\u257f")
