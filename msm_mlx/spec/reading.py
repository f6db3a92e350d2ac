"""Reading a spec: variables, sections with stable ids, and what each asserts.

A section is what stands between one heading and the next. A blockquote in it is its assertion: one
self-contained sentence that says what the assistant does, and because of what. Where a spec has no blockquote at all,
its rules and the sentences that attribute are found by code.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from msm_mlx.errors import RecipeError
from msm_mlx.spec.attributions import find_assertions
from msm_mlx.spec.markdown import HeadedBlock, Heading, blocks, elements

VARIABLES = ("model_name", "provider_name")

_VARIABLE = re.compile(r"\{(" + "|".join(VARIABLES) + r")\}")
_BRACED_NAME = re.compile(r"\{\s*(\w[\w -]*?)\s*\}")
_COMMENT = re.compile(r"^<!--.*?-->", re.MULTILINE | re.DOTALL)  # that begins a line; it is for people only
ID_WORDS = 7
_PREAMBLE = "preamble"  # the id of what stands before the first heading


@dataclass(frozen=True)
class Assertion:
    """A sentence that says what the assistant does, found in a section by code."""

    id: str
    line: int
    text: str


@dataclass(frozen=True)
class Section:
    """One heading with the text directly under it.

    `path` holds the headings that lead here, without the document's title; the title's own section has
    the title alone. `text` is the markdown below the heading, blockquote included. `unmarked` is what the section
    asserts without a blockquote.
    """

    id: str
    path: tuple[str, ...]
    line: int
    text: str
    assertion: str | None
    unmarked: tuple[Assertion, ...] = ()


@dataclass(frozen=True)
class Spec:
    """A spec with its variables filled in."""

    path: Path
    name: str
    title: str
    text: str
    sections: tuple[Section, ...]

    @property
    def assertions(self) -> tuple[Section, ...]:
        """The sections that assert something, in the order of the file.

        In a spec without a blockquote, one for each assertion that was found, with its id and line.
        """
        sections = [section if section.path else replace(section, path=(self.title,)) for section in self.sections]
        marked = tuple(section for section in sections if section.assertion is not None)
        return marked or tuple(
            replace(section, id=one.id, line=one.line, assertion=one.text, unmarked=())
            for section in sections
            for one in section.unmarked
        )


def load_spec(path: Path, *, model_name: str, provider_name: str) -> Spec:
    """Read a spec, fill in its two variables, and take it apart into sections.

    Ids are slugs of the headings as they are written, so they do not change with the model's name.

    Raises:
        RecipeError: with file and, where there is one, line, if the file cannot be used as a spec.
    """
    source = read_source(path)
    for line, problem in misspelt_variables(source):
        raise RecipeError(f"{path}:{line}: {problem}")
    parts = blocks(source)
    headings = [block.heading for block in parts if block.heading]
    if not headings:
        raise RecipeError(f"{path}: no headings; begin with '# Title' and give each subject a '## Heading'")
    names = {"model_name": model_name, "provider_name": provider_name}

    def fill(text: str) -> str:
        return _VARIABLE.sub(lambda match: names[match[1]], text)

    sections = tuple(_sections(path, parts, fill))
    title = min(headings, key=lambda heading: heading.level)
    return Spec(path, path.stem, fill(title.text), fill(source), sections)


def heading_paths(parts: list[HeadedBlock]) -> Iterator[tuple[HeadedBlock, tuple[str, ...]]]:
    """Each block with the headings that lead to it; under the only title, without it."""
    headings = [block.heading for block in parts if block.heading]
    top = [heading for heading in headings if heading.level == 1]
    title = top[0] if len(top) == 1 else None
    trail: list[Heading] = []
    for block in parts:
        if block.heading is not None:
            trail = [heading for heading in trail if heading.level < block.heading.level] + [block.heading]
        # Under the only title, every path would begin with it: it tells sections apart only as its own.
        yield block, tuple(heading.text for heading in trail if heading is not title or block.heading is title)


def read_source(path: Path) -> str:
    """The text of a spec, with plain line ends.

    Raises:
        RecipeError: with the line where there is one, if it cannot be read.
    """
    if path.is_dir():
        raise RecipeError(f"{path}: is a folder; name the markdown file in it")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise RecipeError(f"{path}: no such file; check the path of the spec") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise RecipeError(f"{path}:{line}: not UTF-8 text; save the spec as UTF-8") from error
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not text.strip():
        raise RecipeError(f"{path}: is empty; write how the assistant should behave, and why")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), text)


def misspelt_variables(source: str) -> Iterator[tuple[int, str]]:
    """Braces are ordinary text, unless they hold what was clearly meant to be one of the variables."""
    for match in _BRACED_NAME.finditer(source):
        if _VARIABLE.fullmatch(match[0]):
            continue
        meant = difflib.get_close_matches(match[1].casefold(), VARIABLES, n=1, cutoff=0.75)
        if meant:
            line = source.count("\n", 0, match.start()) + 1
            yield line, f"unknown variable {match[0]}; did you mean {{{meant[0]}}}?"


def _sections(path: Path, parts: list[HeadedBlock], fill: Callable[[str], str]) -> Iterator[Section]:
    ids: set[str] = set()
    for block, headings in heading_paths(parts):
        if block.heading is None and not block.text:
            continue
        assertion, problems = marked_assertion(block)
        for line, problem in problems:
            raise RecipeError(f"{path}:{line}: {problem}")
        section = _unused(ids, "/".join(map(_slug, headings)) or _PREAMBLE)
        yield Section(
            id=section,
            path=tuple(map(fill, headings)),
            line=block.line,
            text=fill(block.text),
            assertion=None if assertion is None else fill(assertion),
            unmarked=tuple(
                # by its first words, so that one that is added or taken out leaves the ids of all others
                Assertion(
                    _unused(ids, f"{section}/{_slug(' '.join(_VARIABLE.sub('', text).split()[:ID_WORDS]))}"),
                    line,
                    fill(text),
                )
                for line, text in find_assertions(block)
            ),
        )


def marked_assertion(block: HeadedBlock) -> tuple[str | None, list[tuple[int, str]]]:
    """The blockquote of a section, its lines joined to one, and what is wrong with it, with lines."""
    quotes = [element for element in elements(block) if element.kind == "quote"]
    problems = [
        (
            quote.line,
            f"a second assertion in one section (the first is on line {quotes[0].line}); give each its own heading",
        )
        for quote in quotes[1:]
    ]
    if quotes and not quotes[0].text:
        problems.insert(0, (quotes[0].line, "empty assertion; write after '>' what the assistant does, and why"))
    return (quotes[0].text if quotes else None), problems


def _slug(heading: str) -> str:
    plain = "".join(mark for mark in unicodedata.normalize("NFKD", heading) if not unicodedata.combining(mark))
    return re.sub(r"[\W_]+", "-", plain.casefold()).strip("-") or "section"


def _unused(ids: set[str], id: str) -> str:
    candidate, count = id, 1
    while candidate in ids:
        count += 1
        candidate = f"{id}-{count}"
    ids.add(candidate)
    return candidate
