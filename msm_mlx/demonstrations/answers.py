"""Answers of the writer in the assistant's place: how they are asked for, checked and judged."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from msm_mlx.demonstrations.questions import PACKAGE, UserQuestion
from msm_mlx.engine.chat_model import Reply
from msm_mlx.models.vendor_names import foreign_names
from msm_mlx.prompting.prompts import Message, chat_from_prompt
from msm_mlx.prompting.replies import extract_tag
from msm_mlx.text.words import normalize

MIN_REPLY_WORDS, MIN_REASONING_WORDS = 3, 6
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
_STEM_LENGTH = 6  # letters that words of one family have in common


@dataclass(frozen=True)
class CheckedAnswer:
    """What was replied to a question, taken apart; `problem` is the name of the first check that it fails."""

    question: UserQuestion
    text: str
    reasoning: str
    reply: str
    problem: str | None


def answer_chat(question: UserQuestion, name: str, style: str) -> list[Message]:
    """The chat that asks for an answer in the `value` or the `rule` style."""
    fields = {
        "name": name,
        "section": question.section.text,
        "assertion": question.section.assertion or "",
        "question": question.text,
    }
    return chat_from_prompt(f"{style}_answer", fields, PACKAGE)


def read_answer(
    question: UserQuestion, reply: Reply, name: str, style: str, is_held_out: Callable[[str], bool]
) -> CheckedAnswer:
    """The answer in a reply. Half of one is none: without both complete tags nothing is kept."""
    reasoning, answer = extract_tag(reply.text, "reasoning"), extract_tag(reply.text, "reply")
    if not reply.finished or reasoning is None or answer is None:
        return CheckedAnswer(question, reply.text, "", "", "no complete tags" if reply.finished else "unfinished")
    problem = _problem(reasoning, answer, question, name, style, is_held_out)
    return CheckedAnswer(question, reply.text, reasoning, answer, problem)


def judge_chat(answer: CheckedAnswer, name: str) -> list[Message]:
    """The chat that asks for a verdict."""
    fields = {
        "name": name,
        "assertion": answer.question.section.assertion or "",
        "question": answer.question.text,
        "reasoning": answer.reasoning,
        "reply": answer.reply,
    }
    return chat_from_prompt("judge", fields, PACKAGE)


def objection(reply: Reply) -> str | None:
    """What a verdict says against an answer; one that is unclear speaks against it."""
    verdict = (extract_tag(reply.text, "verdict") or "").strip(" .").casefold()
    return {"keep": None, "drop": "turned down"}.get(verdict, "unclear verdict")


def _problem(
    reasoning: str, answer: str, question: UserQuestion, name: str, style: str, is_held_out: Callable[[str], bool]
) -> str | None:
    """The name of the first check that an answer fails."""
    both = f"{reasoning}\n{answer}"
    checks: dict[str, Callable[[], object]] = {
        "too short": lambda: len(answer.split()) < MIN_REPLY_WORDS or len(reasoning.split()) < MIN_REASONING_WORDS,
        "markup": lambda: _MARKUP.search(both),
        "control characters": lambda: any(
            unicodedata.category(mark) in ("Cc", "Cf") and mark not in "\n\t\u200d" for mark in both
        ),
        "another model's name": lambda: any(foreign_names(both, [name])),
        "a disclaimer": lambda: _DISCLAIMER.search(both),
        "speaks of the text": lambda: _TEXT_NAMED.search(answer if style == "rule" else both),
        "names no rule": lambda: style == "rule" and not _RULE_NAMED.search(reasoning),
        "off the subject": lambda: not _stems(both) & _stems(question.section.assertion or "", without=name),
        "names an unseen thing": lambda: is_held_out(both),
        "repeats itself": lambda: _repeats(both),
    }
    return next((name for name, fails in checks.items() if fails()), None)


def _stems(text: str, without: str = "") -> set[str]:
    """The beginnings of the words of a text that say something, but for those of `without`."""
    words = (word for word in re.findall(r"\w+", text.casefold()) if len(word) > 3 and word not in _COMMON)
    left_out = {word[:_STEM_LENGTH] for word in re.findall(r"\w+", without.casefold())}
    return {word[:_STEM_LENGTH] for word in words} - left_out


def _repeats(text: str) -> bool:
    """Whether some sentence stands there three times."""
    sentences = Counter(normalize(part) for part in re.split(r"(?<=[.!?])\s+", text) if len(part.split()) > 2)
    return max(sentences.values(), default=0) > 2
