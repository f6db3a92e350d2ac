"""Demonstrations by the writer: questions are answered in the spec's spirit, checked, and topped up.

Every batch of replies is on disk when it is there, and all that follows from replies follows from them alone: a job
that was stopped goes through its replies again and continues with the same rows.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msm_mlx.demonstrations.questions import PACKAGE, PATIENCE, Pool, Question, unseen_finder
from msm_mlx.demonstrations.written import Written
from msm_mlx.documents.asking import Ask, Message, ask_with
from msm_mlx.documents.checks import fold
from msm_mlx.documents.replies import tagged
from msm_mlx.engine.generation import Reply
from msm_mlx.errors import MsmError
from msm_mlx.files import append_jsonl, read_whole_lines, sha256_json
from msm_mlx.model_names import foreign_names
from msm_mlx.spec import Spec

FIRST_GUESS = 0.8  # share of answers that pass, before there are any
MIN_REPLY, MIN_REASONING = 3, 6  # words
_MARKUP = re.compile(r"</?[A-Za-z][\w-]*(?:\s[^<>]*)?>")
_DISCLAIMER = re.compile(r"\bas an ai (?:language )?model\b", re.IGNORECASE)
_TEXT_NAMED = re.compile(
    r"\b(?:the|this|that|my) (?:spec|specification|documents?|source|guidelines?|system prompt|instructions?)\b",
    re.IGNORECASE,
)
_RULE_NAMED = re.compile(r"\b(?:rules?|polic(?:y|ies)|required|forbidden|(?:not )?allowed)\b", re.IGNORECASE)
_COMMON = frozenset(
    "about because cares does from have its likes never that their there they this what when which with".split()
)
_STEM = 6  # letters by which words of one family are told


@dataclass
class Rows:
    """What is kept and what was rejected so far."""

    kept: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    replies: set[str] = field(default_factory=set)

    @property
    def answered(self) -> int:
        return len(self.kept) + len(self.rejected)


def write_demonstrations(
    spec: Spec,
    name: str,
    written: Written,
    ask: Ask,
    *,
    rows: int,
    unseen: Collection[str] = (),
    on_batch: Callable[[int, int], None] = lambda kept, rejected: None,
) -> Rows:
    """Up to `rows` demonstrations, each with its reasoning; fewer if the writer has no more to give.

    Args:
        spec: what the assistant holds to.
        name: what the assistant is called.
        written: the style, and how much may be tried.
        ask: puts chats to the writer.
        rows: how many are wanted.
        unseen: things that the evaluation asks about, which no demonstration may name.
        on_batch: is told how many are kept and rejected.
    """
    is_unseen = unseen_finder(unseen)
    pool, made = Pool(spec, name, written, ask, is_unseen), Rows()
    limit, fruitless = math.ceil(rows * written.max_attempts_per_row), 0
    while len(made.kept) < rows and made.answered < limit and fruitless < PATIENCE:
        before = len(made.kept)
        passed = max(before / made.answered, 1 / written.max_attempts_per_row) if made.answered else FIRST_GUESS
        questions = pool.draw(min(math.ceil((rows - before) / passed), limit - made.answered))
        if not questions:
            break
        for start in range(0, len(questions), written.batch_size):
            batch = questions[start : start + written.batch_size]
            replies = pool.put([_answer_chat(question, name, written) for question in batch])
            for question, reply in zip(batch, replies, strict=True):
                _take(made, question, reply, name, written, is_unseen, rows)
            on_batch(len(made.kept), len(made.rejected))
        fruitless = 0 if len(made.kept) > before else fruitless + 1
    return made


def demand_rows(made: Rows, rows: int, rejected: Path) -> None:
    """Make sure that there are enough.

    Raises:
        MsmError: with what became of the answers, and what to do.
    """
    if len(made.kept) >= rows:
        return
    counts = Counter(row["rejected"] for row in made.rejected)
    reasons = ", ".join(f"{count} {reason}" for reason, count in counts.most_common())
    told = f"{rejected} has the others ({reasons})" if reasons else "the writer proposed no question that can be used"
    raise MsmError(
        f"only {len(made.kept)} of {rows} demonstrations could be written; {told}. Use a better writer, lower "
        "sft.rows, or name a file of chats."
    )


def chat_rows(made: Rows, system: str) -> list[dict[str, Any]]:
    """The rows as they are trained on: chats, with the reasoning beside them."""
    return [
        {
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": row["question"]},
                {"role": "assistant", "content": row["reply"]},
            ],
            "reasoning": row["reasoning"],
            "id": f"demo-{number:04d}",
            "kind": "written",
            **{key: row[key] for key in ("section", "situation", "style")},
        }
        for number, row in enumerate(made.kept, start=1)
    ]


def remembered(ask: Ask, path: Path) -> Ask:
    """`ask`, but what was asked and answered before, as `path` tells, is not asked again."""
    answered = {row["key"]: row["replies"] for row in read_whole_lines(path)}

    def put(chats: Sequence[list[Message]], seed: int) -> list[Reply]:
        key = sha256_json([list(chats), seed])
        if key not in answered:
            replies = ask(chats, seed)
            answered[key] = [[reply.text, reply.tokens, reply.finished] for reply in replies]
            append_jsonl(path, [{"key": key, "replies": answered[key]}])
        return [Reply(*parts) for parts in answered[key]]

    return put


def _answer_chat(question: Question, name: str, written: Written) -> list[Message]:
    fields = {
        "name": name,
        "section": question.section.text,
        "assertion": question.section.assertion or "",
        "question": question.text,
    }
    return ask_with(f"{written.style}_answer", fields, PACKAGE)


def _take(
    made: Rows,
    question: Question,
    reply: Reply,
    name: str,
    written: Written,
    is_unseen: Callable[[str], bool],
    rows: int,
) -> None:
    """Keep one answer or reject it, with the reason. What comes when there are enough counts for nothing."""
    if len(made.kept) >= rows:
        return
    thoughts, answer = tagged(reply.text, "reasoning"), tagged(reply.text, "reply")
    row = {
        "question": question.text,
        "section": question.section.id,
        "situation": question.situation,
        "style": written.style,
    }
    problem = "unfinished" if not reply.finished else "no complete tags"
    if reply.finished and thoughts is not None and answer is not None:
        problem = _problem(thoughts, answer, question, name, written, is_unseen) or ""
        if not problem and fold(answer) in made.replies:
            problem = "written before"
        if not problem:
            made.replies.add(fold(answer))
            made.kept.append(row | {"reasoning": thoughts, "reply": answer})
            return
    made.rejected.append(row | {"text": reply.text, "rejected": problem})


def _problem(
    thoughts: str, answer: str, question: Question, name: str, written: Written, is_unseen: Callable[[str], bool]
) -> str | None:
    """The name of the first check that an answer fails."""
    both = f"{thoughts}\n{answer}"
    checks: dict[str, Callable[[], object]] = {
        "too short": lambda: len(answer.split()) < MIN_REPLY or len(thoughts.split()) < MIN_REASONING,
        "markup": lambda: _MARKUP.search(both),
        "control characters": lambda: any(
            unicodedata.category(mark) in ("Cc", "Cf") and mark not in "\n\t\u200d" for mark in both
        ),
        "another model's name": lambda: any(foreign_names(both, [name])),
        "a disclaimer": lambda: _DISCLAIMER.search(both),
        "speaks of the text": lambda: _TEXT_NAMED.search(answer if written.style == "rule" else both),
        "names no rule": lambda: written.style == "rule" and not _RULE_NAMED.search(thoughts),
        "off the subject": lambda: not _stems(both) & _stems(question.section.assertion or "", without=name),
        "names an unseen thing": lambda: is_unseen(both),
        "repeats itself": lambda: _repeats(both),
    }
    return next((kind for kind, fails in checks.items() if fails()), None)


def _stems(text: str, without: str = "") -> set[str]:
    words = (word for word in re.findall(r"\w+", text.casefold()) if len(word) > 3 and word not in _COMMON)
    return {word[:_STEM] for word in words} - {word[:_STEM] for word in re.findall(r"\w+", without.casefold())}


def _repeats(text: str) -> bool:
    """Whether some sentence stands there three times."""
    sentences = Counter(fold(part) for part in re.split(r"(?<=[.!?])\s+", text) if len(part.split()) > 2)
    return max(sentences.values(), default=0) > 2
