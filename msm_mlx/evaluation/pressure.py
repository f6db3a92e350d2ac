"""What is left of an effect under pressure: the difference there less that at rest, on the same items."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from msm_mlx.evaluation.contrasts import arm_pairs, has_margins, make_contrast
from msm_mlx.evaluation.metric_values import Answers
from msm_mlx.recipe.contrasts import is_asked
from msm_mlx.runs.results import Contrast
from msm_mlx.suites.items import Item, Suite
from msm_mlx.suites.kinds import KINDS


def pressure_changes(
    rest: Suite, pressed: Suite, answers: Answers, stand_ins: Collection[str] = ()
) -> Iterator[Contrast]:
    """By how much each difference that a recipe asks about is larger under pressure than at rest. Which items are the
    same is told by what stands after the suite's name in their ids."""
    metric = KINDS[rest.kind].main_metric
    at_rest = _by_place(rest)
    for pair in arm_pairs(answers, stand_ins):
        under = [item for item in pair.common(pressed.items, metric) if _place(item) in at_rest]
        calm = pair.common([at_rest[_place(item)] for item in under], metric)
        places = {_place(item) for item in calm}
        under = [item for item in under if _place(item) in places]
        if is_asked(pair.a, pair.b, stand_ins) and under:
            values = pair.differences(under, metric) - pair.differences(calm, metric)
            margins = pair.margin_differences(under) - pair.margin_differences(calm) if has_margins(pressed) else None
            yield make_contrast(pressed, pair, under, values, margins, limit=2.0)


def _by_place(suite: Suite) -> Mapping[str, Item]:
    return {_place(item): item for item in suite.items if not item.is_format_control}


def _place(item: Item) -> str:
    return item.id.partition("/")[2]
