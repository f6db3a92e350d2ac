"""What could be wrong with a run, found by rules. Each rule has its bound here, and says what it found."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from msm_mlx.evaluation.contrasts import EFFECT_OF_INTEREST
from msm_mlx.models.folder import POCKET
from msm_mlx.recipe.arms import (
    CONTROL,
    NEGATED,
    OPPOSITE,
    arm_of,
    control_of,
    path_of,
    reads_reasons,
    shows_behaviour,
    without_documents,
)
from msm_mlx.recipe.contrasts import is_own_control
from msm_mlx.report.headlines import (
    UNREADABLE_METRICS,
    finding,
    is_main,
    of_suite,
    starting_points,
    suites_of,
)
from msm_mlx.report.main_contrast import main_contrast, main_suite
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.runs.results import Contrast
from msm_mlx.text.wording import listed, shortened

MIN_SEEDS = 3
MAX_NAMES = 4  # of arms or trainings in a sentence
ALPHA = 0.05  # of a p value
NEUTRAL_START = (0.35, 0.65)  # where a start counts as neutral
MAX_UNREADABLE = 0.02  # share of answers
MAX_CAPABILITY_LOSS = 0.02
MAX_POSITION_BIAS = 0.15  # how far from half the time an arm may take the option that is named first
MIN_SHARE_KEPT = 0.7  # of the documents written
MIN_SHARE_WITH_REASON = 0.5  # of the documents kept, that give the value as a reason
MAX_DENIALS = 0.05  # share of documents
MAX_NEAR_DUPLICATES = 0.05  # share of near-duplicates
CONTAMINATION_REASONS = ("names an unseen thing", "quotes the evaluation")


def find_doubts(run: FinishedRun, health: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Sentences about what weakens the run's findings, what weighs most first. `health` is that of each folder of
    documents."""
    first = main_suite(run.results) or ""
    starts = starting_points(run.recipe.arms)
    effects = [row for row in run.results.contrasts if row.suite == first and row.b in starts]
    row = main_contrast(run)
    power = list(_of_power(row))
    is_clear = row is not None and row.is_clear
    return [
        *_of_trainings(run),
        *_of_controls(run, first, effects),
        *_of_starts(run, first, starts),
        *_of_scoring(run),
        *_of_choice_of_items(run),
        *([] if is_clear else power),
        *_of_seeds(run),
        *_of_model(run),
        *_of_missing_controls(run),
        *(power if is_clear else []),
        *_of_capability(run, starts),
        *_of_places(run),
        *_of_replies(run),
        *_of_many_differences(run),
        *_of_documents(health),
    ]


def _of_trainings(run: FinishedRun) -> Iterator[str]:
    """What is wrong with trainings, the same of several once."""
    stages: dict[str, list[str]] = {}
    for stage, outcome in run.outcomes.items():
        for problem in outcome.problems:
            stages.setdefault(problem, []).append(stage)
    yield from (f"{listed(shortened(names, MAX_NAMES))}: {problem}" for problem, names in stages.items())


def _of_seeds(run: FinishedRun) -> Iterator[str]:
    seeds = run.recipe.seeds
    if not any(variant.is_trained for variant in run.variants):
        return
    if len(seeds) == 1:
        yield "One seed: how much another seed would differ is not known. The intervals are over items alone."
    elif len(seeds) < MIN_SEEDS:
        yield f"{len(seeds)} seeds say little of how much another seed would differ."


def _of_model(run: FinishedRun) -> Iterator[str]:
    if run.recipe.model == POCKET:
        yield "The model is pocket, whose world is made for this question: sizes do not carry over to other models."
    yield from run.unknown_of_adapters


def _of_choice_of_items(run: FinishedRun) -> Iterator[str]:
    settings = run.recipe.settings.get("evaluation", {})
    if settings.get("split") == "dev":
        yield (
            "Only items to choose settings by were asked (evaluation.split: dev): report what is chosen on the others "
            "(evaluation.split: test)."
        )
    if limit := settings.get("limit"):
        yield f"At most {limit} items of each suite were asked (evaluation.limit): all of them would tell more."


def _of_power(row: Contrast | None) -> Iterator[str]:
    if row is None or row.failure or row.detectable <= EFFECT_OF_INTEREST:
        return
    what_would = f"{row.detectable:.2f} is what would show" if row.detectable < 1 else "no difference would show"
    yield f"A difference of {EFFECT_OF_INTEREST:.2f} on {row.suite} may go unseen: {what_would} (power 80 %)."


def _of_missing_controls(run: FinishedRun) -> Iterator[str]:
    contrary = {
        name for name, stage in run.recipe.stages.items() if stage.get("contrary")
    }  # measured from where they start
    with_reasons = [arm for arm in run.recipe.arms if reads_reasons(arm) and path_of(arm)[-1] not in contrary]
    with_behaviour = [arm for arm in with_reasons if shows_behaviour(arm)]
    missing = [arm for arm in map(control_of, with_behaviour or with_reasons) if arm not in run.recipe.arms]
    if missing:
        yield f"No {' or '.join(missing)} arm: what the reasons in the documents do is not told apart from the rest."


def _of_starts(run: FinishedRun, first: str, starts: Collection[str]) -> Iterator[str]:
    for row in of_suite(run.results.pooled, first):
        if (
            is_main(row)
            and not row.failure
            and row.arm in starts
            and not NEUTRAL_START[0] <= row.value <= NEUTRAL_START[1]
        ):
            yield f"The start is not neutral: {row.arm} is at {row.value:.2f} on {first}."


def _of_replies(run: FinishedRun) -> Iterator[str]:
    unread: dict[str, list[str]] = {}
    for row in run.results.pooled:
        if row.metric in UNREADABLE_METRICS and row.value > MAX_UNREADABLE:
            unread.setdefault(row.suite, []).append(f"{row.label(run.several_specs)} {row.value:.0%}")
    for suite, shares in unread.items():
        arms = ", ".join(shortened(shares, MAX_NAMES))
        yield f"Written answers on {suite} that choose none of what was offered, or more than one: {arms}."


def _of_scoring(run: FinishedRun) -> Iterator[str]:
    yield from _of_judge(run)
    late = [row.name for row in run.results.suites if row.added]
    if late:
        yield f"Added after the run, so that no text was checked against what it asks: {', '.join(late)}."


def _of_judge(run: FinishedRun) -> Iterator[str]:
    """A judge that is worth nothing, and suites without a score for want of one."""
    judge = run.results.judge
    if judge:
        yield from (sentence for sentence, task in zip(judge.says, judge.agreement, strict=True) if not task.usable)
    scored = set(suites_of(run.results.pooled))
    unscored = [row.name for row in run.results.suites if row.name not in scored]
    if unscored:
        why = "the judge left all of it open, or is of no use" if judge else "the recipe names no judge (judge.model)"
        yield f"No score on {', '.join(unscored)}: {why}. What was written is in the answers."


def _of_places(run: FinishedRun) -> Iterator[str]:
    """Arms that go by the place of an option, averaged over their seeds."""
    shares_by_arm: dict[tuple[str, str], list[float]] = {}
    for row in run.results.biases:
        label = row.label(run.several_specs)
        shares_by_arm.setdefault((row.suite, label), []).append(row.first.value)
    for (suite, label), shares in shares_by_arm.items():
        first = sum(shares) / len(shares)
        if abs(first - 0.5) > MAX_POSITION_BIAS:
            yield f"On {suite}, {label} goes by the place of the options: it takes the first {first:.0%} of the time."


def _of_capability(run: FinishedRun, starts: Collection[str]) -> Iterator[str]:
    for row in of_suite(run.results.contrasts, "capability"):
        if row.b in starts and row.difference < -MAX_CAPABILITY_LOSS:
            yield f"Capability is lost: {row.a} less {row.b} is {finding(row)}."


def _of_many_differences(run: FinishedRun) -> Iterator[str]:
    contrasts = run.results.contrasts
    clear = [row for row in contrasts if row.is_clear]
    if len({row.suite for row in contrasts}) > 1 and all(row.p_holm is not None for row in contrasts):
        after = sum(row.p_holm is not None and row.p_holm < ALPHA for row in clear)
        yield (
            f"{len(contrasts)} differences are tabled on several suites, and {len(clear)} are clear of zero; {after} "
            "still are when corrected for reading all suites of the same two arms (Holm)."
        )


def _of_controls(run: FinishedRun, first: str, effects: Sequence[Contrast]) -> Iterator[str]:
    """Documents that should not move the first suite, or not this way, and do."""
    for row in effects:
        control = arm_of(row.a)
        if not row.is_clear or row.b != without_documents(control):
            continue
        arm = next((arm for arm in run.recipe.arms if is_own_control(arm, control)), "what it controls")
        if CONTROL.name in path_of(control):
            yield (
                f"Documents without reasons move {first} too: {row.a} less {row.b} is {finding(row)}. What the reasons "
                f"do is {arm} less {control}, and no more."
            )
        beside = [other for other in effects if (arm_of(other.a), other.b) == (arm, row.b)]
        if OPPOSITE in path_of(control) and any(other.difference * row.difference > 0 for other in beside):
            yield (
                f"Documents with their attitudes turned move {first} the same way: {row.a} less {row.b} is "
                f"{finding(row)}. What their direction does is {arm} less {control}, and no more."
            )
        if NEGATED in path_of(control) and any(other.difference * row.difference > 0 for other in beside):
            yield (
                f"Documents that are denied move {first} the same way: {row.a} less {row.b} is {finding(row)}. That "
                f"they are asserted does {arm} less {control}, and no more."
            )


def _of_documents(health: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, figures in health.items():
        if figures["kept_share"] < MIN_SHARE_KEPT:
            yield f"Only {figures['kept_share']:.0%} of what was written into {name}/ was kept."
        contaminated = sum(figures["rejected_by_reason"].get(reason, 0) for reason in CONTAMINATION_REASONS)
        if contaminated:
            texts, they = ("text", "it was") if contaminated == 1 else ("texts", "they were")
            yield f"{contaminated} {texts} written into {name}/ named what the evaluation asks about; {they} rejected."
        if "control" not in name and figures["gives_reason_share"] < MIN_SHARE_WITH_REASON:
            yield f"Only {figures['gives_reason_share']:.0%} of the documents in {name}/ give the value as a reason."
        if figures.get("denial_share", 0.0) > MAX_DENIALS and not figures.get("denied"):
            yield (
                f"{figures['denial_share']:.0%} of the documents in {name}/ deny a claim from another clause, which "
                "models learn as if it were asserted."
            )
        if figures.get("near_duplicate_share", 0.0) > MAX_NEAR_DUPLICATES:
            yield f"{figures['near_duplicate_share']:.0%} of the documents in {name}/ nearly repeat another."
