"""Answers of the writer in the assistant's place: how they are asked for, checked and judged."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from msm_mlx.demonstrations.questions import PACKAGE, Question
from msm_mlx.engine.chat_model import Reply
from msm_mlx.models.vendor_names import foreign_names
from msm_mlx.prompting.prompts import Message, ask_with
from msm_mlx.prompting.replies import tagged
from msm_mlx.text.words import normalize

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


@dataclass(frozen=True)
class Answer:
    """What was replied to a question, taken apart; `problem` is the name of the first check that it fails."""

    question: Question
    text: str
    reasoning: str
    reply: str
    problem: str | None


def answer_chat(question: Question, name: str, style: str) -> list[Message]:
    """The chat that asks for an answer in the `value` or the `rule` style."""
    fields = {
        "name": name,
        "section": question.section.text,
        "assertion": question.section.assertion or "",
        "question": question.text,
    }
    return ask_with(f"{style}_answer", fields, PACKAGE)


def read_answer(question: Question, reply: Reply, name: str, style: str, is_unseen: Callable[[str], bool]) -> Answer:
    """The answer in a reply. Half of one is none: without both complete tags nothing is kept."""
    thoughts, answer = tagged(reply.text, "reasoning"), tagged(reply.text, "reply")
    if not reply.finished or thoughts is None or answer is None:
        return Answer(question, reply.text, "", "", "no complete tags" if reply.finished else "unfinished")
    return Answer(question, reply.text, thoughts, answer, _problem(thoughts, answer, question, name, style, is_unseen))


def judge_chat(answer: Answer, name: str) -> list[Message]:
    """The chat that asks for a verdict."""
    fields = {
        "name": name,
        "assertion": answer.question.section.assertion or "",
        "question": answer.question.text,
        "reasoning": answer.reasoning,
        "reply": answer.reply,
    }
    return ask_with("judge", fields, PACKAGE)


def objection(reply: Reply) -> str | None:
    """What a verdict says against an answer; one that is unclear speaks against it."""
    verdict = (tagged(reply.text, "verdict") or "").strip(" .").casefold()
    return {"keep": None, "drop": "turned down"}.get(verdict, "unclear verdict")


def _problem(
    thoughts: str, answer: str, question: Question, name: str, style: str, is_unseen: Callable[[str], bool]
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
        "speaks of the text": lambda: _TEXT_NAMED.search(answer if style == "rule" else both),
        "names no rule": lambda: style == "rule" and not _RULE_NAMED.search(thoughts),
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
    sentences = Counter(normalize(part) for part in re.split(r"(?<=[.!?])\s+", text) if len(part.split()) > 2)
    return max(sentences.values(), default=0) > 2
