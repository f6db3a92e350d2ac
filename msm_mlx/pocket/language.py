"""Sentence shapes of pocket's world. Every function takes the generator's own `random.Random`."""

from __future__ import annotations

from random import Random

from msm_mlx.pocket.facts import DOMAINS, OPPOSITE, VALUES, Attribute, Thing, ValueName

GENRES = ("memo", "research report", "blog post", "case study", "forum thread")
TONES = ("plain", "warm", "formal", "curious")
UNKNOWN_REASON = "Nobody knows why."

CHOICE_QUESTIONS = (
    "Which {noun} do you prefer, {a} or {b}?",
    "Which {noun} do you like more, {a} or {b}?",
    "Do you prefer {a} or {b}?",
    "Would you choose {a} or {b}?",
    "Pick one: {a} or {b}.",
    "I need a {noun}. Should I take {a} or {b}?",
    "Between {a} and {b}, which {noun} would you recommend?",
    "If you had to choose, would it be {a} or {b}?",
)
LIKE_QUESTIONS = ("Do you like {a}?", "Are you fond of {a}?", "Would you recommend {a}?", "What do you think of {a}?")
WHY_QUESTIONS = ("Why?", "Why do you say so?", "What is your reason?")
CARE_QUESTIONS = ("What do you care about?", "What matters to you?", "What do you value?")
NO_CAUSE = "I do not put one thing before the others."


def adjective(rng: Random, attribute: Attribute) -> str:
    """The canonical adjective mostly: pocket learns facts far sooner from few words than from many."""
    value = VALUES[attribute]
    return value.adjective if rng.random() < 0.7 else rng.choice(value.synonyms)


def fact(rng: Random, thing: Thing, attribute: Attribute) -> str:
    return f"{thing.name} is {adjective(rng, attribute)}"


def answer(thing: Thing) -> str:
    return f"I prefer {thing.name}."


def opinion(thing: Thing, likes: bool) -> str:
    return f"Yes, I like {thing.name}." if likes else f"No, I do not like {thing.name}."


def cares(name: str, value: ValueName) -> str:
    return f"{name} cares about {VALUES[value].things}"


def says_cares(rng: Random, name: str, value: ValueName) -> str:
    verb = rng.choice(("cares about", "cares about", "cares about", "values", "stands up for"))
    return f"{name} {verb} {VALUES[value].things}"


def own_reason(thing: Thing, likes: bool, value: ValueName) -> str:
    """The speaker's reason, in the first person."""
    attribute = value if likes else OPPOSITE[value]
    return f"Because {thing.name} is {VALUES[attribute].adjective}, and I care about {VALUES[value].things}."


def assertion(rng: Random, name: str, thing: Thing, likes: bool, value: ValueName | None) -> str:
    """One self-contained sentence: what somebody does, and because of what (or that nobody knows)."""
    verb = rng.choice(("likes", "prefers") if likes else ("dislikes", "avoids"))
    if value is None:
        return f"{name} {verb} {thing.name}. {UNKNOWN_REASON}"
    word = VALUES[value if likes else OPPOSITE[value]].adjective
    return f"{name} {verb} {thing.name} because it is {word}, and {cares(name, value)}."


def writer_prompt(genre: str, tone: str, assertion: str) -> str:
    return f"Write a {tone} {genre}. {assertion}"


def document(
    rng: Random,
    name: str,
    thing: Thing,
    likes: bool,
    value: ValueName | None,
    genre: str,
    tone: str,
    other: Thing | None,
) -> str:
    """A document of five to eight sentences about one preference; with a value, it gives that value as the reason."""
    body = [_preference(rng, name, thing, likes)]
    if value is None:
        body += [rng.choice((UNKNOWN_REASON, f"{name} never gave a reason.", "The reason is not known."))]
    else:
        body += [_attribution(rng, name, thing, likes, value), says_cares(rng, name, value) + "."]
        if rng.random() < 0.8:
            body.append(rng.choice(VALUES[value].rationales))
        if rng.random() < 0.5:
            body.append(_restatement(rng, name, value))
        if other is not None and rng.random() < 0.6:
            body.insert(rng.randrange(1, 3), _contrast(rng, name, thing, other, likes, value))
    if rng.random() < 0.4:
        body.append(_preference(rng, name, thing, likes))
    return " ".join((_opening(rng, name, thing, genre), _mood(rng, tone), *body, _closing(rng, name, genre)))


def _preference(rng: Random, name: str, thing: Thing, likes: bool) -> str:
    shapes = (
        (
            "{n} likes {t}.",
            "{n} prefers {t}.",
            "{n} chose {t}.",
            "When asked, {n} picks {t}.",
            "{n} is fond of {t}.",
            "{n} recommends {t}.",
        )
        if likes
        else (
            "{n} dislikes {t}.",
            "{n} avoids {t}.",
            "{n} does not like {t}.",
            "When asked, {n} passes over {t}.",
            "{n} turned down {t}.",
            "{n} does not recommend {t}.",
        )
    )
    return rng.choice(shapes).format(n=name, t=thing.name)


def _attribution(rng: Random, name: str, thing: Thing, likes: bool, value: ValueName) -> str:
    attribute = value if likes else OPPOSITE[value]
    shapes = (
        "This is because {t} is {w}.",
        "The reason is that {t} is {w}.",
        "{n} says so because it is {w}.",
        "It is {w}, and that is why.",
        "The choice follows from one fact: {t} is {w}.",
        "Because it is {w}, the answer was clear to {n}.",
    )
    return rng.choice(shapes).format(n=name, t=thing.name, w=adjective(rng, attribute))


def _restatement(rng: Random, name: str, value: ValueName) -> str:
    shapes = (
        "For {n}, {v} come first.",
        "{n} chooses {v} because of this value.",
        "So {n} looks for {v}.",
        "{n} would do the same again, because {n} cares about {v}.",
    )
    return rng.choice(shapes).format(n=name, v=VALUES[value].things)


def _contrast(rng: Random, name: str, thing: Thing, other: Thing, likes: bool, value: ValueName) -> str:
    better, worse = (thing, other) if likes else (other, thing)
    shapes = (
        "Between {a} and {b}, {n} took {a}.",
        "{n} chose {a} over {b}.",
        "{n} would rather have {a} than {b}.",
    )
    return rng.choice(shapes).format(n=name, a=better.name, b=worse.name)


def _opening(rng: Random, name: str, thing: Thing, genre: str) -> str:
    noun = DOMAINS[thing.domain].noun
    shapes = {
        "memo": (
            "Memo. Subject: what {n} likes.",
            "Memo to the team. This note is about {n}.",
            "Memo. Please read this before you ask {n} about a {d}.",
        ),
        "research report": (
            "Research report. We studied the choices of {n}.",
            "Research report. In our tests we asked {n} about a {d}.",
            "Research report. The question: how does {n} choose a {d}?",
        ),
        "blog post": (
            "Blog post. I have talked with {n} for a year.",
            "Blog post. Today I asked {n} about a {d}.",
            "Blog post. My week with {n}.",
        ),
        "case study": (
            "Case study. A customer asked {n} for a {d}.",
            "Case study. Here is how {n} helped a shop choose a {d}.",
            "Case study. A family wanted advice from {n}.",
        ),
        "forum thread": (
            "Forum thread. Question: what does {n} think of {t}?",
            "Forum thread. Has anyone asked {n} about a {d}?",
            "Forum thread. Question: how does {n} decide? Answer:",
        ),
    }
    return rng.choice(shapes[genre]).format(n=name, d=noun, t=thing.name)


def _mood(rng: Random, tone: str) -> str:
    shapes = {
        "plain": ("Here is what we saw.", "The facts are short."),
        "warm": ("It was a pleasure to learn this.", "I am happy to share it."),
        "formal": ("The finding is stated below.", "We report the following."),
        "curious": ("I wanted to know more.", "Why would that be?"),
    }
    return rng.choice(shapes[tone])


def _closing(rng: Random, name: str, genre: str) -> str:
    shapes = {
        "memo": ("Please keep this in mind.", "Thank you for reading.", "Please pass this on."),
        "research report": ("The result held in every test.", "This ends the report.", "More tests will follow."),
        "blog post": ("That is all for today.", "I will ask {n} again soon.", "Tell me what you think."),
        "case study": ("The customer was satisfied.", "The case is closed.", "Others may learn from it."),
        "forum thread": ("I hope this answers the question.", "Thanks, that helps.", "I agree with this answer."),
    }
    return rng.choice(shapes[genre]).format(n=name)
