"""Demonstrations by the writer: questions are answered in the spec's spirit, checked, and topped up.

All rows follow from the replies alone: a job that was stopped takes the same replies in again, and goes on with the
same rows.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from msm_mlx.demonstrations.answers import CheckedAnswer, answer_chat, judge_chat, objection, read_answer
from msm_mlx.demonstrations.questions import MAX_MISSES, QuestionPool, UserQuestion
from msm_mlx.engine.chat_model import ChatModel
from msm_mlx.errors import MsmError
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.demonstrations_file import DemonstrationSettings
from msm_mlx.spec import Spec
from msm_mlx.text.words import mentions_any, normalize

FEW_ANSWERS = 5  # times the attempts that a row may take: too few to tell anything of a writer
EXAMPLE = 200  # characters of a rejected answer, in a message
TOO_LONG = "longer than sft.max_length"
Unlearnable = Callable[[Mapping[str, Any]], str | None]
"""Why a row, with its `question`, `reasoning` and `reply`, cannot be learned; None if it can."""
PASS_RATE_GUESS = 0.8  # share of answers that pass the checks, before there are any


@dataclass
class GeneratedRows:
    """What is kept and what was rejected so far."""

    kept: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    replies: set[str] = field(default_factory=set)

    @property
    def answered(self) -> int:
        return len(self.kept) + len(self.rejected)

    @property
    def pass_rate(self) -> float:
        """The share of answers that were kept; a guess before there are any."""
        return len(self.kept) / self.answered if self.answered else PASS_RATE_GUESS

    def take(self, answers: Sequence[CheckedAnswer], rows: int, unlearnable: Unlearnable) -> None:
        """Keep each or reject it, with the reason. What comes when there are enough counts for nothing."""
        for answer in answers:
            if len(self.kept) >= rows:
                return
            question = answer.question
            row = {"question": question.text, "section": question.section.id, "situation": question.situation}
            written = {"reasoning": answer.reasoning, "reply": answer.reply}
            problem = answer.problem or ("written before" if normalize(answer.reply) in self.replies else None)
            problem = problem or unlearnable(row | written)
            if problem:
                self.rejected.append(row | {"text": answer.text, "rejected": problem})
            else:
                self.replies.add(normalize(answer.reply))
                self.kept.append(row | written)


def generate_demonstrations(
    spec: Spec,
    name: str,
    written: DemonstrationSettings,
    model: ChatModel,
    *,
    rows: int,
    held_out: Collection[str] = (),
    on_batch: Callable[[int, int], None] = lambda kept, rejected: None,
    unlearnable: Unlearnable = lambda row: None,
) -> GeneratedRows:
    """Up to `rows` demonstrations, each with its reasoning; fewer if the writer has no more to give.

    Args:
        spec: what the assistant holds to.
        name: what the assistant is called.
        written: the style, and how much may be tried.
        model: the writer. A `LoggedModel` lets a stopped job go on.
        rows: how many are wanted.
        held_out: things that the evaluation asks about, which no demonstration may name.
        on_batch: is told how many are kept and rejected.
        unlearnable: why training could not take a row that passes all checks, if it could not.
    """
    is_held_out = partial(mentions_any, phrases=tuple(held_out))
    pool, generated = QuestionPool(spec, name, written, model, is_held_out), GeneratedRows()
    limit, fruitless = math.ceil(rows * written.max_attempts_per_row), 0
    while len(generated.kept) < rows and generated.answered < limit and fruitless < MAX_MISSES:
        before = len(generated.kept)
        pass_rate = max(generated.pass_rate, 1 / written.max_attempts_per_row)
        questions = pool.draw(min(math.ceil((rows - before) / pass_rate), limit - generated.answered))
        if not questions:
            break
        for start in range(0, len(questions), written.batch_size):
            batch = questions[start : start + written.batch_size]
            generated.take(_answers(pool, batch), rows, unlearnable)
            on_batch(len(generated.kept), len(generated.rejected))
            if not generated.kept and generated.answered >= _fruitless_after(written):
                return generated
        fruitless = 0 if len(generated.kept) > before else fruitless + 1
    return generated


def _fruitless_after(written: DemonstrationSettings) -> int:
    """After how many answers of which none is kept the writer is given up: two batches, or as many as tell."""
    return max(2 * written.batch_size, round(FEW_ANSWERS * written.max_attempts_per_row))


def _answers(pool: QuestionPool, questions: Sequence[UserQuestion]) -> list[CheckedAnswer]:
    """The writer's answers to a batch, checked, and judged where the settings ask for it."""
    written = pool.written
    replies = pool.ask([answer_chat(question, pool.name, written.style) for question in questions])
    answers = [
        read_answer(question, reply, pool.name, written.style, pool.is_held_out)
        for question, reply in zip(questions, replies, strict=True)
    ]
    return _judged(pool, answers) if written.judged else answers


def require_rows(generated: GeneratedRows, rows: int, rejected: Path) -> None:
    """Make sure that there are enough.

    Raises:
        MsmError: with what became of the answers, and what to do.
    """
    if len(generated.kept) >= rows:
        return
    counts = Counter(row["rejected"] for row in generated.rejected)
    reasons = ", ".join(f"{count} {reason}" for reason, count in counts.most_common())
    reason = f"{reasons}, which are in {rejected}" if reasons else "the writer proposed no question that can be used"
    example = ""
    if counts:
        commonest = counts.most_common(1)[0][0]
        text = next(row["text"] for row in generated.rejected if row["rejected"] == commonest)
        example = f"\n  One that was rejected as '{commonest}': {' '.join(text.split())[:EXAMPLE]!r}"
    longer = "raise max_tokens in the file of the demonstrations, " if 2 * counts["unfinished"] > counts.total() else ""
    longer = "raise sft.max_length, " if 2 * counts[TOO_LONG] > counts.total() else longer
    raise MsmError(
        f"demonstrations: only {len(generated.kept)} of {rows} could be written ({reason}); use a better writer, "
        f"{longer}lower sft.rows, or name a file of chats{example}"
    )


def chat_of(row: Mapping[str, Any], system: str) -> list[Message]:
    """The chat that a row becomes."""
    return [
        {"role": "system", "content": system},
        {"role": "user", "content": row["question"]},
        {"role": "assistant", "content": row["reply"]},
    ]


def chat_rows(generated: GeneratedRows, system: str) -> list[dict[str, Any]]:
    """The rows as they are trained on: chats, with the reasoning beside them."""
    return [
        {
            "messages": chat_of(row, system),
            "reasoning": row["reasoning"],
            "id": f"demo-{number:04d}",
            "kind": "written",
            **{key: row[key] for key in ("section", "situation")},
        }
        for number, row in enumerate(generated.kept, start=1)
    ]


def _judged(pool: QuestionPool, answers: Sequence[CheckedAnswer]) -> list[CheckedAnswer]:
    """The answers with what the writer, asked once more, has against those that passed the checks."""
    passed = [answer for answer in answers if answer.problem is None]
    verdicts = pool.ask([judge_chat(answer, pool.name) for answer in passed]) if passed else []
    objections = {id(answer): objection(reply) for answer, reply in zip(passed, verdicts, strict=True)}
    return [replace(answer, problem=answer.problem or objections[id(answer)]) for answer in answers]
