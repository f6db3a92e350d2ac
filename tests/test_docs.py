"""The documentation names only what exists, its links lead somewhere, and what is made from the code is fresh."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pages
import pytest
from helpers.command_line import ROOT
from helpers.documented import DOCS, FENCE, PAGES, README, read

from msm_mlx.cli.main import INTERRUPTED
from msm_mlx.documents.checks.registry import CHECKS
from msm_mlx.errors import MsmError, RecipeError, SetupError

PACKAGE = ROOT / "msm_mlx"
PICTURES = sorted((DOCS / "pictures").glob("*.svg"))
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
MODULE_OR_FOLDER = re.compile(r"[\w./]+(?:\.py|/)")
DEFINITION = re.compile(
    r"(?P<function>[a-z_]+)\(\)|(?P<class>(?:[A-Z][a-z]+){2,}|Item|Stage)|(?P<constant>[A-Z][A-Z_]{3,})"
)
STAGES = ["spec", "plan", "documents", "midtrain", "sft", "evaluate", "report"]
OUTSIDE = {"msm_mlx/", "runs/", "drafts/", "train.py", "tests/test_docs.py"}  # not below either; made by commands


def code_in(page: str) -> list[str]:
    """Everything between backquotes, without code blocks."""
    return CODE.findall(re.sub(r"^( {4}.*|```.*?```)$", "", page, flags=re.MULTILINE | re.DOTALL))


def definitions(names: set[str]) -> set[str]:
    """Which of these are functions, classes or constants of the product."""
    defined = set()
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if names.isdisjoint(re.findall(r"\w+", source)):
            continue  # parsing takes long
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                defined.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                defined.add(node.id)
    return names & defined


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_named_modules_and_folders_exist(page: Path) -> None:
    named = {code for code in code_in(page.read_text(encoding="utf-8")) if MODULE_OR_FOLDER.fullmatch(code)}
    missing = {path for path in named - OUTSIDE if not (PACKAGE / path).exists() and not (ROOT / path).exists()}
    assert missing == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_scripts_and_extras_that_a_page_names_exist(page: Path) -> None:
    text, project = read(page), tomllib.loads(read(ROOT / "pyproject.toml"))["project"]
    scripts = set(re.findall(r"benchmarks/\w+\.(?:py|sh)", text))
    extras = {name for names in re.findall(r"(?:msm-mlx|\.)\[([a-z,-]+)\]'", text) for name in names.split(",")}

    assert {script for script in scripts if not (ROOT / script).is_file()} == set()
    assert extras - project["optional-dependencies"].keys() == set()


def test_named_definitions_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    matches = [match for code in code_in(text) if (match := DEFINITION.fullmatch(code))]
    names = {match["function"] or match[0] for match in matches}
    assert names - definitions(names) == set()


def test_all_packages_are_described_in_their_order() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    described = [
        name.removesuffix("/").removesuffix(".py")
        for heading in re.findall(r"^### (.*)$", text, re.MULTILINE)
        for name in CODE.findall(heading)
    ]
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ][0]
    layers = [name for layer in contract["layers"] for name in re.split(r"\s*\|\s*", layer)]
    assert described == layers


@cache
def anchors(page: Path) -> frozenset[str]:
    """What links to places of a page may end with: its headings, as both the site and a repository write them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", read(page)), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_to_what_is_there(page: Path) -> None:
    broken = []
    for link in LINK.findall(FENCE.sub("", read(page))):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if link.startswith(("https://", "http://")):
            continue
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


def test_what_is_made_from_the_code_is_fresh() -> None:
    stale = [page.name for page, text in pages.pages().items() if read(page) != text]

    assert stale == [], "run `python benchmarks/pages.py`"


def test_troubleshooting_has_every_reason_and_every_exit_code() -> None:
    page = read(pages.TROUBLESHOOTING)
    codes = {error.exit_code for error in (MsmError, RecipeError, SetupError)} | {INTERRUPTED}

    assert {check.name for check in CHECKS if check.name not in page} == set()
    assert {code for code in codes if f"| {code} |" not in page} == set()


@pytest.mark.parametrize("page", [README, DOCS / "evidence.md"], ids=lambda path: path.name)
def test_figures_with_intervals_are_those_of_the_evidence(page: Path) -> None:
    evidence = read(PACKAGE / "pocket" / "EVIDENCE.md") + read(DOCS / "evidence-real.md")
    figures = re.findall(r"[+-]?\d\.\d\d \[[^\]]+\]", read(page).replace("**", ""))

    assert len(figures) > 8
    assert [figure for figure in figures if figure not in evidence] == []


def test_the_flow_has_the_stages_in_their_order() -> None:
    """It is drawn by `benchmarks/pictures.py`, as the two pictures of a run are."""
    words = [element.text for element in ElementTree.parse(DOCS / "pictures" / "flow.svg").iter() if element.text]

    assert [word for word in words if word in STAGES] == STAGES


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_pictures_are_whole_and_ask_no_server(picture: Path) -> None:
    text = read(picture)

    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert re.findall(r"(?:href|src|url\()\W*https?:", text) == []


def test_every_page_is_in_the_site() -> None:
    pages_of_site = re.findall(r"[\w-]+\.md", read(ROOT / "mkdocs.yml"))

    assert sorted(pages_of_site) == [page.name for page in sorted(DOCS.glob("*.md"))]
