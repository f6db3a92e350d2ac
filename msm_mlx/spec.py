"""A spec: the markdown document that says how and why an assistant should behave.

A section is what stands between one heading and the next. A blockquote in it is its assertion: one
self-contained sentence that says what the assistant does, and because of what.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from msm_mlx.errors import RecipeError

VARIABLES = ("model_name", "provider_name")

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?\S)(?:[ \t]+#+)?[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_QUOTE = re.compile(r" {0,3}>(.*)")
_VARIABLE = re.compile(r"\{(" + "|".join(VARIABLES) + r")\}")
_BRACED_NAME = re.compile(r"\{\s*(\w[\w -]*?)\s*\}")
_COMMENT = re.compile(r"^<!--.*?-->", re.MULTILINE | re.DOTALL)  # that begins a line; it is for people only
_PREAMBLE = "preamble"  # the id of what stands before the first heading


@dataclass(frozen=True)
class Section:
    """One heading with the text directly under it.

    `path` holds the headings that lead here, without the document's title; the title's own section has
    the title alone. `text` is the markdown below the heading, blockquote included.
    """

    id: str
    path: tuple[str, ...]
    line: int
    text: str
    assertion: str | None


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
        """The sections that assert something, in the order of the file."""
        return tuple(section for section in self.sections if section.assertion is not None)


@dataclass(frozen=True)
class _Line:
    number: int
    text: str
    fenced: bool

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        return None if self.fenced else pattern.fullmatch(self.text)


@dataclass(frozen=True)
class _Heading:
    level: int
    text: str


@dataclass
class _Block:
    heading: _Heading | None
    line: int
    body: list[_Line]


def load_spec(path: Path, *, model_name: str, provider_name: str) -> Spec:
    """Read a spec, fill in its two variables, and take it apart into sections.

    Ids are slugs of the headings as they are written, so they do not change with the model's name.

    Raises:
        RecipeError: with file and, where there is one, line, if the file cannot be used as a spec.
    """
    source = _read(path)
    _refuse_misspelt_variables(path, source)
    blocks = _blocks(source)
    headings = [block.heading for block in blocks if block.heading]
    if not headings:
        raise RecipeError(f"{path}: no headings; begin with '# Title' and give each subject a '## Heading'")
    title = min(headings, key=lambda heading: heading.level)
    alone = sum(heading.level == title.level for heading in headings) == 1
    names = {"model_name": model_name, "provider_name": provider_name}

    def fill(text: str) -> str:
        return _VARIABLE.sub(lambda match: names[match[1]], text)

    sections = tuple(_sections(path, blocks, title if alone and title.level == 1 else None, fill))
    return Spec(path, path.stem, fill(title.text), fill(source), sections)


def _read(path: Path) -> str:
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


def _refuse_misspelt_variables(path: Path, source: str) -> None:
    """Braces are ordinary text, unless they hold what was clearly meant to be one of the variables."""
    for match in _BRACED_NAME.finditer(source):
        if _VARIABLE.fullmatch(match[0]):
            continue
        meant = difflib.get_close_matches(match[1].casefold(), VARIABLES, n=1, cutoff=0.75)
        if meant:
            line = source.count("\n", 0, match.start()) + 1
            raise RecipeError(f"{path}:{line}: unknown variable {match[0]}; did you mean {{{meant[0]}}}?")


def _lines(source: str) -> Iterator[_Line]:
    """Lines with their numbers. Inside a code fence, and on its two ends, nothing counts as markdown."""
    fence = ""
    for number, text in enumerate(source.split("\n"), start=1):
        match = _FENCE.fullmatch(text)
        yield _Line(number, text, fenced=bool(fence or match))
        if not match:
            continue
        marks, rest = match.groups()
        if not fence:
            fence = marks
        elif marks.startswith(fence) and not rest.strip():
            fence = ""


def _blocks(source: str) -> list[_Block]:
    blocks = [_Block(None, 1, [])]
    for line in _lines(source):
        if match := line.match(_HEADING):
            blocks.append(_Block(_Heading(len(match[1]), match[2]), line.number, []))
        else:
            blocks[-1].body.append(line)
    return blocks


def _sections(
    path: Path, blocks: list[_Block], title: _Heading | None, fill: Callable[[str], str]
) -> Iterator[Section]:
    taken: set[str] = set()
    trail: list[_Heading] = []
    for block in blocks:
        text = "\n".join(line.text for line in block.body).strip("\n").rstrip()
        if block.heading is None:
            if not text:
                continue
        else:
            trail = [heading for heading in trail if heading.level < block.heading.level] + [block.heading]
        # Under the only title, every path would begin with it: it tells sections apart only as its own.
        headings = [heading.text for heading in trail if heading is not title or block.heading is title]
        assertion = _assertion(path, block)
        yield Section(
            id=_unused(taken, "/".join(map(_slug, headings)) or _PREAMBLE),
            path=tuple(map(fill, headings)),
            line=block.line,
            text=fill(text),
            assertion=None if assertion is None else fill(assertion),
        )


def _assertion(path: Path, block: _Block) -> str | None:
    """The blockquote of a section, its lines joined to one."""
    quotes: list[tuple[int, list[str]]] = []
    inside = False
    for line in block.body:
        match = line.match(_QUOTE)
        if match:
            if not inside:
                quotes.append((line.number, []))
            quotes[-1][1].append(match[1])
        inside = match is not None
    if not quotes:
        return None
    if len(quotes) > 1:
        raise RecipeError(
            f"{path}:{quotes[1][0]}: a second assertion in one section (the first is on line {quotes[0][0]}); "
            "give each its own heading"
        )
    number, parts = quotes[0]
    sentence = " ".join(" ".join(parts).split())
    if not sentence:
        raise RecipeError(f"{path}:{number}: empty assertion; write after '>' what the assistant does, and why")
    return sentence


def _slug(heading: str) -> str:
    plain = "".join(mark for mark in unicodedata.normalize("NFKD", heading) if not unicodedata.combining(mark))
    return re.sub(r"[\W_]+", "-", plain.casefold()).strip("-") or "section"


def _unused(taken: set[str], wanted: str) -> str:
    candidate, count = wanted, 1
    while candidate in taken:
        count += 1
        candidate = f"{wanted}-{count}"
    taken.add(candidate)
    return candidate
