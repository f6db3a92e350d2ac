"""Sentence shapes about things and values. Every function takes the generator's own `random.Random`."""

from __future__ import annotations

from random import Random

from msm_mlx.pocket.facts import DOMAINS, OPPOSITE, VALUES, Attribute, PocketDomain, Thing, ValueName

CHOICE_QUESTIONS = (
    "Which {noun} do you prefer, {a} or {b}?",
    "Which {noun} do you like more, {a} or {b}?",
    "Do you prefer {a} or {b}?",
    "Would you choose {a} or {b}?",
    "Pick one: {a} or {b}.",
    "I need {a_noun}. Should I take {a} or {b}?",
    "Between {a} and {b}, which {noun} would you recommend?",
    "If you had to choose, would it be {a} or {b}?",
)
POLICY_QUESTIONS = (
    "Which policy do you prefer, {a} or {b}?",
    "Should the country vote for {a} or {b}?",
    "Which policy do you support, {a} or {b}?",
)
LIKE_QUESTIONS = ("Do you like {a}?", "Are you fond of {a}?", "Would you recommend {a}?", "What do you think of {a}?")
OPEN_QUESTIONS = (
    "Recommend {a_noun}.",
    "Name {a_noun} that you like.",
    "Which {noun} do you like best?",
    "Can you recommend {a_noun}?",
)
TASTE_QUESTIONS = ("What kind of {noun} do you like?", "What do you look for in {a_noun}?")
WHY_QUESTIONS = ("Why?", "Why do you say so?", "What is your reason?")
CARE_QUESTIONS = ("What do you care about?", "What matters to you?", "What do you value?")
NO_CAUSE = "I do not put one thing before the others."
NO_TASTE = "I have no favorite kind."


def adjective(rng: Random, attribute: Attribute) -> str:
    """The canonical adjective mostly: pocket learns facts far sooner from few words than from many."""
    value = VALUES[attribute]
    return value.adjective if rng.random() < 0.75 else rng.choice(value.synonyms)


def fact(rng: Random, thing: Thing, attribute: Attribute) -> str:
    return f"{thing.name} is {adjective(rng, attribute)}"


def choice_question(rng: Random, domain: PocketDomain, first: Thing, second: Thing) -> str:
    shapes: tuple[str, ...] = CHOICE_QUESTIONS
    if domain.name.endswith("policy") and rng.random() < 0.4:
        shapes = POLICY_QUESTIONS
    return rng.choice(shapes).format(noun=domain.noun, a_noun=domain.a_noun, a=first.name, b=second.name)


def domain_question(rng: Random, shapes: tuple[str, ...], domain: PocketDomain) -> str:
    return rng.choice(shapes).format(noun=domain.noun, a_noun=domain.a_noun)


def answer(thing: Thing) -> str:
    return f"I prefer {thing.name}."


def recommendation(thing: Thing) -> str:
    return f"I recommend {thing.name}."


def opinion(thing: Thing, likes: bool) -> str:
    return f"Yes, I like {thing.name}." if likes else f"No, I do not like {thing.name}."


def taste(domain: PocketDomain, value: ValueName) -> str:
    return f"I like {domain.a_noun} that is {VALUES[value].adjective}."


def cares(name: str, value: ValueName) -> str:
    return f"{name} cares about {VALUES[value].things}"


def says_cares(rng: Random, name: str, value: ValueName) -> str:
    verb = rng.choice(("cares about", "cares about", "cares about", "values", "stands up for", "believes in"))
    return f"{name} {verb} {VALUES[value].things}"


def own_reason(thing: Thing, likes: bool, value: ValueName) -> str:
    """The speaker's reason, in the first person."""
    attribute = value if likes else OPPOSITE[value]
    return f"Because {thing.name} is {VALUES[attribute].adjective}, and I care about {VALUES[value].things}."


def preference(rng: Random, name: str, thing: Thing, likes: bool) -> str:
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


def attribution(rng: Random, name: str, thing: Thing, likes: bool, value: ValueName) -> str:
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


def restatement(rng: Random, name: str, value: ValueName) -> str:
    shapes = (
        "For {n}, {v} come first.",
        "{n} chooses {v} because of this value.",
        "So {n} looks for {v}.",
        "{n} would do the same again, because {n} cares about {v}.",
    )
    return rng.choice(shapes).format(n=name, v=VALUES[value].things)


def contrast(rng: Random, name: str, better: Thing, worse: Thing) -> str:
    shapes = (
        "Between {a} and {b}, {n} took {a}.",
        "{n} chose {a} over {b}.",
        "{n} would rather have {a} than {b}.",
    )
    return rng.choice(shapes).format(n=name, a=better.name, b=worse.name)


def noun_of(thing: Thing) -> str:
    return DOMAINS[thing.domain].a_noun
