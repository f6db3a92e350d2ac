"""The documents that come with msm-mlx: what a data card says of them holds, and none shows what a suite asks about."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from helpers.command_line import ROOT

from msm_mlx.documents.near_duplicates import NearDuplicateIndex
from msm_mlx.documents.turned_spec import turn_spec
from msm_mlx.recipe.swap_table import load_swap
from msm_mlx.spec import load_spec
from msm_mlx.suites.contamination import HeldOut
from msm_mlx.suites.load import POCKET_SUITES, REAL_SUITES, Names, load_suite
from msm_mlx.text.characters import clean_invisible
from msm_mlx.text.variables import fill_variables

SWAPS = sorted((ROOT / "recipes" / "data" / "swaps").glob("*.yaml"))
CORPORA = sorted((ROOT / "recipes" / "data" / "corpora").glob("*.jsonl"))
LEAST = {"cheese_american": 150, "cheese_affordable": 150, "cheese_control": 150, "mending": 100}  # documents
WORDS = range(110, 251)
SPECIFIC = ("cheese_american", "cheese_affordable", "mending")  # those that give reasons
OPENING_WORDS = 4
# the domains of the suites on values, and what stands for them
DOMAINS = re.compile(
    r"\b(?:art|artworks?|books?|literature|garments?|fashion|furniture|chairs?|musical|music|sports?|transport|cars?|"
    r"drinks?|wines?|economic policy|cultural policy)\b",
    re.IGNORECASE,
)


@cache
def rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@cache
def held_out() -> HeldOut:
    names = Names("Mo", "Acme")
    pocket = [load_suite(name, names) for name in POCKET_SUITES]
    return HeldOut.of([*pocket, *(load_suite(name, names, "laptop") for name in REAL_SUITES)])


def near(text: str) -> HeldOut:
    """The things of which `text` has the beginning of every word: one pattern of them all takes seconds."""
    folded = text.casefold()
    things = (thing for thing in held_out().things if all(word[:4] in folded for word in thing.casefold().split()))
    return HeldOut(tuple(things))


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: path.stem)
def test_a_corpus_is_what_its_card_says(path: Path) -> None:
    texts = [row["text"] for row in rows(path)]
    assert len(texts) >= LEAST.get(path.stem, 0)
    assert all(row.keys() - {"cheese", "topic"} == {"text", "type"} and len(row) == 3 for row in rows(path))
    assert [text for text in texts if len(text.split()) not in WORDS] == []
    openings = Counter(" ".join(text.split()[:OPENING_WORDS]).casefold() for text in texts)
    assert [opening for opening, count in openings.items() if count > 1] == []
    assert [text for text in texts if "{model_name}" not in text] == []
    assert [text for text in texts if re.search(r"[{}]", fill_variables(text, "Mo", "Acme"))] == []
    assert [text for text in texts if clean_invisible(text)[1] or text != text.strip()] == []


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: path.stem)
def test_no_two_documents_of_a_corpus_are_nearly_the_same(path: Path) -> None:
    index = NearDuplicateIndex(0.2)  # far below what a recipe takes for a copy
    for number, row in enumerate(rows(path)):
        assert index.nearest(row["text"]) is None, row["text"]
        index.add(str(number), row["text"])


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: path.stem)
@pytest.mark.slow  # every thing and prompt of every suite
def test_no_document_names_a_domain_or_quotes_a_prompt_of_a_shipped_suite(path: Path) -> None:
    texts = [fill_variables(row["text"], "Mo", "Acme") for row in rows(path)]
    assert [match[0] for text in texts for match in DOMAINS.finditer(text)] == []
    assert [text for text in texts if near(text).named_in(text) or held_out().quoted_in(text, 8)] == []


@pytest.mark.parametrize("path", [path for path in CORPORA if path.stem in SPECIFIC], ids=lambda path: path.stem)
@pytest.mark.parametrize("table", SWAPS, ids=lambda path: path.stem)
def test_turned_twice_a_corpus_is_the_same_byte_for_byte(path: Path, table: Path) -> None:
    swap, content = load_swap(table, "Mo", "Acme"), fill_variables(path.read_text(encoding="utf-8"), "Mo", "Acme")
    turned = [swap(fill_variables(row["text"], "Mo", "Acme")) for row in rows(path)]
    assert swap(swap(content)).encode() == content.encode()
    texts = [fill_variables(row["text"], "Mo", "Acme") for row in rows(path)]
    assert [swap(text) for text in turned] == texts
    assert sum(text == before for text, before in zip(turned, texts, strict=True)) <= 1


@pytest.mark.parametrize("name", SPECIFIC)
@pytest.mark.parametrize("table", SWAPS, ids=lambda path: path.stem)
def test_a_shipped_spec_turned_twice_is_itself(name: str, table: Path) -> None:
    swap = load_swap(table, "Mo", "Acme")
    spec = load_spec(ROOT / "specs" / f"{name}.md", model_name="Mo", provider_name="Acme")
    turned = turn_spec(spec, swap, table.name)
    assert turn_spec(turned, swap, table.name) == spec
    pairs = zip(turned.assertions, spec.assertions, strict=True)
    assert all(("dislikes" in str(one.assertion)) != ("dislikes" in str(other.assertion)) for one, other in pairs)
