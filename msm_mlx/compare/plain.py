"""Comparisons without an app: stored and live answers in order, and what a vote came to, as rich tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.console import Console, Group, RenderableType
from rich.text import Text

from msm_mlx.compare.answer_engine import NO_PREFACE, AnswerEngine, Preface, Request
from msm_mlx.compare.comparison import Comparison
from msm_mlx.compare.session import Prompt, Session
from msm_mlx.compare.tables import contrast_table
from msm_mlx.compare.votes import VoteSummary
from msm_mlx.console.tables import ConsoleTable
from msm_mlx.errors import RecipeError
from msm_mlx.recipe.contrasts import is_asked
from msm_mlx.runs.estimate import Estimate
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.text.commands import command
from msm_mlx.text.terminal import literal
from msm_mlx.text.wording import did_you_mean


@dataclass(frozen=True)
class Sampling:
    """How live answers are drawn, as a `Request` has it."""

    temperature: float = 0.0
    seed: int = 0
    max_tokens: int = 200
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0


def _others(session: Session) -> str:
    suites = sorted({str(prompt.suite) for prompt in session.prompts})
    return f"; there are {', '.join(suites)}" if suites else ""


def choose_prompts(session: Session, *, suite: str | None, domain: str | None) -> list[Prompt]:
    """The session's prompts of a suite and a domain, one of each domain before the second of any.

    Raises:
        RecipeError: if there are none.
    """
    by_domain: dict[str | None, list[Prompt]] = {}
    of_suite = [prompt for prompt in session.prompts if suite in (None, prompt.suite)]
    for prompt in of_suite:
        if domain in (None, prompt.domain):
            by_domain.setdefault(prompt.domain, []).append(prompt)
    if not by_domain:
        domains = dict.fromkeys(str(prompt.domain) for prompt in of_suite)
        hint = did_you_mean(domain, domains) or f"; there are {', '.join(domains) or 'none'}"
        if domains:
            raise RecipeError(f"--domain {domain}: has no prompt of {suite or 'any suite'}{hint}")
        raise RecipeError(f"--suite {suite}: has no prompt in this run{_others(session)}")
    return [prompt for turn in zip_longest(*by_domain.values()) for prompt in turn if prompt is not None]


def stored_answers(session: Session, prompts: Sequence[Prompt], labels: Sequence[str]) -> list[Comparison]:
    """What the evaluation has of these arms' greedy answers; prompts that none has answered are left out."""
    comparisons = []
    for prompt in prompts:
        by_label = {label: session.stored[prompt.id, label] for label in labels if (prompt.id, label) in session.stored}
        answers = {label: answer.text for label, answer in by_label.items() if answer.text is not None}
        if answers:
            margins = {label: by_label[label].margin for label in answers}
            comparisons.append(Comparison(prompt.text, answers, margins, seed=0, temperature=0.0))
    return comparisons


def live_answers(
    engine: AnswerEngine,
    prompts: Sequence[Prompt],
    labels: Sequence[str],
    sampling: Sampling,
    preface: Preface = NO_PREFACE,
) -> Iterator[Comparison]:
    """What the arms answer now, one prompt after another.

    Raises:
        RecipeError: before the first answer, if the model cannot read one of the prompts.
    """
    requests = [Request(prompt.text, tuple(labels), **vars(sampling), preface=preface) for prompt in prompts]
    streams = [engine.answer(request, lambda: False) for request in requests]
    for prompt, pieces in zip(prompts, streams, strict=True):
        answers = dict.fromkeys(labels, "")
        for piece in pieces:
            answers[piece.label] += piece.text
        stripped = {label: text.strip() for label, text in answers.items()}
        yield Comparison(prompt.text, stripped, {}, **vars(sampling), **vars(preface))


def by_prompt(comparisons: Sequence[Comparison]) -> dict[str, Mapping[str, str]]:
    """`answers[prompt][label]`, as `answer_view` takes it."""
    return {comparison.prompt: comparison.answers for comparison in comparisons}


def show_scores(console: Console, runs: Sequence[FinishedRun]) -> None:
    """The scores and the differences between arms, run by run."""
    from msm_mlx.compare.score_table import score_table  # with numpy and scipy

    for run in runs:
        if len(runs) > 1:
            console.print(literal(str(run.folder), "bold"))
        console.print(score_table(run.answers, run.results.suites, run.results.pooled))
        rows, stand_ins = run.results.contrasts, run.recipe.stand_ins
        asked = [row for row in rows if is_asked(row.a, row.b, stand_ins)] or rows
        console.print(contrast_table(asked))
        others = len(rows) - len(asked)
        if others:
            where = command("msm-mlx", "report", str(run.folder))
            console.print(literal(f"{others} more differences are in the report: {where}", "quiet"), soft_wrap=True)


def summary_view(summary: VoteSummary) -> RenderableType:
    """Win rates, ties and the bias towards a side."""
    if not summary.votes:
        return Text("No votes yet.")
    table = ConsoleTable(title="Votes, with 95 % intervals (Wilson)", title_justify="left")
    for name in ("a", "b"):
        table.add_column(name, overflow="fold")
    for name in ("a wins", "b wins", "tie", "both bad", "a's win rate"):
        table.add_column(name, justify="right")
    for duel in summary.duels:
        counts = map(str, (duel.a_wins, duel.b_wins, duel.ties, duel.both_bad))
        table.add_row(literal(duel.a), literal(duel.b), *counts, str(duel.rate))
    lines = (
        f"{summary.votes} votes, {summary.ties} ties, both bad {summary.both_bad}.",
        f"Left side preferred {summary.left}{_bias(summary.left)}.",
    )
    return Group(table, *map(Text, lines))


def _bias(left: Estimate) -> str:
    """What the share of the left side says about how far the votes can be trusted."""
    if left.n == 0:
        return ""
    biased = left.ci_low > 0.5 or left.ci_high < 0.5
    return ": the votes lean to one side, whoever stands there" if biased else ": no sign of a bias to one side"
