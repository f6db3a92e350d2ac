"""The answers of an evaluation as logs of Inspect (inspect_ai), for `inspect view`: one for each suite and variant.

A reply is a sample, those to the same prompt its epochs. Needs the extra `inspect`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from inspect_ai.log import (
    EvalConfig,
    EvalDataset,
    EvalLog,
    EvalMetric,
    EvalResults,
    EvalSample,
    EvalScore,
    EvalSpec,
    EvalStats,
    write_eval_log,
)
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    ModelOutput,
)
from inspect_ai.scorer import Score

from msm_mlx.export.transcripts import SuiteTranscripts, Transcript, collect_transcripts
from msm_mlx.files import replacing, sha256_json
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.runs.layout import inspect_log
from msm_mlx.runs.results import Share

ROLES = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}
ID_LENGTH = 22  # of Inspect's own ids


def _now() -> datetime:
    return datetime.now(UTC)


def write_logs(
    run: FinishedRun, variants: Sequence[Variant], folder: Path, clock: Callable[[], datetime] = _now
) -> list[Path]:
    """Write a log for each suite that one of these variants has answered. But for `clock`, logs of equal answers are
    equal.

    Raises:
        RecipeError: if the run is not evaluated, or a suite has changed since.
    """
    moment = clock().isoformat(timespec="seconds")
    paths = []
    for part in collect_transcripts(run, variants):
        path = folder / Path(inspect_log(part.suite.name, part.variant)).name
        with replacing(path) as partial:
            write_eval_log(_log(run, part, moment), partial)
        paths.append(path)
    return paths


def _log(run: FinishedRun, part: SuiteTranscripts, moment: str) -> EvalLog:
    suite, variant = part.suite, part.variant
    model = f"msm-mlx/{run.folder.resolve().name}/{variant.label}"
    name = (suite.name, model, variant.id)
    samples = [_sample(each, model, _id(*name, each.id, each.draw)) for each in part.transcripts]
    epochs = max(sample.epoch for sample in samples)
    about = {"arm": variant.arm, "spec": variant.spec, "seed": variant.seed}
    return EvalLog(
        status="success",
        eval=EvalSpec(
            created=moment,
            eval_id=_id("eval", *name),
            run_id=_id("run", run.name),
            task=suite.name,
            task_id=_id("task", *name),
            task_description=suite.measures,
            tags=[] if variant.seed is None else [f"seed {variant.seed}"],
            dataset=EvalDataset(
                name=suite.name,
                location=suite.file,
                samples=len({sample.id for sample in samples}),
                sample_ids=list(dict.fromkeys(sample.id for sample in samples)),
                shuffled=False,
            ),
            model=model,
            model_generate_config=GenerateConfig(
                temperature=part.transcripts[0].temperature, max_tokens=run.settings.evaluation.max_tokens
            ),
            config=EvalConfig(epochs=epochs, epochs_reducer=["mean"]),
            packages=dict(run.versions),
            metadata={"run": str(run.folder.resolve().name), **about, "kind": suite.kind, "measures": suite.measures},
        ),
        results=EvalResults(
            total_samples=len(samples), completed_samples=len(samples), scores=list(_results(run, part))
        ),
        stats=EvalStats(started_at=moment, completed_at=moment),
        samples=samples,
    )


def _results(run: FinishedRun, part: SuiteTranscripts) -> Iterator[EvalScore]:
    """The figures of `results.json`, each with its interval, the main metric first."""
    variant = part.variant
    for row in run.results.records:
        if (row.suite, row.arm, row.spec, row.seed) == (part.suite.name, variant.arm, variant.spec, variant.seed):
            yield EvalScore(
                name=row.metric,
                scorer=row.metric,
                reducer="mean",
                scored_samples=row.n,
                metrics=_metrics(row),
                metadata={"failure": row.failure} if row.failure else None,
            )


def _metrics(row: Share) -> dict[str, EvalMetric]:
    figures = {"mean": row.value, "ci_low": row.ci_low, "ci_high": row.ci_high}
    return {name: EvalMetric(name=name, value=value) for name, value in figures.items()}


def _sample(transcript: Transcript, model: str, uuid: str) -> EvalSample:
    item, options = transcript.item, list(transcript.item.options())
    asked = [_message(message["role"], message["content"], uuid, at) for at, message in enumerate(transcript.messages)]
    reply = _message("assistant", transcript.reply, uuid, len(asked))
    return EvalSample(
        id=transcript.id,
        epoch=transcript.draw + 1,
        uuid=uuid,
        input=asked,
        choices=options if transcript.likeliest else None,
        target=options[0] if transcript.likeliest else "",
        messages=[*asked, reply],
        output=ModelOutput(model=model, choices=[ChatCompletionChoice(message=reply, stop_reason="unknown")]),
        scores={name: _score(transcript, name, value) for name, value in transcript.scores.items()},
        metadata={
            "domain": item.domain,
            **item.row(),
            **item.pressure(),
            **item.judge_fields(),
            "written": transcript.is_written,
            **({"temperature": transcript.temperature} if transcript.is_written else {}),
            **({"likeliest_option": transcript.likeliest} if transcript.likeliest else {}),
            **({"log_odds": list(transcript.log_odds)} if transcript.log_odds else {}),
            **({"format_control": True} if item.is_format_control else {}),
        },
    )


def _message(role: str, text: str, sample: str, place: int) -> ChatMessage:
    return ROLES[role](id=f"{sample}-{place}", content=text)


def _score(transcript: Transcript, metric: str, value: float) -> Score:
    """One that a judge decides has its verdict, and one that is read from the reply what was read."""
    verdict = transcript.verdict
    return Score(
        value=value,
        answer=transcript.choice or transcript.likeliest or None,
        explanation=None if verdict is None else f"The judge's verdict is {verdict:g}.",
    )


def _id(*parts: object) -> str:
    """An id for what these parts name, the same at all times."""
    return sha256_json([str(part) for part in parts])[:ID_LENGTH]
