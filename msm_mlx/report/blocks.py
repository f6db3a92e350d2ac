"""What a report is made of, whatever it is written as: HTML and Markdown show the same blocks, so the same figures."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import jinja2

from msm_mlx.report.markdown_table import number_reasons
from msm_mlx.text.terminal import visible

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class TableCell:
    """Text with a figure, and where the rows behind it are."""

    text: str
    link: str = ""


@dataclass(frozen=True)
class Paragraph:
    """`file` is where more is: a file beside the report, which is named after the text."""

    text: str
    file: str = ""
    kind: str = "paragraph"


@dataclass(frozen=True)
class Bullets:
    items: tuple[TableCell, ...]
    kind: str = "bullets"


@dataclass(frozen=True)
class Code:
    """What has a `caption` opens when it is asked for."""

    text: str
    caption: str = ""
    kind: str = "code"


@dataclass(frozen=True)
class Passage:
    """Text of a model, under what it is: shown as it stands, never as markup."""

    title: str
    text: str
    kind: str = "passage"


@dataclass(frozen=True)
class SharedReply:
    """What arms answered to a prompt, the same text once."""

    arms: str
    text: str


@dataclass(frozen=True)
class Replies:
    """Prompts with the replies to each."""

    caption: str
    prompts: tuple[tuple[str, tuple[SharedReply, ...]], ...]
    kind: str = "replies"


@dataclass(frozen=True)
class Table:
    """`rows` begin with what names them. `anchor` is where other tables link to, as are `anchors`, of each column that
    has one. What is `folded` opens when it is asked for, and is in the page alone."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    anchor: str = ""
    anchors: tuple[str, ...] = ()
    folded: bool = False
    notes: tuple[str, ...] = ()
    """What stands below it, in the order of their numbers."""
    kind: str = "table"


@dataclass(frozen=True)
class Figure:
    """A drawing of ours. `caption` says in words what it shows, and `link` leads to the rows that are drawn."""

    caption: str
    svg: str
    link: str = ""
    kind: str = "figure"


Block = Paragraph | Bullets | Code | Passage | Replies | Table | Figure


@dataclass(frozen=True)
class Part:
    """A section of a report."""

    title: str
    anchor: str
    blocks: tuple[Block, ...]
    wide: bool = False
    """Whether its tables need paper that lies on its side."""

    @property
    def unfolded(self) -> tuple[Block, ...]:
        return tuple(block for block in self.blocks if not (isinstance(block, Table) and block.folded))


@dataclass(frozen=True)
class Summary:
    """A run in a few sentences. `name` is the run's, if there are several."""

    name: str
    question: str
    answer: TableCell
    doubts: tuple[TableCell, ...]
    """The weightiest."""
    further: TableCell
    """How many more there are, if there are more, and where."""


@dataclass(frozen=True)
class Report:
    """`title` names the runs, and `about` says in a few words what they were made with."""

    title: str
    about: str
    headline: str
    """What was found, in a sentence."""
    lead: str
    """What was asked, as the recipe has it."""
    summaries: tuple[Summary, ...]
    figure: Figure | None
    """What was found, at a glance."""
    parts: tuple[Part, ...]


def table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str | TableCell]], anchor: str = "") -> Table:
    cells = tuple(tuple(cell if isinstance(cell, TableCell) else TableCell(cell) for cell in row) for row in rows)
    return Table(caption, tuple(header), cells, anchor)


def bullets(items: Iterable[str | TableCell]) -> Bullets:
    return Bullets(tuple(item if isinstance(item, TableCell) else TableCell(item) for item in items))


def to_html(report: Report) -> str:
    """One page that needs nothing else: no request, and no script but its own. Whatever a model wrote is escaped."""
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    script_hash = b64encode(sha256(script.encode()).digest()).decode()
    return _templates().get_template("report.html.jinja").render(report=report, script=script, script_hash=script_hash)


def to_markdown(report: Report) -> str:
    return _templates().get_template("report.md.jinja").render(report=report)


def _plain(text: str) -> str:
    """Text on one line of Markdown, in which nothing is markup."""
    line = " ".join(text.split())
    escaped = "".join(f"\\{c}" if c in "\\`*<>#|~" else c for c in line)
    return escaped.replace("](", "]\\(").replace("]:", "]\\:")


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines() or [""])


def _noted(table: Table) -> Table:
    """The table with every reason why a figure is no finding below it, once."""
    notes: dict[str, int] = {}
    rows = tuple(tuple(TableCell(number_reasons(cell.text, notes), cell.link) for cell in row) for row in table.rows)
    return replace(table, rows=rows, notes=tuple(notes))


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=lambda name: bool(name and name.endswith(".html.jinja")),
        finalize=lambda value: visible(value) if type(value) is str else value,  # markup is a type of its own
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "plain": _plain,
        "indented": _indented,
        "address": quote,
        "noted": _noted,
        "visible": visible,
    }
    return environment
