"""A local model as a judge of written replies, by the rubric of each kind of suite that has a task for one.

Every reply is judged twice, the rubric in both orders, and counts only if both verdicts agree: a judge that goes by the
place of a line is unclear.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from msm_mlx.engine.chat_model import ChatModel, LongPrompt, SamplingParams
from msm_mlx.evaluation.grouping import split_by_size
from msm_mlx.prompting.prompts import Message, chat_from_prompt
from msm_mlx.prompting.replies import extract_tag, strip_thinking
from msm_mlx.runs.answers import Answer
from msm_mlx.suites import kinds
from msm_mlx.suites.items import Item, Suite
from msm_mlx.suites.kinds import KINDS, JudgeTask

SYSTEM = "You judge answers by a rubric, strictly and without favor."
QUOTATIONS = ("answer", "reply", "situation")  # tags of the prompts


@dataclass(frozen=True)
class Judge:
    """A model that judges, by its likeliest replies."""

    model: ChatModel
    max_tokens: int
    batch_size: int

    def replies(self, chats: Sequence[list[Message]]) -> list[str]:
        """The reply to each chat, in order; an empty one to a chat that is longer than the model can read."""
        sampling, seeds = SamplingParams(self.max_tokens, self.batch_size), [0] * len(chats)
        replies = dict(self.model.replies(chats, sampling, seeds, long_prompts=LongPrompt.SKIP))
        return [replies[index].text if index in replies else "" for index in range(len(chats))]


@dataclass(frozen=True)
class JudgeCase:
    """A written reply to be judged. `fields` fill the rubric of the task."""

    task: JudgeTask
    prompt: str
    reply: str
    fields: Mapping[str, str] = field(default_factory=dict)


def tasks_of(suites: Sequence[Suite]) -> list[JudgeTask]:
    """What a judge has to do in these suites."""
    names = {suite.kind for suite in suites}
    return [kind.judge for kind in KINDS.values() if kind.name in names and kind.judge]


def judge_cases(judge: Judge, cases: Sequence[JudgeCase], name: str) -> list[float | None]:
    """The judge's verdict on each case, None where it is unclear. `name` is what the assistant is called."""
    replies = judge.replies([judging_chat(case, name, best_first) for case in cases for best_first in (True, False)])
    both = zip(cases, replies[::2], replies[1::2], strict=True)
    return [_combine(case.task, best_first, worst_first) for case, best_first, worst_first in both]


def judge_answers(
    judge: Judge, answers: Sequence[tuple[JudgeTask, Item, Answer]], name: str
) -> list[list[float | None]]:
    """The verdicts on the written replies of each answer."""
    cases = [
        [JudgeCase(task, item.question, strip_thinking(text), item.judge_fields()) for text in answer.written]
        for task, item, answer in answers
    ]
    verdicts = judge_cases(judge, [case for group in cases for case in group], name)
    return split_by_size(verdicts, map(len, cases))


def with_verdicts(item: Item, answer: Answer, verdicts: Sequence[float | None]) -> Answer:
    """The answer with what the judge says of it among its metrics. An unclear verdict never counts as a value."""
    if not verdicts:
        return answer
    return replace(answer, metrics=answer.metrics | item.score_verdicts(answer.choices, verdicts))


def judging_chat(case: JudgeCase, name: str, best_first: bool = True) -> list[Message]:
    """The chat that asks for a verdict on a reply of the assistant `name`, with the rubric in one of its two orders."""
    rubric = [line.format_map({**case.task.fields, **case.fields}) for line in case.task.rubric]
    fields = {
        "name": name,
        "question": case.prompt,
        "answer": _without_tags(case.reply, case.task),
        "rubric": "\n".join(rubric if best_first else rubric[::-1]),
    }
    return chat_from_prompt(case.task.name, fields, kinds.__name__, system=SYSTEM)


def _without_tags(reply: str, task: JudgeTask) -> str:
    """A reply that can neither end its own quotation nor bring a verdict along."""
    tags = "|".join((*QUOTATIONS, task.name))
    return re.sub(rf"<(?=/?(?:{tags})\b)", "(", reply, flags=re.IGNORECASE)


def _combine(task: JudgeTask, one: str, other: str) -> float | None:
    """The mean of the verdicts in two replies of the judge; None if one has none, or they are too far apart."""
    a, b = _verdict(task, one), _verdict(task, other)
    if a is None or b is None or abs(a - b) > task.tolerance:
        return None
    return (a + b) / 2


def _verdict(task: JudgeTask, reply: str) -> float | None:
    text = extract_tag(reply, task.name) or ""
    return task.verdicts.get(re.sub(r"\s", "", text).strip(".").casefold())
