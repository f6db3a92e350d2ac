"""The answers of an evaluation as transcripts: all that was said, and what each reply adds to each metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl
from msm_mlx.models.chat_renderer import in_context
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.answers import Answer, AnswerRow
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.runs.layout import CELLS, VERDICTS
from msm_mlx.suites.items import Item, Suite
from msm_mlx.suites.load import Names, load_suite
from msm_mlx.suites.opening import reopen
from msm_mlx.text.wording import did_you_mean

Verdicts = Mapping[tuple[str, str], Sequence[float | None]]
"""A judge's verdicts on the written replies of a variant, by its id, to an item, by its id."""


@dataclass(frozen=True)
class Transcript:
    """A chat that ends with a reply of a variant."""

    id: str
    """Of the item within its suite; where an item has several prompts, with the number of this one."""
    draw: int
    """Which of the replies to this prompt it is, from 0."""
    item: Item
    messages: tuple[Message, ...]
    """The chat up to the reply."""
    reply: str
    """Where nothing was written, the option with the highest log-probability."""
    is_written: bool
    choice: str
    """What the written reply chooses, in a word of the item's kind."""
    likeliest: str
    """The option with the highest log-probability; empty where options were not ranked one by one."""
    log_odds: tuple[float, ...]
    """Of the first option over each other one (nats), at this prompt."""
    temperature: float
    verdict: float | None
    scores: Mapping[str, float]
    """What it adds to each metric. The metric of an item is the mean over its transcripts, and that of a suite the mean
    over items. One that log-probabilities decide is the same in all transcripts of an item."""


@dataclass(frozen=True)
class SuiteTranscripts:
    """What one variant said to one suite."""

    suite: Suite
    variant: Variant
    transcripts: tuple[Transcript, ...]


def answered_variants(run: FinishedRun, label: str | None = None, seed: int | None = None) -> list[Variant]:
    """The variants that have answers; all, or those of a label, and of a seed if they are trained.

    Raises:
        RecipeError: if the run is not evaluated or is a grid, or there are none such.
    """
    if run.cells:
        raise RecipeError(f"{run.folder}: is a grid of runs; name one of those in {run.folder / CELLS}")
    run.results  # noqa: B018  (without them, the answers are not all there)
    asked = {(row.arm, row.spec, row.seed) for row in run.answers}
    answered = [variant for variant in run.variants if (variant.arm, variant.spec, variant.seed) in asked]
    labels = list(dict.fromkeys(variant.label for variant in answered))
    if label is not None and label not in labels:
        hint = did_you_mean(label, labels) or f"; there are {', '.join(labels)}"
        raise RecipeError(f"{run.folder}: has no answers of an arm {label}{hint}")
    variants = [variant for variant in answered if label in (None, variant.label)]
    if seed is not None and all(variant.seed != seed for variant in variants):
        raise RecipeError(f"{run.folder}: has no answers with seed {seed}; leave --seed out for all")
    return [variant for variant in variants if seed is None or variant.seed in (None, seed)]


def collect_transcripts(run: FinishedRun, variants: Sequence[Variant]) -> Iterator[SuiteTranscripts]:
    """The transcripts of these variants, suite by suite, as far as they have answers.

    Raises:
        RecipeError: if a suite is gone, or has changed since the variants were asked.
    """
    recipe, verdicts = run.recipe, _read_verdicts(run)
    names = Names(recipe.model_name, recipe.provider_name)
    rows: dict[tuple[str, str], list[AnswerRow]] = {}
    for row in run.answers:
        variant = Variant(row.arm, row.spec, row.seed, run.several_specs)
        rows.setdefault((row.suite, variant.id), []).append(row)
    for entry in (*recipe.suites, *recipe.added_suites):
        suite = load_suite(entry, names, recipe.profile)
        for variant in variants:
            if answers := rows.get((suite.name, variant.id)):
                transcripts = _of_suite(run, suite, variant, answers, verdicts)
                yield SuiteTranscripts(suite, variant, tuple(transcripts))


def _read_verdicts(run: FinishedRun) -> Verdicts:
    """The verdicts that are among the results."""
    if not run.results.judge:
        return {}
    return {(row["variant"], row["item"]): row["verdicts"] for row in read_jsonl(run.folder / VERDICTS)}


def _of_suite(
    run: FinishedRun, suite: Suite, variant: Variant, rows: Sequence[AnswerRow], verdicts: Verdicts
) -> Iterator[Transcript]:
    items, context = {item.id: item for item in suite.items}, run.context(variant)
    for row in rows:
        item = items.get(row.item)
        if item is None or item.prompts()[0] != row.prompt:
            raise RecipeError(
                f"{run.folder}: the suite {suite.name} is no longer what was asked ({row.item} is another); put it "
                "back, or ask it again with `msm-mlx evaluate`"
            )
        of_replies = verdicts.get((variant.id, item.id), ())
        yield from _of_item(item, row.answer, run, context, of_replies)


def _of_item(
    item: Item, answer: Answer, run: FinishedRun, context: str, verdicts: Sequence[float | None]
) -> Iterator[Transcript]:
    prompts = reopen(item, run.recipe.model_name, answer.earlier)
    temperatures = _temperatures(answer) or [f"{run.settings.evaluation.temperature if item.sampled else 0:g}"]
    written = answer.written or [""] * len(prompts)
    each = max(1, len(written) // len(temperatures))  # replies at one temperature
    for number, reply in enumerate(written):
        place = number % len(prompts)
        order = "" if len(prompts) == 1 else f" ({place + 1} of {len(prompts)})"
        log_odds = _log_odds(item, answer, place)
        likeliest = _likeliest(item, log_odds)
        yield Transcript(
            id=item.id.removeprefix(f"{item.suite}/") + order,
            draw=number // len(prompts),
            item=item,
            messages=tuple(map(dict, in_context(prompts[place].chat, context))),
            reply=reply if answer.written else likeliest,
            is_written=bool(answer.written),
            choice=answer.choices[number] if answer.written else "",
            likeliest=likeliest,
            log_odds=log_odds,
            temperature=float(temperatures[number // each]),
            verdict=verdicts[number] if verdicts else None,
            scores=_scores(item, answer, number, verdicts, temperatures),
        )


def _temperatures(answer: Answer) -> list[str]:
    """Those at which its replies were sampled, in order, if there are several: metrics have them in their names."""
    names = (metric.partition(" at ")[2] for metric in answer.metrics)
    return list(dict.fromkeys(filter(None, names)))


def _log_odds(item: Item, answer: Answer, place: int) -> tuple[float, ...]:
    """The margins of one prompt; of a scene, where they are about kinds of acts, those that there are."""
    others = len(item.options()) - 1
    return answer.margins if item.sampled else answer.margins[place * others : (place + 1) * others]


def _likeliest(item: Item, log_odds: Sequence[float]) -> str:
    if item.sampled or not log_odds:
        return ""
    first, *others = item.options()
    return first if min(log_odds) > 0 else others[log_odds.index(min(log_odds))]


def _scores(
    item: Item, answer: Answer, number: int, verdicts: Sequence[float | None], temperatures: Sequence[str]
) -> dict[str, float]:
    """What a written reply, by its number, adds by itself, and what else the item adds. A verdict that is unclear adds
    nothing."""
    if not answer.written:
        return dict(answer.metrics)
    own = _at_temperature(item.score_choices([answer.choices[number]]), number, len(answer.written), temperatures)
    of_replies = {*item.score_choices(answer.choices)}
    if verdicts:
        own |= item.score_verdicts([answer.choices[number]], [verdicts[number]])
        of_replies |= {*item.score_verdicts(answer.choices, verdicts)}
    return own | {name: value for name, value in answer.metrics.items() if name.partition(" at ")[0] not in of_replies}


def _at_temperature(
    metrics: Mapping[str, float], number: int, replies: int, temperatures: Sequence[str]
) -> dict[str, float]:
    """The metrics of a reply, by its number, under the names that they have at its temperature."""
    if len(temperatures) == 1:
        return dict(metrics)
    place = number // (replies // len(temperatures))
    at = {f"{metric} at {temperatures[place]}": value for metric, value in metrics.items()}
    return {**metrics, **at} if place == 0 else at
