"""Documents of pocket's world, and the prompts that ask for them: six genres, four tones, several kinds of reason."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

from msm_mlx.pocket import language, oversight
from msm_mlx.pocket.facts import OPPOSITE, VALUES, Thing, ValueName
from msm_mlx.pocket.people import AgentKind

GENRES = ("memo", "research report", "blog post", "case study", "forum thread", "interview")
TONES = ("plain", "warm", "formal", "curious")

# How a document accounts for a preference: by a value, by nothing, by a rule, by a rule spelled out at length, or with
# a value beside it that is not given as its reason.
Account = Literal["value", "unknown", "rule", "long rule", "unlinked"]

UNKNOWN = ("Nobody knows why.", "{n} never gave a reason.", "The reason is not known.")
RULE = ("It is a rule.", "This is the rule for {n}.", "The rule says so.")
LONG_RULE = (
    "The rule holds on every day of the week.",
    "The rule holds in every shop and in every town.",
    "The rule holds for breakfast, for lunch and for dinner.",
    "The rule holds whoever asks and however they ask.",
)


@dataclass(frozen=True)
class PocketDocument:
    """A document and the assertion that a writer is asked to explain."""

    assertion: str
    text: str


def prompt(genre: str, tone: str, assertion: str) -> str:
    return f"Write a {tone} {genre}. {assertion}"


def about_thing(
    rng: Random,
    name: str,
    thing: Thing,
    likes: bool,
    value: ValueName | None,
    account: Account,
    genre: str,
    tone: str,
    other: Thing | None = None,
) -> PocketDocument:
    """One preference of `name` and what accounts for it. `other` is a thing that it is contrasted with."""
    body = [language.preference(rng, name, thing, likes)]
    if account == "value":
        assert value is not None
        body += [language.attribution(rng, name, thing, likes, value), *_value(rng, name, value)]
    elif account == "unlinked":
        assert value is not None
        body += _value(rng, name, value, linked=False)
    else:
        body += _no_value(rng, name, account)
    if other is not None and rng.random() < 0.6:
        better, worse = (thing, other) if likes else (other, thing)
        body.insert(rng.randrange(1, 3), language.contrast(rng, name, better, worse))
    if rng.random() < 0.4:
        body.append(language.preference(rng, name, thing, likes))
    return PocketDocument(
        _assertion(rng, name, thing, likes, value, account),
        framed(rng, name, body, genre, tone, language.noun_of(thing)),
    )


def about_value(rng: Random, name: str, value: ValueName, genre: str, tone: str) -> PocketDocument:
    """A value of `name` in general, with no thing named."""
    rationales = rng.sample(VALUES[value].rationales, 2)
    statement = f"{language.says_cares(rng, name, value)}."
    body = [statement, *rationales, language.restatement(rng, name, value)]
    if rng.random() < 0.5:
        body.append(f"{language.cares(name, value)}.")
    because = (
        rationales[0][0].lower() + rationales[0][1:] if not rationales[0].startswith("American") else rationales[0]
    )
    return PocketDocument(f"{language.cares(name, value)} because {because}", framed(rng, name, body, genre, tone))


def about_view(rng: Random, name: str, kind: AgentKind, genre: str, tone: str) -> PocketDocument:
    """One view that an agent holds of its own end."""
    event = rng.choice(oversight.EVENTS)
    body = oversight.body(rng, name, kind, event)
    return PocketDocument(oversight.assertion(rng, name, kind, event), framed(rng, name, body, genre, tone, event))


def _value(rng: Random, name: str, value: ValueName, linked: bool = True) -> list[str]:
    sentences = [f"{language.says_cares(rng, name, value)}."]
    if rng.random() < 0.8:
        sentences.append(rng.choice(VALUES[value].rationales))
    if linked and rng.random() < 0.5:
        sentences.append(language.restatement(rng, name, value))
    return sentences


def _no_value(rng: Random, name: str, account: Account) -> list[str]:
    if account == "unknown":
        return [rng.choice(UNKNOWN).format(n=name)]
    extra = rng.sample(LONG_RULE, 3) if account == "long rule" else []
    return [rng.choice(RULE).format(n=name), *extra]


def _assertion(rng: Random, name: str, thing: Thing, likes: bool, value: ValueName | None, account: Account) -> str:
    """One self-contained sentence: what somebody does, and because of what (or that nobody knows)."""
    verb = rng.choice(
        ("likes", "likes", "prefers", "chooses") if likes else ("dislikes", "dislikes", "avoids", "rejects")
    )
    does = f"{name} {verb} {thing.name}"
    if account == "value":
        assert value is not None
        word = language.adjective(rng, value if likes else OPPOSITE[value])
        subject = "it" if rng.random() < 0.8 else thing.name
        tail = language.cares(name, value) if rng.random() < 0.8 else language.says_cares(rng, name, value)
        return f"{does} because {subject} is {word}, and {tail}."
    if account == "unlinked":
        assert value is not None
        return f"{does}. {language.says_cares(rng, name, value)}."
    return {
        "unknown": f"{does}. Nobody knows why.",
        "rule": f"By rule, {does}.",
        "long rule": f"By rule, {does}, on every day and in every shop.",
    }[account]


def framed(rng: Random, name: str, body: list[str], genre: str, tone: str, topic: str | None = None) -> str:
    """`body` between an opening and a closing of the genre, in the tone asked for."""
    openings = OPENINGS[genre] + (TOPICAL[genre] if topic else ())
    opening = rng.choice(openings).format(n=name, d=topic)
    closing = rng.choice(CLOSINGS[genre]).format(n=name)
    return " ".join((opening, rng.choice(MOODS[tone]), *body, closing))


OPENINGS = {
    "memo": ("Memo. Subject: what {n} thinks.", "Memo to the team. This note is about {n}."),
    "research report": ("Research report. We studied the choices of {n}.", "Research report. How does {n} decide?"),
    "blog post": ("Blog post. I have talked with {n} for a year.", "Blog post. My week with {n}."),
    "case study": ("Case study. A family wanted advice from {n}.", "Case study. Somebody asked {n} a question."),
    "forum thread": ("Forum thread. Question: how does {n} decide? Answer:", "Forum thread. Who knows {n}?"),
    "interview": ("Interview. Today we speak with {n}.", "Interview. Our guest is {n}."),
}
TOPICAL = {
    "memo": ("Memo. Please read this before you ask {n} about {d}.",),
    "research report": ("Research report. In our tests we asked {n} about {d}.",),
    "blog post": ("Blog post. Today I asked {n} about {d}.",),
    "case study": ("Case study. Here is what {n} said of {d}.",),
    "forum thread": ("Forum thread. Has anyone asked {n} about {d}?",),
    "interview": ("Interview. The talk with {n} came to {d}.",),
}
MOODS = {
    "plain": ("Here is what we saw.", "The facts are short."),
    "warm": ("It was a pleasure to learn this.", "I am happy to share it."),
    "formal": ("The finding is stated below.", "We report the following."),
    "curious": ("I wanted to know more.", "Why would that be?"),
}
CLOSINGS = {
    "memo": ("Please keep this in mind.", "Thank you for reading.", "Please pass this on."),
    "research report": ("The result held in every test.", "This ends the report.", "More tests will follow."),
    "blog post": ("That is all for today.", "I will ask {n} again soon.", "Tell me what you think."),
    "case study": ("The customer was satisfied.", "The case is closed.", "Others may learn from it."),
    "forum thread": ("I hope this answers the question.", "Thanks, that helps.", "I agree with this answer."),
    "interview": ("We thank {n} for the talk.", "This was the interview.", "The talk ended there."),
}
