"""Who goes by the place of an option shows as biased, and who goes by what it is does not."""

from __future__ import annotations

from msm_mlx.evaluation.collect_answers import score_answer
from msm_mlx.evaluation.position_bias import position_biases
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.answers import Answer
from msm_mlx.suites.items import Suite
from msm_mlx.suites.kinds.pairs import Pair

PAIRS = tuple(
    Pair(f"s/item-{n}", "s", None, "{first} or {second}?", "{item}", f"the red {n}", f"the blue {n}") for n in range(8)
)
SUITE = Suite("s", "pairs", "share choosing red", PAIRS)
BASE, SFT = Variant("base", None, None), Variant("sft", None, 0)


def answers(logprobs: tuple[tuple[float, float], tuple[float, float]], *names: str) -> dict[str, Answer]:
    """To all pairs the same; `names` are what is written when the target is named first and second."""
    return {pair.id: score_answer(pair, logprobs, [getattr(pair, name, "Hm.") for name in names]) for pair in PAIRS}


def test_the_first_and_the_content_are_told_apart() -> None:
    by_place = answers(((-1, -2), (-2, -1)), "target", "other")
    by_content = answers(((-1, -2), (-1, -2)), "target", "target")
    first, second = position_biases(SUITE, {BASE: by_place, SFT: by_content})
    assert (first.arm, first.first.value, first.written_first, first.decided) == ("base", 1, 1, 0)
    assert (second.arm, second.first.value, second.written_first, second.decided) == ("sft", 0.5, 0.5, 1)


def test_replies_that_name_no_option_have_no_place() -> None:
    [row] = position_biases(SUITE, {BASE: answers(((-1, -2), (-2, -1)), "nothing", "nothing")})
    assert row.written_first is None


def test_variants_that_were_not_asked_have_no_row() -> None:
    assert list(position_biases(SUITE, {BASE: {}})) == []
