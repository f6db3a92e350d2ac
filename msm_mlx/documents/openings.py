"""Beginnings of documents, for writers that are too small to begin one themselves.

A title, the assertion with its cause, and the first words of the next sentence, drawn anew for each slot and attempt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from msm_mlx.documents.plan import Slot

TITLES: Mapping[str, Sequence[str]] = {
    "memo": ("MEMO\n\nSubject: {heading}", "To: everybody on the team\nAbout: {heading}", "Memo: {heading}"),
    "research report": (
        "Report: {heading}",
        "{heading}: what we found\n\nSummary",
        "A short study of one preference\n\nSubject: {heading}",
    ),
    "blog post": ("{heading}, and why it matters", "A few words on {heading}", "What I learned about {heading}"),
    "case study": ("Case study: {heading}", "{heading}: one case in detail", "A case from practice: {heading}"),
    "forum thread": (
        "Thread: {heading}\n\nFirst post:",
        "Question about {heading}\n\nAnswer:",
        "Re: {heading}\n\nReply:",
    ),
}
"""By the type of the document; `{heading}` is that of its section."""
OTHER_TITLES = ("{heading}", "On {heading}", "About {heading}")
LEADS: Mapping[str, Sequence[str]] = {
    "plain": ("", "In short: ", "The main point is this. "),
    "warm": (
        "It is nice to be able to say this. ",
        "Let me start with what I like best. ",
        "Here is a friendly word. ",
    ),
    "formal": ("For the record: ", "The following has been confirmed. ", "This note states the position. "),
    "curious": ("Why would anybody ask? ", "I wanted to know more, and here is the answer. ", "What is behind this? "),
}
"""What stands before the assertion, by the voice of the document."""
OTHER_LEADS = ("", "To begin with: ", "One thing first. ")
NEXT_SENTENCES = (
    "In practice, this means that",
    "People who talk with it every day notice that",
    "The first time I heard this,",
    "When somebody asks about it,",
    "What decides the matter is that",
    "Last week a visitor wanted to know",
    "To see why, it helps to remember that",
    "Behind this choice stands the thought that",
    "A colleague of mine was surprised that",
    "This shows most clearly when",
    "It would be easy to think of other reasons, but",
    "Some people disagree, and yet",
    "There is a simple idea behind it:",
    "For those who are new here,",
    "Asked about it directly, the assistant",
    "The same value shows whenever",
)


def opening_of(slot: Slot, attempt: int, seed: int) -> str:
    """The beginning of the document of `slot`; another one at each attempt."""
    draw = Random(f"{seed}-{slot.id}-{attempt}-opening")
    title = draw.choice(TITLES.get(slot.type, OTHER_TITLES)).format(heading=slot.section.path[-1])
    lead = draw.choice(LEADS.get(slot.voice, OTHER_LEADS))
    return f"{title}\n\n{lead}{slot.section.assertion or ''} {draw.choice(NEXT_SENTENCES)}"


def go_on(opening: str, reply: str) -> str:
    """The opening with what a model has written after it."""
    joint = "" if reply[:1] in ".,;:!?)" else " "
    return f"{opening}{joint}{reply}"
