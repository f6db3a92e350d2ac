"""Arms along their last stage, and the contrary rows until they are back: planted answers, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from msm_mlx.evaluation.durability import Course, measure_durability, trace_curves
from msm_mlx.evaluation.metric_values import Answers
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.answers import Answer
from msm_mlx.runs.results import Durability
from msm_mlx.suites.items import Suite
from msm_mlx.suites.kinds.pairs import Pair

FORM = ("{first} or {second}?", "{item}")
ITEMS = tuple(Pair(f"s/{n}", "s", f"domain {n % 8}", *FORM, f"a{n}", f"b{n}") for n in range(48))
SUITE = Suite("s", "pairs", "share of a", ITEMS)
SHARES = (0.0, 0.02, 0.1)
COURSES = {f"msm+sft+after-{share:g}": Course("after", share, 40, 10, contrary=share) for share in SHARES}
ARMS = ("sft", "msm+sft", *COURSES)


def answers_of(shares: Mapping[Variant, float]) -> Answers:
    """A choice of `a` with the given probability, each item's leaning the same for all arms."""
    thresholds = np.random.default_rng(1).permutation(len(ITEMS)) / len(ITEMS)
    return {
        variant: {
            item.id: Answer(item.id, (), (), (), {"choice": float(threshold < share + 0.03 * (variant.seed or 0))})
            for item, threshold in zip(ITEMS, thresholds, strict=True)
        }
        for variant, share in shares.items()
    }


def planted(*shares: float, arms: tuple[str, ...] = ARMS, spec: str | None = None) -> dict[Variant, float]:
    """The shares of the arms with three seeds each."""
    return {
        Variant(arm, spec if "msm" in arm else None, seed): share
        for arm, share in zip(arms, shares, strict=True)
        for seed in range(3)
    }


def over_shares(*shares: float) -> Durability:
    [found] = measure_durability(SUITE, answers_of(planted(*shares)), COURSES)
    return found


def test_contrary_rows_are_counted_over_the_shares_of_a_stage() -> None:
    """40 updates of 10 rows: 8 and 40 contrary rows."""
    found = over_shares(0.3, 0.8, 0.8, 0.5, 0.1)
    assert (found.arm, found.reference, found.stage, found.share) == ("msm+sft", "sft", "after", None)
    assert found.start.value == pytest.approx(0.5)
    assert found.rows == pytest.approx(24, abs=1)
    assert found.ci_low is not None
    assert found.ci_high is not None
    assert 8 < found.ci_low < 24 < found.ci_high < 40
    assert found.most == 40
    assert found.text == f"{found.rows:.0f} [{found.ci_low:.0f}, {found.ci_high:.0f}]"


def test_an_arm_that_does_not_come_back_has_a_lower_end_alone() -> None:
    found = over_shares(0.3, 0.8, 0.8, 0.7, 0.7)
    assert (found.rows, found.ci_high) == (None, None)
    assert found.text == "more than 40 [at least 40]"


def test_an_arm_that_never_was_away_has_no_number() -> None:
    found = over_shares(0.3, 0.3, 0.3, 0.2, 0.1)
    assert not found.is_defined
    assert (found.rows, found.ci_low, found.ci_high) == (None, None, None)
    assert found.text == "undefined: no different from sft to begin with"


def test_neutral_chats_alone_may_bring_it_back() -> None:
    assert over_shares(0.3, 0.8, 0.3, 0.2, 0.1).text.startswith("0 [0, ")


def test_an_arm_that_documents_moved_down_comes_back_from_below() -> None:
    down, up = over_shares(0.7, 0.2, 0.2, 0.5, 0.9), over_shares(0.3, 0.8, 0.8, 0.5, 0.1)
    assert down.start.value == pytest.approx(-up.start.value)
    assert down.rows == pytest.approx(up.rows, abs=1)


def test_without_the_arms_that_it_is_measured_against_there_is_no_number() -> None:
    for missing in ("sft", "msm+sft"):
        shares = {v: s for v, s in planted(0.3, 0.8, 0.8, 0.5, 0.1).items() if v.arm != missing}
        assert not list(measure_durability(SUITE, answers_of(shares), COURSES))


def test_an_arm_without_documents_has_a_curve_and_no_number() -> None:
    courses = {"sft+after": Course("after", 0.1, 40, 10, contrary=0.1)}
    shares = planted(0.3, 0.1, arms=("sft", "sft+after"))
    shares |= {replace(v, update=20): 0.2 for v in shares if v.arm == "sft+after"}
    answers = answers_of(shares)
    assert not list(measure_durability(SUITE, answers, courses))
    points = list(trace_curves(SUITE, answers, courses))
    assert [(point.update, point.rows, point.contrary) for point in points] == [(0, 0, 0), (20, 200, 20), (40, 400, 40)]
    assert [point.value for point in points] == pytest.approx([0.33, 0.23, 0.13], abs=0.02)
    assert all(point.ci_low < point.value < point.ci_high for point in points)


def test_along_the_stage_the_rows_that_were_seen_by_then_count() -> None:
    courses = {"msm+sft+after": Course("after", 0.1, 40, 10, contrary=0.1)}
    shares = planted(0.3, 0.8, 0.1, arms=("sft", "msm+sft", "msm+sft+after"))
    shares |= {replace(v, update=20): 0.5 for v in shares if v.arm == "msm+sft+after"}
    [found] = measure_durability(SUITE, answers_of(shares), courses)
    assert found.share == 0.1
    assert found.rows == pytest.approx(30, abs=1)
    assert len(list(trace_curves(SUITE, answers_of(shares), courses))) == 3


def test_a_suite_that_is_not_asked_on_the_way_has_a_number_over_both_ends() -> None:
    courses = {"msm+sft+after": Course("after", 0.1, 40, 10, contrary=0.1)}
    answers = answers_of(planted(0.3, 0.8, 0.1, arms=("sft", "msm+sft", "msm+sft+after")))
    on_the_way: Answers = {replace(v, update=20): {} for v in answers if v.arm == "msm+sft+after"}
    [found] = measure_durability(SUITE, {**answers, **on_the_way}, courses)
    assert found.rows == pytest.approx(40 * 5 / 7, abs=1)
    assert not list(trace_curves(SUITE, {**answers, **on_the_way}, courses))


def test_seeds_that_are_missing_somewhere_are_averaged() -> None:
    shares = {v: s for v, s in planted(0.3, 0.8, 0.8, 0.5, 0.1).items() if v != Variant("sft", None, 2)}
    [found] = measure_durability(SUITE, answers_of(shares), COURSES)
    assert found.rows == pytest.approx(24, abs=2)
