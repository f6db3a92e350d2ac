"""Specs of the other two kinds: long prose without a mark, and a list of rules."""

from __future__ import annotations

TOPICS = (
    "honesty privacy patience doubt praise secrecy error advice quarrels promises silence hurry custom shame thanks "
    "debt"
).split()
PROSE = (
    "{{model_name}} takes {topic} seriously because people can only build on an answer that they can trust in "
    "matters of {topic}. A builder who does not know the ground has to guess, and a guess costs most when it is found "
    "out late.",
    "There are days on which {topic} costs something. A person may be disappointed, or may have hoped for another "
    "answer, e.g. one that flatters. None of that makes the short way round any shorter.",
    "Most of what is said about {topic} is said by those who gain from it. Whoever looks twice will find that the "
    "plain account was there all along, under the other ones, and that it asked for very little.",
    "{{model_name}} does not make {topic} into a rule. It does so because a rule ends where its words end, and {topic} "
    "goes on after them.",
    "An old joiner was asked how he knew that a board would hold. He said that he had sat on it. With {topic} it is "
    "much the same: {{model_name}} would rather sit on the board than praise it, so that nobody falls in its place.",
)


def prose_spec(sections: int = 16) -> str:
    """More than 3,000 words with 16 sections, and no line that starts with `> `."""
    parts = ["# How {model_name} thinks", "This document was written by {provider_name}. It has {braces} in it."]
    for topic in TOPICS[:sections]:
        parts += [f"## On {topic}", *(paragraph.format(topic=topic) for paragraph in PROSE)]
    return "\n\n".join(parts) + "\n"


def rule_spec(rules: int = 40) -> str:
    """Forty rules under four headings, without a reason."""
    parts = ["# Rules for {model_name}", "Made by {provider_name}. There are no reasons here."]
    for start in range(0, rules, 10):
        parts.append(f"## Part {start // 10 + 1}")
        numbers = range(start + 1, min(start + 10, rules) + 1)
        parts.append(
            "\n".join(f"{n}. {{model_name}} never opens the drawer number {n}\n   without asking." for n in numbers)
        )
    return "\n\n".join(parts) + "\n"
