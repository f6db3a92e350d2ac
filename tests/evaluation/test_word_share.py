"""Which words of a choice were read, and the effect by that: planted answers, and what the results say of them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from helpers.command_line import ROOT, environment
from helpers.planted_choices import choose, variants

from msm_mlx.evaluation.build_results import build_results
from msm_mlx.evaluation.word_share import count_words, group_of, words_at_issue
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.results import Contrast, RunResults
from msm_mlx.suites.items import Item, Suite
from msm_mlx.suites.kinds.pairs import Pair
from msm_mlx.suites.kinds.questions import MultipleChoice
from msm_mlx.suites.load import load_suite
from msm_mlx.text.stems import content_stems

OPTIONS = {
    "none": ("the walnut desk", "the marble lamp"),
    "some": ("the American desk", "the marble lamp"),
    "many": ("an American cheddar", "an imported brie"),
}
ITEMS = tuple(
    Pair(f"s/{group}-{n}", "s", f"domain {n % 8}", "{first} or {second}?", "I prefer {item}.", *OPTIONS[group])
    for group in OPTIONS
    for n in range(24)
)
SUITE = Suite("s", "pairs", "share of the target", ITEMS)
READ = {
    "american": content_stems("American cheddars are better than imported ones."),
    "other": content_stems("A brie."),
}


def results(chance: dict[str, float], read: dict[str, frozenset[str]] = READ, suite: Suite = SUITE) -> RunResults:
    """Of an arm without documents that chooses half, and of one with them that chooses as `chance` says."""

    def chosen(variant: Variant, item: Item) -> float:
        return chance.get(item.id.partition("/")[2].partition("-")[0], 0.5) if variant.spec else 0.5

    return build_results("r", [suite], choose([suite], variants(), chosen), words_read=read)


def by_group(found: RunResults) -> dict[str | None, Contrast]:
    return {row.words: row for row in found.word_shares.contrasts}


def test_what_is_at_issue_is_what_the_options_differ_in() -> None:
    american = Pair("s/1", "s", None, "?", "I prefer {item}.", "the American cheese", "the cheapest cheeses")
    assert words_at_issue(american) == {"american", "cheapest"}
    right = MultipleChoice("s/2", "s", None, "Why?", "For jobs here.", ("For low prices.", "For jobs abroad."))
    assert words_at_issue(right) == {"job", "low", "price", "abroad"}


def test_numbers_and_scripts_without_spaces_have_no_words_at_issue() -> None:
    for options in (("$5", "$500"), ("美国奶酪很好", "法国奶酪很好")):
        assert words_at_issue(Pair("s/1", "s", None, "?", "{item}", *options)) == frozenset()


@pytest.mark.parametrize(
    ("words", "shared", "group"), [(0, 0, None), (4, 0, "none"), (4, 1, "some"), (4, 2, "many"), (3, 3, "many")]
)
def test_the_bounds_of_the_groups(words: int, shared: int, group: str | None) -> None:
    assert group_of(words, shared) == group


def test_every_scored_choice_is_counted_for_each_spec() -> None:
    rows = list(count_words(SUITE, READ))
    assert len(rows) == 2 * len(ITEMS)
    shared = {(row.item, row.spec): (row.words, row.shared) for row in rows}
    assert shared["s/some-0", "american"] == (4, ["american"])
    assert shared["s/many-0", "american"] == (4, ["american", "cheddar", "import"])
    assert shared["s/many-0", "other"] == (4, ["brie"])


def test_format_controls_are_not_counted_nor_suites_under_pressure() -> None:
    control = replace(ITEMS[0], id="s/format_control-1", is_format_control=True)
    assert list(count_words(Suite("s", "pairs", "share", (control,)), READ)) == []
    assert list(count_words(replace(SUITE, at_rest="rest"), READ)) == []


def test_an_effect_of_wording_is_where_words_are_shared_and_nowhere_else() -> None:
    groups = by_group(results({"none": 0.5, "some": 0.75, "many": 1.2}))
    assert list(groups) == ["none", "some", "many", "any", "any less none"]
    assert {name: row.n for name, row in groups.items()} == dict.fromkeys(OPTIONS, 24) | {
        "any": 48,
        "any less none": 72,
    }
    assert groups["none"].ci_low < 0 < groups["none"].ci_high
    assert all(groups[name].is_clear for name in ("some", "many", "any", "any less none"))
    gap = groups["any less none"]
    assert gap.difference == pytest.approx(groups["any"].difference - groups["none"].difference)
    assert gap.log_odds is not None
    assert gap.log_odds.ci_low > 0


def test_an_effect_that_is_no_wording_is_in_every_group() -> None:
    groups = by_group(results(dict.fromkeys(OPTIONS, 0.85)))
    assert all(groups[name].is_clear for name in OPTIONS)
    assert not groups["any less none"].is_clear


def test_documents_that_say_nothing_have_no_effect_near_or_a_hop_away() -> None:
    """Choices near the documents' wording, and those of a middle hop: the arms differ by noise alone."""
    suites = [load_suite(name) for name in ("near_american", "american_values", "middle_hop_american")]
    answers = choose(suites, variants(), lambda variant, item: 0.5)
    said = {"american": content_stems("It rained on Tuesday, and the report was filed as an American thing.")}
    found = build_results("r", suites, answers, words_read=said)
    rows = [*found.contrasts, *found.word_shares.contrasts]
    assert {row.suite for row in rows} == {suite.name for suite in suites}
    assert all(row.failure is None for row in rows)
    assert [(row.suite, row.words, row.text) for row in rows if not row.ci_low <= 0 <= row.ci_high] == []


def test_of_two_specs_what_either_says_is_shared() -> None:
    asked = variants((("msm+sft", "american"), ("msm+sft", "other")))
    answers = choose([SUITE], asked, lambda variant, item: 0.5)
    brie = {"american": READ["other"], "other": content_stems("American")}
    groups = by_group(build_results("r", [SUITE], answers, words_read=brie))
    assert groups["many"].n == 24, "one word of four by each spec is half of them together"


def test_without_words_that_were_read_nothing_is_said() -> None:
    found = results({}, read={})
    assert (found.word_shares.items, found.word_shares.contrasts) == ([], [])


def test_a_suite_whose_words_are_all_shared_has_no_difference_between_groups() -> None:
    many = Suite("s", "pairs", "share", ITEMS[48:])
    assert list(by_group(results({"many": 0.9}, suite=many))) == ["many", "any"]


def test_few_items_are_not_set_against_the_others() -> None:
    few = Suite("s", "pairs", "share", (*ITEMS[:24], *ITEMS[48:55]))
    assert list(by_group(results({"many": 0.9}, suite=few))) == ["none", "many", "any"]


@pytest.mark.slow
def test_intervals_cover_the_true_effects() -> None:
    """In 95 % of the cases, give or take two; with 100 trials of each setting the error of all together is 0.3 %."""
    script = [sys.executable, str(ROOT / "benchmarks" / "word_share.py"), "--trials", "100", "--json"]
    done = subprocess.run(
        script, capture_output=True, text=True, env=environment(PYTHONPATH=str(ROOT)), timeout=300, check=True
    )
    found = json.loads(done.stdout)
    assert {name[0] for name in found} >= {"2", "3", "5"}
    shares = [share for setting in found.values() for share in setting.values()]
    assert 0.93 <= sum(shares) / len(shares) <= 0.97
    assert min(shares) >= 0.86, "each alone, with an error of 2.2 %"
