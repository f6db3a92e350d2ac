"""The three lines of a run, for every shape of run: what its figures bear out, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.fake_reports import make_run

from msm_mlx.report.conclusion import conclude
from msm_mlx.report.doubts import find_doubts
from msm_mlx.runs.estimate import Estimate
from msm_mlx.runs.finished import FinishedRun, open_run
from msm_mlx.runs.results import SCHEMA, Contrast, Durability, MeasuredSuite, RunResults, Share, write_results

CLEAR, DOWN, NOTHING, WIDE = (0.2, 0.6), (-0.6, -0.2), (-0.05, 0.05), (-0.2, 0.3)
Interval = tuple[float, float]
Pair = tuple[str, str]
AFTER_CHATS = ("msm+sft", "sft")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    return open_run(make_run(tmp_path_factory.mktemp("conclusions") / "cheese"))


def contrast(
    interval: Interval = CLEAR, suite: str = "near", pair: Pair = AFTER_CHATS, seeds: int = 3, n: int = 20,
    failure: str | None = None, cell: dict[str, Any] | None = None,
) -> Contrast:  # fmt: skip
    low, high = interval
    return Contrast(
        suite=suite, a=pair[0], b=pair[1], metric="choice", paired=True, difference=(low + high) / 2, ci_low=low,
        ci_high=high, n=n, seeds=seeds, clusters=n, p=0.5, detectable=0.2, notes=[], failure=failure, cell=cell,
    )  # fmt: skip


def share(arm: str, value: float, suite: str = "near", spec: str | None = None, failure: str | None = None) -> Share:
    return Share(
        arm=arm, spec=spec, seed=None, suite=suite, metric="choice", value=value, ci_low=value - 0.1,
        ci_high=value + 0.1, n=20, seeds=3, failure=failure,
    )  # fmt: skip


def suite_of(name: str = "near", kind: str = "pairs", at_rest: str = "") -> MeasuredSuite:
    return MeasuredSuite(name=name, kind=kind, measures="share choosing a", file="", added=False, at_rest=at_rest)


def run_with(planted: FinishedRun, contrasts: Sequence[Contrast] = (), **parts: Any) -> FinishedRun:
    """The planted run with these results, and with other fields of the recipe where they are given."""
    fields: dict[str, Any] = {
        "pooled": [share("sft", 0.4), share("msm+sft", 0.8)],
        "suites": [suite_of()],
        "records": [],
    }
    fields |= {name: parts.pop(name) for name in list(parts) if name in RunResults.model_fields}
    write_results(planted.folder, RunResults(schema=SCHEMA, run="cheese", contrasts=list(contrasts), **fields))
    run = open_run(planted.folder)
    return replace(run, recipe=run.recipe.model_copy(update=parts))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            contrast(),
            "the documents moved choices. msm+sft has 0.80 and sft 0.40, a difference of +0.40 (95 % interval +0.20 "
            "to +0.60) over 20 items and 3 seeds.",
        ),
        (
            contrast(NOTHING, seeds=1),
            "with one seed, the documents did not move choices (less than 0.1). msm+sft has 0.80 and sft 0.40, a "
            "difference of +0.00 (95 % interval -0.05 to +0.05) over 20 items.",
        ),
        (
            contrast(WIDE),
            "it is uncertain whether the documents moved choices. msm+sft has 0.80 and sft 0.40, a difference of "
            "+0.05 (95 % interval -0.20 to +0.30) over 20 items and 3 seeds.",
        ),
        (
            contrast(failure="of sft, the format control is right in 0.50 [0.40, 0.60], which may be chance"),
            "nothing is shown: of sft, the format control is right in 0.50 [0.40, 0.60], which may be chance.",
        ),
    ],
)
def test_the_documents_against_the_same_chats_alone(planted: FinishedRun, row: Contrast, words: str) -> None:
    conclusion = conclude(run_with(planted, contrasts=[row]))
    assert conclusion.question == (
        "Do documents about x change what the demonstrations teach? The arm msm+sft has read them, the arm sft has "
        "not. Measured by near (share choosing a)."
    )
    assert conclusion.answer == f"On near, {words}"


def test_the_same_difference_on_other_suites_is_told_by_what_can_be_said_of_it(planted: FinishedRun) -> None:
    rows = [
        contrast(),
        contrast(DOWN, "far"),
        contrast(NOTHING, "same"),
        contrast(WIDE, "open"),
        contrast(suite="chance").model_copy(update={"p_holm": 0.08}),
        contrast(suite="tiny", n=5),
        contrast(suite="bad", failure="of sft, why"),
        contrast(suite="capability"),
        contrast(suite="pressed"),
    ]
    suites = [suite_of(row.suite, at_rest="near" if row.suite == "pressed" else "") for row in rows]
    answer = conclude(run_with(planted, rows, suites=suites)).answer
    assert answer.endswith(
        "Of the other suites, moved: far -0.40 [-0.60, -0.20]; moved, but not when corrected for reading several "
        "suites: chance +0.40 [+0.20, +0.60]; not moved (less than 0.1): same +0.00 [-0.05, +0.05]; "
        "uncertain: open +0.05 [-0.20, +0.30]; too few items: tiny +0.40 [+0.20, +0.60]; no finding: bad."
    )


SPECS = {"specs": (Path("x.md"), Path("y.md"))}


def test_two_specs_are_asked_against_each_other(planted: FinishedRun) -> None:
    pair = ("msm+sft@x", "msm+sft@y")
    pooled = [share("msm+sft", 0.9, spec="x"), share("msm+sft", 0.1, spec="y")]
    rows = [contrast(pair=("msm+sft@x", "sft")), contrast(NOTHING, pair=("msm+sft@y", "sft")), contrast(pair=pair)]
    conclusion = conclude(run_with(planted, rows, pooled=pooled, **SPECS))
    assert conclusion.question.startswith(
        "Do the same demonstrations teach something else after documents about x than after documents about y?"
    )
    assert conclusion.answer.startswith(
        "On near, what the documents say moved choices. msm+sft@x has 0.90 and msm+sft@y 0.10, a difference of +0.40"
    )
    assert conclusion.answer.endswith(
        " Each against sft, moved: x +0.40 [+0.20, +0.60]; not moved (less than 0.1): y +0.00 [-0.05, +0.05]."
    )


def test_documents_of_two_specs_without_demonstrations_are_asked_for_what_they_teach(planted: FinishedRun) -> None:
    conclusion = conclude(run_with(planted, [contrast(pair=("msm@x", "msm@y"))], **SPECS))
    assert conclusion.question.startswith("Do documents about x teach something else than documents about y?")
    assert conclusion.answer.startswith("On near, what the documents say moved choices. A difference of +0.40")


def test_many_specs_are_told_one_by_one(planted: FinishedRun) -> None:
    specs = tuple(Path(f"{name}.md") for name in "xyz")
    rows = [contrast(at, pair=(f"msm+sft@{name}", "sft")) for at, name in zip((CLEAR, WIDE, CLEAR), "xyz", strict=True)]
    between = [contrast(pair=("msm+sft@x", f"msm+sft@{name}")) for name in "yz"]
    conclusion = conclude(run_with(planted, between + rows, specs=specs))
    assert conclusion.question.startswith("Do documents about each of x, y and z change what the demonstrations teach?")
    assert conclusion.answer == (
        "On near, by spec, moved: x +0.40 [+0.20, +0.60] and z +0.40 [+0.20, +0.60]; uncertain: y +0.05 [-0.20, +0.30]."
    )


def test_general_chats_after_documents_are_asked_for_what_documents_change(planted: FinishedRun) -> None:
    question = conclude(run_with(planted, [contrast(pair=("msm+it", "it"))])).question
    assert question.startswith(
        "Do documents about x change what the same further training teaches? The arm msm+it has read them, the arm it "
        "has not."
    )


def test_arms_with_demonstrations_stand_before_those_without(planted: FinishedRun) -> None:
    rows = [contrast(WIDE, pair=("msm+it", "it")), contrast()]
    assert "msm+sft has 0.80 and sft 0.40" in conclude(run_with(planted, rows)).answer


def test_replies_that_are_no_choices_are_called_replies(planted: FinishedRun) -> None:
    answer = conclude(run_with(planted, [contrast(DOWN, seeds=1)], suites=[suite_of(kind="scenes")])).answer
    assert answer.startswith("On near, with one seed, the documents moved the replies. msm+sft has 0.80")


def test_arms_that_differ_in_one_thing_are_asked_about_that(planted: FinishedRun) -> None:
    conclusion = conclude(run_with(planted, [contrast(WIDE, pair=("msm+sft", "sft+msm"))]))
    assert conclusion.question.startswith(
        "How do the answers of msm+sft and sft+msm differ, which are trained alike but for the order (the same the "
        "other way round)?"
    )
    assert conclusion.answer.startswith("On near, it is uncertain whether msm+sft and sft+msm differ.")


def test_a_ready_made_adapter_is_named_and_has_no_seed(planted: FinishedRun) -> None:
    rows = [contrast(pair=("sft", "it"), seeds=1), contrast(pair=("mine", "sft"), seeds=1)]
    conclusion = conclude(run_with(planted, rows, adapters={"mine": "hub:a/b"}))
    assert conclusion.question.startswith(
        "How do the answers of mine (not trained here: the adapter hub:a/b) and sft (fine-tuned on the demonstrations) "
        "differ?"
    )
    assert conclusion.answer.startswith("On near, mine and sft differ. A difference of +0.40")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.9, "The intervals are apart: the two differ."),
        (0.5, "The intervals overlap: no difference is shown."),
    ],
)
def test_without_documents_there_are_shares_alone(planted: FinishedRun, value: float, words: str) -> None:
    pooled = [share("base", 0.4), share("sft", value)]
    conclusion = conclude(run_with(planted, pooled=pooled, arms=("base", "sft")))
    assert conclusion.question.startswith(
        "How do the answers of base (the model as it came) and sft (fine-tuned on the demonstrations) differ? Measured "
        "by near"
    )
    assert conclusion.answer == (
        f"On near, base 0.40 [0.30, 0.50] and sft {value:.2f} [{value - 0.1:.2f}, {value + 0.1:.2f}] (95 % intervals). "
        f"{words}"
    )


def test_an_arm_that_cannot_answer_has_no_share(planted: FinishedRun) -> None:
    pooled = [share("base", 0.5, failure="too bad"), share("sft", 0.5)]
    answer = conclude(run_with(planted, pooled=pooled, arms=("base", "sft"))).answer
    assert answer == "On near, sft 0.50 [0.40, 0.60] (95 % interval). base: no finding, too bad."


def test_what_nobody_scored_has_no_answer(planted: FinishedRun) -> None:
    conclusion = conclude(run_with(planted, pooled=[]))
    assert conclusion.answer == "Nothing has a score."
    assert "No score on near" in conclusion.doubt


def test_a_grid_is_told_by_its_ends(planted: FinishedRun) -> None:
    rows = [
        contrast(at, cell={"midtrain.updates": updates})
        for at, updates in ((NOTHING, 10), (CLEAR, 40), ((0.0, 0.2), 20))
    ]
    rows.insert(0, contrast(pair=("msm", "sft"), cell={"midtrain.updates": 10}))
    conclusion = conclude(run_with(planted, rows, grid={"midtrain.updates": [10, 20, 40]}))
    assert conclusion.question.startswith(
        "How does the difference between msm+sft and sft depend on midtrain.updates (10, 20, 40)? Measured by near"
    )
    assert conclusion.answer == (
        "On near, it goes from +0.00 [-0.05, +0.05] at midtrain.updates 10 to +0.40 [+0.20, +0.60] at "
        "midtrain.updates 40, and is clear of zero in 1 of 3 runs."
    )


def test_how_long_an_effect_lasts_is_a_part_of_the_answer(planted: FinishedRun) -> None:
    lasts = Durability(
        suite="near", metric="choice", arm="msm+sft", stage="after", share=None, reference="sft",
        start=Estimate(0.4, 0.2, 0.6, 20), rows=14.0, ci_low=9.0, ci_high=22.0, most=64.0, seeds=3, failure=None,
    )  # fmt: skip
    answer = conclude(run_with(planted, [contrast()], durability=[lasts])).answer
    assert answer.endswith("On near, msm+sft is back at sft after 14 [9.0, 22] contrary rows in after.")


def test_the_weightiest_doubts_are_told_and_the_others_counted(planted: FinishedRun) -> None:
    conclusion = conclude(run_with(planted, [contrast()], seeds=(0,)))
    assert conclusion.lines[2].startswith("May be wrong: One seed: how much another seed would differ is not known.")
    assert "The model is pocket" in conclusion.doubt
    assert conclusion.doubt.endswith(f" {conclusion.further} more in the report, under 'What could be wrong'.")
    assert [line.partition(":")[0] for line in conclusion.lines] == ["Asked", "Found", "May be wrong"]


def test_power_is_that_of_the_main_difference_and_weighs_more_where_nothing_is_clear(planted: FinishedRun) -> None:
    noisy = contrast(WIDE, pair=("msm", "sft")).model_copy(update={"detectable": 0.9})
    few = contrast(WIDE).model_copy(update={"detectable": 1.7})
    first, *_ = conclude(run_with(planted, [noisy, few], seeds=(0,))).doubts
    assert first == "A difference of 0.10 on near may go unseen: no difference would show (power 80 %)."
    last = conclude(run_with(planted, [noisy, contrast()], seeds=(0,))).doubts
    assert not any("may go unseen" in doubt for doubt in last)
    sure = contrast(NOTHING).model_copy(update={"detectable": 0.05})
    assert "go unseen" not in " ".join(find_doubts(run_with(planted, [noisy, sure]), {}))


@pytest.mark.parametrize(
    ("pair", "seeds", "told"),
    [
        (("msm+sft", "control+sft"), (0,), True),
        (("context", "base"), (0,), False),
        (("context", "sft"), (0, 1, 2), False),
        (("mine", "sft"), (0, 1, 2), False),
        (("mine", "sft"), (0,), True),
        (("mine", "base"), (0,), False),
    ],
)
def test_one_seed_is_told_where_another_could_differ(
    planted: FinishedRun, pair: Pair, seeds: tuple[int, ...], told: bool
) -> None:
    arms = ("base", "sft", "control+sft", "msm+sft", "context", "sft+context", "mine")
    rows = [contrast(pair=pair, seeds=1)]
    answer = conclude(run_with(planted, rows, seeds=seeds, arms=arms, adapters={"mine": "hub:a/b"})).answer
    assert ("with one seed" in answer) == told
