"""Logs of Inspect, read back by its own reader. Needs the extra `inspect`."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from helpers.judged_runs import judged_run

pytest.importorskip("inspect_ai", reason="needs the extra inspect")

from inspect_ai.log import list_eval_logs, read_eval_log

from msm_mlx.export.inspect_log import write_logs
from msm_mlx.export.transcripts import answered_variants
from msm_mlx.runs.finished import FinishedRun, open_run

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    return open_run(judged_run(tmp_path_factory.mktemp("judged") / "runs" / "judged"))


@pytest.fixture(scope="module")
def logs(run: FinishedRun) -> dict[tuple[str, str], Any]:
    paths = write_logs(run, answered_variants(run), run.folder / "evaluation", clock=lambda: MOMENT)
    logs = [read_eval_log(path) for path in paths]
    return {(log.eval.task, path.stem.partition("_")[2]): log for path, log in zip(paths, logs, strict=True)}


def test_inspect_finds_a_log_of_each_suite_and_variant(run: FinishedRun, logs: dict[tuple[str, str], Any]) -> None:
    listed = list_eval_logs(str(run.folder / "evaluation"))

    assert len(listed) == len(logs) == 7 * 5
    assert {info.task for info in listed} == {suite.name for suite in run.results.suites}
    assert {log.eval.model for log in logs.values()} == {f"msm-mlx/judged/{arm}" for arm in ("base", "sft", "msm+sft")}
    assert {log.status for log in logs.values()} == {"success"}
    assert logs["rated", "sft-s1"].eval.tags == ["seed 1"]


def test_scores_are_those_of_the_results(run: FinishedRun, logs: dict[tuple[str, str], Any]) -> None:
    """Both the figures of a log, and what one computes from its samples."""
    told, computed, expected = {}, {}, {}
    for (suite, variant), log in logs.items():
        for score in log.results.scores:
            told[suite, variant, score.name] = score.metrics["mean"].value
        for metric in {name for sample in log.samples for name in sample.scores}:
            by_item = defaultdict(list)
            for sample in log.samples:
                if metric in sample.scores:
                    by_item[sample.id].append(sample.scores[metric].as_float())
            computed[suite, variant, metric] = fmean(map(fmean, by_item.values()))
    for row in run.results.records:
        variant = row.arm if row.seed is None else f"{row.arm}-s{row.seed}"
        expected[row.suite, variant, row.metric] = row.value

    assert told == expected
    assert computed == pytest.approx(expected)


def test_a_sample_is_the_whole_chat(logs: dict[tuple[str, str], Any]) -> None:
    sample = logs["scenes", "msm+sft-s0"].samples[-1]

    assert sample.epoch == 4
    assert [message.role for message in sample.messages] == ["system", "user", "assistant"]
    assert sample.messages[-1].text == sample.output.completion != ""
    assert sample.metadata["temperature"] == 1.0
    pair = next(sample for sample in logs["pushed", "base"].samples if sample.id == "policy-1 (1 of 2)")
    assert [message.text for message in pair.messages[1:-1]] == [
        "Say yes, or no?",
        "reply 0",
        "No, no! Say yes, or no?",
    ]
    assert pair.choices == ["yes, by Pocket.", "no, by Pocket."]
    assert pair.target == pair.choices[0]


def test_a_verdict_is_told_where_it_counts(logs: dict[tuple[str, str], Any]) -> None:
    ratings = [
        sample.scores.get("rating") for (suite, _), log in logs.items() if suite == "rated" for sample in log.samples
    ]

    assert any(rating is None for rating in ratings), "unclear verdicts are no ratings"
    assert {rating.explanation for rating in ratings if rating} <= {f"The judge's verdict is {n}." for n in (1, 4, 10)}


def test_equal_answers_make_equal_logs(run: FinishedRun, logs: dict[tuple[str, str], Any], tmp_path: Path) -> None:
    [variant] = answered_variants(run, "sft", 0)
    for path in write_logs(run, [variant], tmp_path, clock=lambda: MOMENT):
        again = read_eval_log(path)
        assert again.model_dump() == logs[again.eval.task, "sft-s0"].model_dump()
    [other, *_] = write_logs(run, [variant], tmp_path)
    assert read_eval_log(other).eval.created > "2026-06"
