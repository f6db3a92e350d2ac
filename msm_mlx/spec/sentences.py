"""The sentences of a spec's paragraph, with where each begins."""

from __future__ import annotations

import re

# A mark ends a sentence before space and what can begin one, unless it belongs to a short form.
_END = re.compile(
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bvs)(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bMrs)(?<!\bSt)(?<!\bProf)(?<!\bRev)"
    r"(?<!\b[A-Z])(?!(?:(?<=\b[Nn]o)|(?<=\bp)|(?<=\b(?i:nr|pp|ca|ch|ed))|(?<=\b(?i:max|min|fig|sec|vol|art|tel|ext|nos))"
    r"|(?<=\b(?i:para))|(?<=\b(?i:approx)))\.\s+\d)[.!?][\"'\u201d\u2019)\]*_]*(\s+)(?=[\"'\u201c\u2018(\[*_]*[A-Z0-9{\u00c0-\uffff])"
    r"|[\u3002\uff01\uff1f\u0964\u061f\u06d4][\"\u201d\u2019\u300d\u300f\uff09)]*()(?=.)"
)


_QUOTATION = re.compile(r"(?<!\w)\"[^\"]{1,300}\"(?!\w)|\u201c[^\u201c\u201d]{1,300}\u201d")


def sentence_positions(text: str) -> list[tuple[int, str]]:
    """The sentences of an element, each with the position of its first character; a quotation is of one."""
    quotations = [match.span() for match in _QUOTATION.finditer(text)]
    ends = [match.end() for match in _END.finditer(text)]
    starts = [0, *(end for end in ends if not any(a < end < b for a, b in quotations))]
    return [(a, text[a:b].strip()) for a, b in zip(starts, [*starts[1:], len(text)], strict=True) if text[a:b].strip()]
