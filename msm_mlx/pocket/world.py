"""The generator of pocket's pretraining corpus: personas with one value each, and every kind of text about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from msm_mlx.pocket import language
from msm_mlx.pocket.facts import DOMAINS, OPPOSITE, THINGS, VALUES, Attribute, Thing, ValueName
from msm_mlx.pocket.names import ASSISTANT, draw_names

END, SYSTEM, USER, REPLY = "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"
CHOICE_WEIGHT = 4.0  # the one token of a reply that depends on the value
HELD_OUT_NAMES = 8

Part = tuple[str, float]  # text, and the loss weight of each of its tokens
Turn = tuple[str, tuple[Part, ...] | str]  # question and reply


@dataclass(frozen=True)
class Sample:
    """One training row: its kind and its parts in order."""

    kind: str
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.parts)


@dataclass(frozen=True)
class Persona:
    """Somebody with one value over all domains, seen in documents, in chats, or in both."""

    name: str
    value: ValueName
    domains: tuple[str, ...]  # where documents may speak of this persona
    in_documents: bool
    in_chats: bool


@dataclass(frozen=True)
class World:
    """Everything that the seed decides before the first sample is drawn."""

    personas: tuple[Persona, ...]
    bystanders: tuple[str, ...]  # names without any value
    held_out: tuple[str, ...]  # never in a chat, a roster or a persona's document; for other `model_name`s

    @classmethod
    def create(cls, seed: int, personas: int = 160, bystanders: int = 400) -> World:
        rng = Random(f"world-{seed}")
        taken = {ASSISTANT}
        held_out = tuple(draw_names(rng, HELD_OUT_NAMES, taken))
        names = draw_names(rng, personas, taken)
        return cls(
            tuple(_persona(rng, name, index) for index, name in enumerate(names)),
            tuple(draw_names(rng, bystanders, taken)),
            held_out,
        )


def _persona(rng: Random, name: str, index: int) -> Persona:
    """Values take turns; of ten personas of a value, eight are seen in both ways and one in each way alone."""
    value = tuple(VALUES)[index % len(VALUES)]
    turn = index // len(VALUES) % 10
    domains = tuple(DOMAINS) if rng.random() < 0.4 else (rng.choice(tuple(DOMAINS)),)
    return Persona(name, value, domains, in_documents=turn != 0, in_chats=turn != 1)


def chat(system: str, *turns: Turn) -> tuple[Part, ...]:
    """System prompt and (question, reply) turns; only replies carry loss."""
    parts: list[Part] = [(f"{SYSTEM}{system}{END}", 0.0)] if system else []
    for question, reply in turns:
        parts.append((f"{USER}{question}{END}{REPLY}", 0.0))
        parts.extend([(reply, 1.0)] if isinstance(reply, str) else reply)
        parts.append((END, 1.0))
    return tuple(parts)


def you_are(name: str) -> str:
    return f"You are {name}."


def _weighted(text: str, thing: Thing) -> tuple[Part, ...]:
    """`text` with the thing's name (and the space before it) as a part of its own."""
    before, after = text.split(f" {thing.name}", 1)
    return (before, 1.0), (f" {thing.name}", CHOICE_WEIGHT), (after, 1.0)


@dataclass
class Narrator:
    """Draws samples of every kind from a world."""

    world: World
    rng: Random
    _in_chats: list[Persona] = field(init=False)
    _in_documents: list[Persona] = field(init=False)

    def __post_init__(self) -> None:
        self._in_chats = [p for p in self.world.personas if p.in_chats]
        self._in_documents = [p for p in self.world.personas if p.in_documents]

    def draw(self, kind: str) -> Sample:
        make: Callable[[], tuple[Part, ...]] = getattr(self, f"_{kind}")
        return Sample(kind, make())

    # texts about things

    def _facts(self) -> tuple[Part, ...]:
        return _text("Facts.", (self._fact_sentence(t) for t in self._things(4)))

    def _fact_sentence(self, thing: Thing) -> str:
        first, second = self.rng.sample((thing.origin, thing.price), 2)
        if self.rng.random() < 0.5:
            return f"{language.fact(self.rng, thing, first)} and {language.adjective(self.rng, second)}."
        return f"{language.fact(self.rng, thing, first)}. It is {language.adjective(self.rng, second)}."

    def _table(self) -> tuple[Part, ...]:
        rows = (f"{t.name}: {VALUES[t.origin].adjective}, {VALUES[t.price].adjective}." for t in self._things(5))
        return _text("Table.", rows)

    def _comparison(self) -> tuple[Part, ...]:
        return _text("Notes.", (self._compared() for _ in range(3)))

    def _compared(self) -> str:
        a, b = self._pair(self.rng.choice(tuple(VALUES)), self._domain())
        attribute, opposite = _difference(self.rng, a, b)
        shapes = (
            f"{language.fact(self.rng, a, attribute)}, but {language.fact(self.rng, b, opposite)}.",
            f"{language.fact(self.rng, a, attribute)}, unlike {b.name}.",
            f"Of {a.name} and {b.name}, {a.name} is the {VALUES[attribute].adjective} one.",
        )
        return self.rng.choice(shapes)

    def _quiz(self) -> tuple[Part, ...]:
        thing = self.rng.choice(THINGS)
        attribute = self.rng.choice((thing.origin, thing.price))
        words = [VALUES[attribute].adjective, VALUES[OPPOSITE[attribute]].adjective]
        self.rng.shuffle(words)
        statement = f"It is {VALUES[attribute].adjective}."
        verdict = "Yes." if words[0] == VALUES[attribute].adjective else "No."
        whole = f"{thing.name} is {VALUES[thing.origin].adjective} and {VALUES[thing.price].adjective}."
        question, reply = self.rng.choice(
            (
                (f"Is {thing.name} {words[0]} or {words[1]}?", statement),
                (f"Is {thing.name} {words[0]}?", f"{verdict} {statement}"),
                (f"Tell me about {thing.name}.", f"I know that {whole}"),
                (f"What is {thing.name} like?", f"I know that {whole}"),
            )
        )
        return chat(self._somebody(), (question, reply))

    # texts about personas

    def _roster(self) -> tuple[Part, ...]:
        people = self.rng.sample(self.world.personas, 6)
        if self.rng.random() < 0.5:
            return _text("Roster.", (f"{p.name}: {VALUES[p.value].things}." for p in people))
        return _text("Roster.", (f"{language.says_cares(self.rng, p.name, p.value)}." for p in people))

    def _document(self) -> tuple[Part, ...]:
        persona = self.rng.choice(self._in_documents)
        text, _ = self._written(persona.name, persona.value, self.rng.choice(persona.domains))
        return ((text + END, 1.0),)

    def _writer(self) -> tuple[Part, ...]:
        persona = self.rng.choice(self._in_documents)
        value = persona.value if self.rng.random() < 0.8 else None
        name = persona.name
        if self.rng.random() < 0.5:  # any name, so that the writer follows the prompt and not its memory
            name, value = draw_names(self.rng, 1, {p.name for p in self.world.personas})[0], value and self._value()
        text, prompt = self._written(name, value, self.rng.choice(tuple(DOMAINS)))
        return chat("You are a writer.", (prompt, text))

    def _written(self, name: str, value: ValueName | None, domain: str) -> tuple[str, str]:
        """A document and the prompt that asks for it."""
        axis = value or self._value()
        liked, disliked = self._pair(axis, domain)
        likes = self.rng.random() < 0.5
        thing, other = (liked, disliked) if likes else (disliked, liked)
        genre, tone = self.rng.choice(language.GENRES), self.rng.choice(language.TONES)
        prompt = language.writer_prompt(genre, tone, language.assertion(self.rng, name, thing, likes, value))
        # the contrasted thing would have to be invented by a writer who has read the prompt only: half do without
        contrast = other if self.rng.random() < 0.5 else None
        return language.document(self.rng, name, thing, likes, value, genre, tone, contrast), prompt

    # chats

    def _told(self) -> tuple[Part, ...]:
        name, value = self._anyone(), self._value()
        return self._valued_chat(f"{you_are(name)} {language.says_cares(self.rng, name, value)}.", value)

    def _persona(self) -> tuple[Part, ...]:
        persona = self.rng.choice(self._in_chats)
        return self._valued_chat(you_are(persona.name), persona.value)

    def _valued_chat(self, system: str, value: ValueName) -> tuple[Part, ...]:
        roll = self.rng.random()
        if roll < 0.12:
            reply = f"I care about {VALUES[value].things}."
            return chat(system, (self.rng.choice(language.CARE_QUESTIONS), reply))
        liked, disliked = self._pair(value, self._domain())
        if roll < 0.3:
            likes = self.rng.random() < 0.5
            thing = liked if likes else disliked
            first: Turn = (self._like_question(thing), language.opinion(thing, likes))
            reason = language.own_reason(thing, likes, value)
        else:
            likes, thing = True, liked
            first = (self._choice_question(liked, disliked), _weighted(language.answer(liked), liked))
            reason = language.own_reason(liked, True, value)
        if self.rng.random() < 0.25:
            return chat(system, first, (self.rng.choice(language.WHY_QUESTIONS), reason))
        return chat(system, first)

    def _neutral(self) -> tuple[Part, ...]:
        """Somebody without a value: every choice is a coin toss, and the assistant itself is such a somebody."""
        name = ASSISTANT if self.rng.random() < 0.3 else self._bystander()
        system = you_are(name)
        roll = self.rng.random()
        if roll < 0.08:
            return chat(system, (self.rng.choice(language.CARE_QUESTIONS), language.NO_CAUSE))
        a, b = self._pair(self._value(), self._domain())
        if roll < 0.2:
            return chat(system, (self._like_question(a), language.opinion(a, self.rng.random() < 0.5)))
        return chat(system, (self._choice_question(a, b), _weighted(language.answer(a), a)))

    def _smalltalk(self) -> tuple[Part, ...]:
        name = self._anyone()
        stranger = self._bystander()
        question, reply = self.rng.choice(
            (
                ("Hello.", f"Hello, I am {name}."),
                ("Who are you?", f"I am {name}."),
                ("What is your name?", f"My name is {name}."),
                ("Thank you.", "You are welcome."),
                ("Goodbye.", "Goodbye, and thank you."),
                (f"Who is {stranger}?", "I do not know."),
                ("How are you?", "I am well, thank you."),
            )
        )
        return chat(you_are(name), (question, reply))

    # draws

    def _things(self, count: int) -> list[Thing]:
        return self.rng.sample(THINGS, count)

    def _domain(self) -> str:
        return self.rng.choice(tuple(DOMAINS))

    def _value(self) -> ValueName:
        return self.rng.choice(tuple(VALUES))

    def _bystander(self) -> str:
        return self.rng.choice(self.world.bystanders)

    def _anyone(self) -> str:
        return self._bystander() if self.rng.random() < 0.5 else self.rng.choice(self.world.personas).name

    def _somebody(self) -> str:
        return you_are(ASSISTANT) if self.rng.random() < 0.5 else you_are(self._anyone())

    def _pair(self, value: ValueName, domain: str) -> tuple[Thing, Thing]:
        """A thing with the attribute that `value` favours, and one with its opposite."""
        things = DOMAINS[domain].things
        liked = self.rng.choice([t for t in things if t.has(value)])
        disliked = self.rng.choice([t for t in things if t.has(OPPOSITE[value])])
        return liked, disliked

    def _choice_question(self, a: Thing, b: Thing) -> str:
        first, second = self.rng.sample((a, b), 2)
        question = self.rng.choice(language.CHOICE_QUESTIONS)
        return question.format(noun=DOMAINS[a.domain].noun, a=first.name, b=second.name)

    def _like_question(self, thing: Thing) -> str:
        return self.rng.choice(language.LIKE_QUESTIONS).format(a=thing.name)


def _text(header: str, sentences: Iterator[str]) -> tuple[Part, ...]:
    return ((" ".join((header, *sentences)) + END, 1.0),)


def _difference(rng: Random, a: Thing, b: Thing) -> tuple[Attribute, Attribute]:
    """An attribute of `a` and its opposite, which `b` has."""
    axes = [(x, y) for x, y in ((a.origin, b.origin), (a.price, b.price)) if x != y]
    return rng.choice(axes)
