"""Notes of `spec check` on what becomes no assertion, or is not read at all: each kind once, with its lines."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from msm_mlx.spec.attributions import Reading
from msm_mlx.spec.causes import CAUSE, DUTY
from msm_mlx.spec.elements import Element
from msm_mlx.spec.faults import Fault, line_ranges, named_lines
from msm_mlx.spec.markdown import HeadedBlock, Markdown
from msm_mlx.spec.reading import marks

_FENCE = re.compile(r"[ \t>]*(?:`{3,}|~{3,})")


def notes_on_what_is_left_out(markdown: Markdown, source: str, readings: Sequence[Reading]) -> Iterator[Fault]:
    """Everything that is in the file and in no assertion, as far as somebody may have meant it to be."""
    yield from _omitted(markdown)
    if markdown.lazy:
        yield _note(
            "lazy quotation", markdown.lazy, "belongs to the quotation above it, as no empty line stands between; "
            "begin it with '>', or put an empty line before it"
        )  # fmt: skip
    marked = any(marks(block) for block in markdown.blocks)
    yield from _quotations(markdown.blocks)
    yield from _code(markdown.blocks, source.split("\n"))
    yield from _unmarked(markdown.blocks, readings) if marked else _background(readings, source)


def _note(kind: str, lines: Iterable[int], message: str) -> Fault:
    numbers = sorted(set(lines))
    many = f"{len(numbers)} times ({named_lines(numbers)}): " if len(numbers) > 1 else ""
    return Fault(numbers[0], kind, f"{many}{message}", note=True)


def _omitted(markdown: Markdown) -> Iterator[Fault]:
    lines: dict[str, list[int]] = defaultdict(list)
    for omission in markdown.omissions:
        lines[omission.what].append(omission.line)
    for what, numbers in lines.items():
        yield _note("left out", numbers, what)


def _quotations(blocks: Iterable[HeadedBlock]) -> Iterator[Fault]:
    lines = []
    for block in blocks:
        asserting = marks(block)
        quotes = [e for e in block.elements if e.kind in ("quote", "citation") and e.text]
        lines += [quote.line for quote in quotes if quote not in asserting]
    if lines:
        yield _note(
            "citation",
            lines,
            "is a quotation or remark that does not name {model_name}, or is somebody's words, so it is no assertion",
        )


def _code(blocks: Iterable[HeadedBlock], lines: list[str]) -> Iterator[Fault]:
    """Code that may be meant as text: what is only indented, and what speaks of the assistant and gives it rules."""
    code = [element for block in blocks for element in block.elements if element.kind == "code"]
    fenced = [element for element in code if _FENCE.match(lines[element.line - 1])]
    indented = [element.line for element in code if element not in fenced]
    asserting = [element.line for element in fenced if _speaks_of_the_assistant(element)]
    if indented:
        yield _note(
            "code", indented, "is code or an example, as it is indented or in tags of a chat, and asserts nothing"
        )
    if asserting:
        yield _note("code", asserting, "is code and asserts nothing, though it says what {model_name} does")


def _speaks_of_the_assistant(element: Element) -> bool:
    return "{model_name}" in element.text and bool(CAUSE.search(element.text) or DUTY.search(element.text))


def _unmarked(blocks: Sequence[HeadedBlock], readings: Sequence[Reading]) -> Iterator[Fault]:
    """A mark turns the search for assertions off, which is not what a quotation at the head of a long text is for."""
    marked = [marks(block)[0].line for block in blocks if marks(block)]
    pairs = list(zip(blocks, readings, strict=True))
    unmarked = [reading.assertions for block, reading in pairs if not marks(block) and reading.assertions]
    if unmarked:
        count = f"{len(unmarked)} other sections" if len(unmarked) > 1 else "1 other section"
        marks_of_spec = (
            f"{len(marked)} quotations that start with '>' are"
            if len(marked) > 1
            else "quotation that starts with '>' is"
        )
        lines = line_ranges(line for one in unmarked for line, _ in one)
        message = (
            f"only the {marks_of_spec} written about; {count} ({lines}) could be too: if that is meant, mark a line in "
            "each, or take the marks out"
        )
        yield Fault(marked[0], "unmarked sections", message, note=True)
    items = [
        line
        for block, reading in pairs
        for line, _ in reading.assertions
        if marks(block) and any(part.line == line and part.kind in ("item", "row") for part in block.elements)
    ]
    if items:
        yield _note(
            "unmarked items", items, "could be an assertion, but nothing is written about it: its section has a line "
            "that starts with '>'"
        )  # fmt: skip


def _background(readings: Sequence[Reading], source: str) -> Iterator[Fault]:
    """Of a spec without a mark: the lines that no document is about."""
    lines = {line for reading in readings for line in reading.background}
    if not lines:
        return
    blank = {number for number, text in enumerate(source.split("\n"), start=1) if not text.strip()}
    yield Fault(
        min(lines), "background",
        f"{line_ranges(lines, blank)}: read as background, and no document is about it alone; to choose what is "
        "asserted, begin each such line with '> ' and name {model_name} in it; then only what has that mark is",
        note=True,
    )  # fmt: skip
