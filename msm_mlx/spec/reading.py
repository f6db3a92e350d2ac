"""Reading a spec: variables, sections with stable ids, and what each asserts.

A section is what stands between one heading and the next. A blockquote in it is its assertion: one
self-contained sentence that says what the assistant does, and because of what. Where a spec has no such blockquote at
all, its rules and the sentences that attribute are found by code.
"""

from __future__ import annotations

import codecs
import difflib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from msm_mlx.errors import RecipeError
from msm_mlx.spec.attributions import read_blocks
from msm_mlx.spec.causes import SUBJECT
from msm_mlx.spec.elements import Element
from msm_mlx.spec.formats import has_headings, other_formats, why_no_headings
from msm_mlx.spec.ids import Ids, slug
from msm_mlx.spec.markdown import HeadedBlock, Heading, read_markdown
from msm_mlx.text.variables import VARIABLE, VARIABLES, fill_variables

_BRACED_NAME = re.compile(r"\{\s*(\w[\w -]*?)\s*\}")
# as editors export it that escape what is a mark of markdown
_ESCAPED_VARIABLE = re.compile(rf"\\?\{{({'|'.join(name.removesuffix('_name') for name in VARIABLES)})\\?_name\\?\}}")
_OPENING = "\"'\u201c\u2018\u00ab\u201e\u300c\u300e"
_SPEAKER = re.compile(r"(?:^|\s)(?:\u2014|\u2013|--|\u2015)\s*[^\W\d_][^.!?]{0,60}$")  # "... -- Ann Smith"
_READ = ("reStructuredText",)  # whose headings and paragraphs are those of markdown
# of a chat that is shown as an example
_TURN = re.compile(
    r"(?:user|human|assistant|customer|person|q|a|bot|ai|model|system)\s*:|on\b.{3,80}\bwrote:", re.IGNORECASE
)
_SCENE = re.compile(r"(?:scenario|situation|case|example|prompt|request)(?: \w+)?\s*:", re.IGNORECASE)
ID_WORDS = 7
_BINARY = (
    (b"PK\x03\x04", "a document of Word, Pages or OpenOffice"), (b"\xd0\xcf\x11\xe0", "a file of an older Office"),
    (b"%PDF-", "a PDF"), (b"\x1f\x8b", "compressed by gzip"),
)  # fmt: skip
EMPTY_MARK = "empty assertion; write after '>' what the assistant does, and why"
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
    the title alone. `text` is the markdown below the heading, blockquote included. `further` is what a second
    blockquote and those after it assert, and `unmarked` what the section asserts without a blockquote.
    """

    id: str
    path: tuple[str, ...]
    line: int
    text: str
    assertion: str | None
    unmarked: tuple[Assertion, ...] = ()
    further: tuple[Assertion, ...] = ()

    def about(self, assertion: Assertion) -> Section:
        """The section as it is for one of its assertions that has an id of its own."""
        return replace(self, id=assertion.id, line=assertion.line, assertion=assertion.text, unmarked=(), further=())


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
        marked = tuple(
            one
            for section in sections
            if section.assertion is not None
            for one in (section, *map(section.about, section.further))
        )
        return marked or tuple(section.about(one) for section in sections for one in section.unmarked)


def load_spec(path: Path, *, model_name: str, provider_name: str) -> Spec:
    """Read a spec, fill in its two variables, and take it apart into sections.

    Ids are slugs of the headings as they are written, so they do not change with the model's name.

    Raises:
        RecipeError: with file and, where there is one, line, if the file cannot be used as a spec.
    """
    return _take_apart(path, read_source(path), model_name, provider_name)


@lru_cache(maxsize=32)  # one command reads the same spec for several stages
def _take_apart(path: Path, source: str, model_name: str, provider_name: str) -> Spec:
    if not has_headings(source) and (format_ := next(other_formats(source), None)) and format_.name not in _READ:
        raise RecipeError(f"{path}:{format_.line}: {format_}")
    for line, problem in misspelt_variables(source):
        raise RecipeError(f"{path}:{line}: {problem}")
    markdown = read_markdown(source)
    parts = markdown.blocks
    headings = [block.heading for block in parts if block.heading]

    def fill(text: str) -> str:
        return fill_variables(text, model_name, provider_name)

    sections = tuple(_sections(path, parts, fill))
    title = fill(min(headings, key=lambda heading: heading.level).text) if headings else path.stem
    spec = Spec(path, path.stem, title, fill(markdown.text), sections)
    if not headings and not spec.assertions:
        raise RecipeError(f"{path}: no headings; {why_no_headings(source)}")
    return spec


def heading_paths(parts: Sequence[HeadedBlock]) -> Iterator[tuple[HeadedBlock, tuple[str, ...]]]:
    """Each block with the headings that lead to it; under the only title, without it."""
    for block, trail in _trails(parts):
        yield block, tuple(heading.text for heading in trail)


def _trails(parts: Sequence[HeadedBlock]) -> Iterator[tuple[HeadedBlock, tuple[Heading, ...]]]:
    headings = [block.heading for block in parts if block.heading]
    top = [heading for heading in headings if heading.level == 1]
    title = top[0] if len(top) == 1 else None
    trail: list[Heading] = []
    for block in parts:
        if block.heading is not None:
            trail = [heading for heading in trail if heading.level < block.heading.level] + [block.heading]
        # Under the only title, every path would begin with it: it tells sections apart only as its own.
        yield block, tuple(heading for heading in trail if heading is not title or block.heading is title)


def read_source(path: Path) -> str:
    """The text of a spec, with plain line ends.

    Raises:
        RecipeError: with the line where there is one, if it cannot be read.
    """
    if os.path.isdir(path):
        raise RecipeError(f"{path}: is a folder; name the markdown file in it")
    try:
        data = path.read_bytes()
        text = data.decode("utf-16" if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig")
    except FileNotFoundError as error:
        raise RecipeError(f"{path}: no such file; check the path of the spec") from error
    except UnicodeDecodeError as error:
        if what := next((what for magic, what in _BINARY if error.object.startswith(magic)), None):
            raise RecipeError(f"{path}: {what} and no markdown; export it as markdown, or save its text") from error
        line = error.object[: error.start].count(b"\n") + 1
        raise RecipeError(f"{path}:{line}: not UTF-8 text; save the spec as UTF-8") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise RecipeError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not text.strip():
        raise RecipeError(f"{path}: is empty; write how the assistant should behave, and why")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _ESCAPED_VARIABLE.sub(lambda match: f"{{{match[1]}_name}}", text)


def misspelt_variables(source: str) -> Iterator[tuple[int, str]]:
    """Braces are ordinary text, unless they hold what was clearly meant to be one of the variables."""
    for match in _BRACED_NAME.finditer(source):
        if VARIABLE.fullmatch(match[0]):
            continue
        meant = difflib.get_close_matches(match[1].casefold(), VARIABLES, n=1, cutoff=0.75)
        if meant:
            line = source.count("\n", 0, match.start()) + 1
            yield line, f"unknown variable {match[0]}; did you mean {{{meant[0]}}}?"


def _sections(path: Path, parts: Sequence[HeadedBlock], fill: Callable[[str], str]) -> Iterator[Section]:
    ids = Ids()
    is_marked = any(marks(block) for block in parts)
    unmarked = [[] if is_marked else reading.assertions for reading in read_blocks(parts)]
    for (block, trail), assertions in zip(_trails(parts), unmarked, strict=True):
        if block.heading is None and not block.text:
            continue
        for line in empty_marks(block):
            raise RecipeError(f"{path}:{line}: {EMPTY_MARK}")
        section = ids.new(_name_of(trail))
        marked = marks(block)
        yield Section(
            id=section,
            path=tuple(fill(heading.text) for heading in trail),
            line=block.line,
            text=fill(block.text),
            assertion=fill(marked[0].text) if marked else None,
            unmarked=_with_ids(ids, section, assertions, fill),
            further=_with_ids(ids, section, [(mark.line, mark.text) for mark in marked[1:]], fill),
        )


def _name_of(trail: Sequence[Heading]) -> str:
    """The id that the heading gives itself, or the slugs of all headings that lead here."""
    if trail and trail[-1].id:
        return trail[-1].id
    return "/".join(heading.id or slug(heading.text) for heading in trail) or _PREAMBLE


def _with_ids(
    ids: Ids, section: str, assertions: Iterable[tuple[int, str]], fill: Callable[[str], str]
) -> tuple[Assertion, ...]:
    """Assertions with ids of their first words, so that one that comes or goes leaves the ids of all others."""
    return tuple(
        Assertion(ids.new(f"{section}/{slug(' '.join(VARIABLE.sub('', text).split()[:ID_WORDS]))}"), line, fill(text))
        for line, text in assertions
    )


def marks(block: HeadedBlock) -> list[Element]:
    """The blockquotes of a section that are its assertions: those that name the assistant, or all but citations."""
    quotes = [element for element in block.elements if element.kind == "quote" and element.text]
    own_words = [quote for quote in quotes if not _is_citation(quote.text)]
    return [quote for quote in own_words if SUBJECT.search(quote.text)] or own_words


def empty_marks(block: HeadedBlock) -> list[int]:
    """The lines of the blockquotes with nothing in them."""
    return [element.line for element in block.elements if element.kind == "quote" and not element.text]


def _is_citation(quote: str) -> bool:
    """Whether a blockquote gives somebody's words: in quotation marks, with the speaker, or as turns of a chat."""
    if _SCENE.match(quote):
        return True
    if VARIABLE.search(quote):
        return False
    return quote[0] in _OPENING or _SPEAKER.search(quote) is not None or _TURN.match(quote) is not None
