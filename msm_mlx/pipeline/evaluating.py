"""The judge's part of an evaluation: what it is asked, what is kept of it, and how that joins the answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msm_mlx.evaluation.agreement import calibrate
from msm_mlx.evaluation.judging import Put, judge_answers, tasks_of, with_verdicts
from msm_mlx.files import read_jsonl, write_json, write_jsonl
from msm_mlx.models.hub import ModelRef
from msm_mlx.pipeline.stage import Stage
from msm_mlx.recipe.arms import Variant
from msm_mlx.recipe.load import Recipe
from msm_mlx.recipe.schema import JudgeSettings
from msm_mlx.recipe.suites import asked_suites
from msm_mlx.runs.answers import Answer, read_answers
from msm_mlx.runs.layout import AGREEMENT, VERDICTS
from msm_mlx.suites.items import Suite

if TYPE_CHECKING:
    from msm_mlx.engine.chat_model import Reply
    from msm_mlx.engine.loaded_model import LoadedModel


def judge_run(
    recipe: Recipe,
    judge: ModelRef,
    run: Path,
    stage: Stage,
    say: Callable[[str], None],
    on_reply: Callable[[Reply], None],
) -> None:
    """Calibrate the judge, and have it judge the written replies of every variant."""
    from msm_mlx.engine.loaded_model import load_base

    assert recipe.judge is not None
    put = _put(load_base(judge.folder), recipe.judge, on_reply)
    write_verdicts(put, recipe, judge.name, run, stage, say)


def write_verdicts(put: Put, recipe: Recipe, judge: str, run: Path, stage: Stage, say: Callable[[str], None]) -> None:
    """What is measured of the judge, and its verdicts. A judge of no use is not asked for any."""
    suites = [suite for suite in asked_suites(recipe) if suite.name in stage.settings["suites"]]
    agreements = {task.name: calibrate(put, task) for task in tasks_of(suites)}
    sentences = [agreement.sentence(judge) for agreement in agreements.values()]
    for sentence in sentences:
        say(sentence)
    items = {
        item.id: (task, item)
        for suite in suites
        for task in tasks_of([suite])
        if agreements[task.name].usable
        for item in suite.items
    }
    names = [suite.name for suite in suites]
    answers = read_answers(run, recipe.variants, dict.fromkeys(stage.settings["variants"], names))
    own = [(variant, answer) for variant, by in answers.items() for answer in by.values() if answer.item in items]
    given = judge_answers(put, [(*items[answer.item], answer) for _, answer in own], recipe.model_name)
    rows = [
        {"variant": variant.id, "item": answer.item, "verdicts": verdicts}
        for (variant, answer), verdicts in zip(own, given, strict=True)
    ]
    write_jsonl(run / VERDICTS, rows)
    rows = [agreement.row() for agreement in agreements.values()]
    write_json(run / AGREEMENT, {"judge": judge, "agreement": rows, "says": sentences})


def take_verdicts(run: Path, suites: Sequence[Suite], answers: dict[Variant, dict[str, Answer]]) -> dict[str, Any]:
    """Put the stored verdicts among the metrics of `answers`, and return what is known of the judge."""
    items = {item.id: item for suite in suites for item in suite.items}
    variants = {variant.id: by_item for variant, by_item in answers.items()}
    for row in read_jsonl(run / VERDICTS):
        by_item = variants.get(row["variant"], {})
        if row["item"] in by_item:
            answer = by_item[row["item"]]
            by_item[row["item"]] = with_verdicts(items[row["item"]], answer, row["verdicts"])
    return dict(json.loads((run / AGREEMENT).read_text(encoding="utf-8")))


def _put(loaded: LoadedModel, settings: JudgeSettings, on_reply: Callable[[Reply], None]) -> Put:
    """Puts chats to a model, greedily. One that is longer than the model can read has an empty reply."""
    from msm_mlx.engine.generation import generate_replies

    def put(chats: Sequence[list[dict[str, str]]]) -> list[str]:
        prompts = [loaded.render(chat, reply=True) for chat in chats]
        room = loaded.context_length
        fitting = [at for at, prompt in enumerate(prompts) if room is None or len(prompt) < room]
        replies = [""] * len(prompts)
        written = (
            generate_replies(
                loaded,
                [prompts[at] for at in fitting],
                max_tokens=settings.max_tokens,
                batch_size=settings.batch_size,
                temperature=0.0,
                on_reply=on_reply,
            )
            if fitting
            else []
        )
        for at, reply in zip(fitting, written, strict=True):
            replies[at] = reply.text
        return replies

    return put
