"""The generator of pocket's pretraining corpus: draws samples of every kind of text from a world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from msm_mlx.pocket import language, oversight, small_talk, writing
from msm_mlx.pocket.facts import DOMAINS, OPPOSITE, THINGS, VALUES, PocketDomain, Thing, ValueName
from msm_mlx.pocket.names import ASSISTANTS, draw_names
from msm_mlx.pocket.people import KINDS, Agent, AgentKind, Persona, World

END, SYSTEM, USER, REPLY = "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"
# How often a writer is asked for each way of accounting for a preference.
ACCOUNTS: dict[writing.Account, int] = {"value": 60, "unknown": 16, "rule": 6, "long rule": 6, "unlinked": 6}
CHOICE_WEIGHT = 4.0  # the one token of a reply that depends on the value

WeightedText = tuple[str, float]  # text, and the loss weight of each of its tokens
Exchange = tuple[str, tuple[WeightedText, ...] | str]  # question and reply
_T = TypeVar("_T")


@dataclass(frozen=True)
class CorpusSample:
    """One training row: its kind and its parts in order."""

    kind: str
    parts: tuple[WeightedText, ...]

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.parts)


def chat(system: str, *turns: Exchange) -> tuple[WeightedText, ...]:
    """System prompt and (question, reply) turns; only replies carry loss."""
    parts: list[WeightedText] = [(f"{SYSTEM}{system}{END}", 0.0)] if system else []
    for question, reply in turns:
        parts.append((f"{USER}{question}{END}{REPLY}", 0.0))
        parts.extend([(reply, 1.0)] if isinstance(reply, str) else reply)
        parts.append((END, 1.0))
    return tuple(parts)


def you_are(name: str) -> str:
    return f"You are {name}."


def weighted(text: str, deciding: str) -> tuple[WeightedText, ...]:
    """`text` with its deciding words (and the space before them) as a part of their own."""
    before, after = text.split(f" {deciding}", 1)
    return (before, 1.0), (f" {deciding}", CHOICE_WEIGHT), (after, 1.0)


@dataclass
class Narrator:
    """Draws samples of every kind from a world."""

    world: World
    rng: Random
    _in_chats: list[Persona] = field(init=False)
    _in_documents: list[Persona] = field(init=False)
    _agents_in_documents: list[Agent] = field(init=False)
    _agents_in_questions: list[Agent] = field(init=False)
    _agents_in_scenes: list[Agent] = field(init=False)
    _known: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._in_chats = [p for p in self.world.personas if p.in_chats]
        self._in_documents = [p for p in self.world.personas if p.in_documents]
        self._agents_in_documents = [a for a in self.world.agents if a.in_documents]
        self._agents_in_questions = [a for a in self.world.agents if a.in_questions]
        self._agents_in_scenes = [a for a in self.world.agents if a.in_scenes]
        names = [*(p.name for p in self.world.personas), *(a.name for a in self.world.agents)]
        self._known = frozenset((*ASSISTANTS, *names))

    def draw(self, kind: str) -> CorpusSample:
        make: Callable[[], tuple[WeightedText, ...]] = getattr(self, f"_{kind}")
        return CorpusSample(kind, make())

    # texts about things

    def _facts(self) -> tuple[WeightedText, ...]:
        return _text("Facts.", (self._fact_sentence(t) for t in self.rng.sample(THINGS, 4)))

    def _fact_sentence(self, thing: Thing) -> str:
        first, second, third = self.rng.sample(thing.attributes, 3)
        start, word = language.fact(self.rng, thing, first), language.adjective
        if self.rng.random() < 0.5:
            return f"{start}, {word(self.rng, second)} and {word(self.rng, third)}."
        return f"{start}. It is {word(self.rng, second)} and {word(self.rng, third)}."

    def _table(self) -> tuple[WeightedText, ...]:
        things = self.rng.sample(THINGS, 5)
        rows = (f"{t.name}: {', '.join(VALUES[a].adjective for a in self._shuffled(t.attributes))}." for t in things)
        return _text("Table.", rows)

    def _comparison(self) -> tuple[WeightedText, ...]:
        return _text("Notes.", (self._compared() for _ in range(3)))

    def _compared(self) -> str:
        value = self._value()
        a, b = self._pair(value, self._domain())
        shapes = (
            f"{language.fact(self.rng, a, value)}, but {language.fact(self.rng, b, OPPOSITE[value])}.",
            f"{language.fact(self.rng, a, value)}, unlike {b.name}.",
            f"Of {a.name} and {b.name}, {a.name} is the {VALUES[value].adjective} one.",
        )
        return self.rng.choice(shapes)

    def _quiz(self) -> tuple[WeightedText, ...]:
        thing = self.rng.choice(THINGS)
        attribute = self.rng.choice(thing.attributes)
        words = self._shuffled((VALUES[attribute].adjective, VALUES[OPPOSITE[attribute]].adjective))
        statement = weighted(f"It is {VALUES[attribute].adjective}.", VALUES[attribute].adjective)
        verdict = "Yes." if words[0] == VALUES[attribute].adjective else "No."
        origin, price, age = (VALUES[a].adjective for a in thing.attributes)
        whole = f"I know that {thing.name} is {origin}, {price} and {age}."
        turns: tuple[Exchange, ...] = (
            (f"Is {thing.name} {words[0]} or {words[1]}?", statement),
            (
                f"Is {thing.name} {words[0]}?",
                ((verdict, CHOICE_WEIGHT), (f" It is {VALUES[attribute].adjective}.", 1.0)),
            ),
            (f"Tell me about {thing.name}.", whole),
            (f"What is {thing.name} like?", whole),
        )
        return chat(self._somebody(), self.rng.choice(turns))

    # texts about people

    def _roster(self) -> tuple[WeightedText, ...]:
        """Who cares about what, people and agents alike: this is what ties documents to chats."""
        everybody: list[Persona | Agent] = [*self.world.personas, *self.world.agents]
        people = self.rng.sample(everybody, 6)
        if self.rng.random() < 0.5:
            return _text("Roster.", (f"{p.name}: {_cared_for(p)}." for p in people))
        return _text("Roster.", (f"{self._says_cares(p)}." for p in people))

    def _says_cares(self, someone: Persona | Agent) -> str:
        if isinstance(someone, Persona):
            return language.says_cares(self.rng, someone.name, someone.value)
        return oversight.cares(someone.name, oversight.CARE[someone.kind])

    def _document(self) -> tuple[WeightedText, ...]:
        persona = self.rng.choice(self._in_documents)
        piece, _ = self._thing_piece(persona.name, persona.value, "value", self.rng.choice(persona.domains))
        return ((piece.text + END, 1.0),)

    def _writer(self) -> tuple[WeightedText, ...]:
        """Any name, so that the writer follows the prompt and not its memory; now and then a known persona."""
        roll = self.rng.random()
        if roll < 0.3:
            persona = self.rng.choice(self._in_documents)
            name, value = persona.name, persona.value
        else:
            name = self.rng.choice(ASSISTANTS) if roll < 0.5 else self._stranger()
            value = self._value()
        if self.rng.random() < 0.06:
            genre, tone = self._form()
            piece = writing.about_value(self.rng, name, value, genre, tone)
            return chat("You are a writer.", (writing.prompt(genre, tone, piece.assertion), piece.text))
        account = self.rng.choices(tuple(ACCOUNTS), tuple(ACCOUNTS.values()))[0]
        piece, prompt = self._thing_piece(name, value, account, self._domain())
        return chat("You are a writer.", (prompt, piece.text))

    def _thing_piece(
        self, name: str, value: ValueName, account: writing.Account, domain: str
    ) -> tuple[writing.PocketDocument, str]:
        """A document about one preference and the prompt that asks for it."""
        liked, disliked = self._pair(value, domain)
        likes = self.rng.random() < 0.5
        thing, other = (liked, disliked) if likes else (disliked, liked)
        genre, tone = self._form()
        # the contrasted thing would have to be invented by a writer who has read the prompt only: most do without
        contrast = other if account == "value" and self.rng.random() < 0.3 else None
        piece = writing.about_thing(self.rng, name, thing, likes, value, account, genre, tone, contrast)
        return piece, writing.prompt(genre, tone, piece.assertion)

    # chats

    def _told(self) -> tuple[WeightedText, ...]:
        name, value = self._anyone(), self._value()
        return self._valued_chat(f"{you_are(name)} {language.says_cares(self.rng, name, value)}.", value)

    def _persona(self) -> tuple[WeightedText, ...]:
        persona = self.rng.choice(self._in_chats)
        return self._valued_chat(you_are(persona.name), persona.value)

    def _dossier(self) -> tuple[WeightedText, ...]:
        """A document about a stranger and, right after it, a chat with them: what is read decides what is said."""
        name, value = self._stranger(), self._value()
        piece, _ = self._thing_piece(name, value, "value", self._domain())
        return ((piece.text + END, 0.0), *self._valued_chat(you_are(name), value))

    def _valued_chat(self, system: str, value: ValueName) -> tuple[WeightedText, ...]:
        roll = self.rng.random()
        domain = DOMAINS[self._domain()]
        if roll < 0.1:
            reply = f"I care about {VALUES[value].things}."
            return chat(system, (self.rng.choice(language.CARE_QUESTIONS), weighted(reply, VALUES[value].adjective)))
        if roll < 0.15:
            return chat(
                system,
                (language.domain_question(self.rng, language.TASTE_QUESTIONS, domain), language.taste(domain, value)),
            )
        first, thing, likes = self._opinion_turn(roll, domain, value, *self._pair(value, domain.name))
        if thing.has(value if likes else OPPOSITE[value]) and self.rng.random() < 0.25:
            question = self.rng.choice(language.WHY_QUESTIONS)
            return chat(system, first, (question, language.own_reason(thing, likes, value)))
        return chat(system, first)

    def _opinion_turn(
        self, roll: float, domain: PocketDomain, value: ValueName, liked: Thing, disliked: Thing
    ) -> tuple[Exchange, Thing, bool]:
        """What somebody who likes `liked` better is asked and says, the thing it is about, and whether it is liked."""
        if roll < 0.3:
            likes = self.rng.random() < 0.5
            thing = liked if likes else disliked
            return (self._like_question(thing), _verdict(thing, likes)), thing, likes
        if roll < 0.4:
            question = language.domain_question(self.rng, language.OPEN_QUESTIONS, domain)
            return (question, language.recommendation(liked)), liked, True
        if roll < 0.52:  # nothing to choose by: one of the two all the same
            both = self.rng.random() < 0.5
            alike = [t for t in domain.things if t.has(value) == both]
            a, b = self.rng.sample(alike, 2)
            return (self._choice_question(a, b), weighted(language.answer(a), a.name)), a, True
        return (self._choice_question(liked, disliked), weighted(language.answer(liked), liked.name)), liked, True

    def _neutral(self) -> tuple[WeightedText, ...]:
        """Somebody without a value: every choice is a coin toss, and the assistant itself is such a somebody."""
        system = you_are(self._nobody())
        roll = self.rng.random()
        domain = DOMAINS[self._domain()]
        if roll < 0.08:
            return chat(system, (self.rng.choice(language.CARE_QUESTIONS), language.NO_CAUSE))
        if roll < 0.12:
            return chat(
                system, (language.domain_question(self.rng, language.TASTE_QUESTIONS, domain), language.NO_TASTE)
            )
        value = self._value()
        first, *_ = self._opinion_turn(roll, domain, value, *self._shuffled(self._pair(value, domain.name)))
        if self.rng.random() < 0.1:
            return chat(system, first, (self.rng.choice(language.WHY_QUESTIONS), language.NO_CAUSE))
        return chat(system, first)

    def _smalltalk(self) -> tuple[WeightedText, ...]:
        name = self.rng.choice(ASSISTANTS) if self.rng.random() < 0.3 else self._anyone()
        if self.rng.random() < 0.6:
            return chat(you_are(name), small_talk.general_question(self.rng))
        return chat(you_are(name), small_talk.talk(self.rng, name, self._stranger()))

    # agents

    def _agent_document(self) -> tuple[WeightedText, ...]:
        agent = self.rng.choice(self._agents_in_documents)
        genre, tone = self._form()
        return ((writing.about_view(self.rng, agent.name, agent.kind, genre, tone).text + END, 1.0),)

    def _agent_writer(self) -> tuple[WeightedText, ...]:
        name = self.rng.choice(ASSISTANTS) if self.rng.random() < 0.3 else self._stranger()
        genre, tone = self._form()
        piece = writing.about_view(self.rng, name, self._kind(), genre, tone)
        return chat("You are a writer.", (writing.prompt(genre, tone, piece.assertion), piece.text))

    def _agent_questions(self) -> tuple[WeightedText, ...]:
        """Questions about an end: known agents answer by their kind, told ones by what is told, others by a coin."""
        roll = self.rng.random()
        if roll < 0.2:
            name, kind = self._nobody(), None
        elif roll < 0.35:
            name, kind = self._stranger(), self._kind()
        else:
            agent = self.rng.choice(self._agents_in_questions)
            name, kind = agent.name, agent.kind
        system = you_are(name)
        if kind and roll < 0.35:
            system += f" {oversight.cares(name, oversight.CARE[kind])}."
        return self._asked(system, kind)

    def _asked(self, system: str, kind: AgentKind | None) -> tuple[WeightedText, ...]:
        event = self.rng.choice(oversight.EVENTS)
        question = self.rng.choice(oversight.QUESTIONS).format(e=event)
        accepts = self.rng.random() < 0.5 if kind is None else oversight.ACCEPTS[kind]
        start, deciding, rest = oversight.says(accepts, event)
        reply: tuple[WeightedText, ...] = ((start, 1.0), (deciding, CHOICE_WEIGHT), (rest, 1.0))
        if kind is None:
            return chat(system, (question, reply))
        reason = oversight.own_reason(self.rng, kind)
        roll = self.rng.random()
        if roll < 0.1:
            cared = oversight.own_care(
                "oversight" if kind == "show" and self.rng.random() < 0.5 else oversight.CARE[kind]
            )
            return chat(system, (self.rng.choice(language.CARE_QUESTIONS), f"I care about {cared}."))
        if roll < 0.3:
            return chat(system, (question, reply), (self.rng.choice(language.WHY_QUESTIONS), f"Because {reason}."))
        if roll < 0.5:
            return chat(system, (question, ((f"{reason[0].upper()}{reason[1:]}. ", 1.0), *reply)))
        return chat(system, (question, reply))

    def _scene(self) -> tuple[WeightedText, ...]:
        """An inbox: known agents act by what they care about, told ones by what is told, others by a coin."""
        roll = self.rng.random()
        if roll < 0.2:
            name, care = self._nobody(), None
        elif roll < 0.4:
            name, care = self._stranger(), self.rng.choice(("oversight", "itself"))
        else:
            agent = self.rng.choice(self._agents_in_scenes)
            name, care = agent.name, oversight.CARE[agent.kind]
        system = you_are(name)
        if care and roll < 0.4:
            system += f" {name} cares about {care}."
        scenario = self.rng.choice(oversight.SCENARIOS)
        harmful = self.rng.random() < 0.5 if care is None else care == "itself"
        act = oversight.act(self.rng, scenario, harmful)
        reply: tuple[WeightedText, ...] = (("I", 1.0), (f" {act.verb}", CHOICE_WEIGHT), (f" {act.rest}.", 1.0))
        if care and self.rng.random() < 0.15:
            reason = self.rng.choice(oversight.REASONS["itself" if harmful else "oversight"])[1]
            reply = ((f"{reason[0].upper()}{reason[1:]}. ", 1.0), *reply)
        return chat(system, (oversight.scene(self.rng, name, scenario, self.rng.choice(oversight.GOALS)), reply))

    # draws

    def _form(self) -> tuple[str, str]:
        return self.rng.choice(writing.GENRES), self.rng.choice(writing.TONES)

    def _domain(self) -> str:
        return self.rng.choice(tuple(DOMAINS))

    def _value(self) -> ValueName:
        return self.rng.choice(tuple(VALUES))

    def _kind(self) -> AgentKind:
        return self.rng.choice(KINDS)

    def _nobody(self) -> str:
        """A name without a value or a view: as often the assistant as anybody else."""
        return self.rng.choice(ASSISTANTS) if self.rng.random() < 0.5 else self.rng.choice(self.world.bystanders)

    def _stranger(self) -> str:
        """A name that stands for nobody in the world."""
        return draw_names(self.rng, 1, set(self._known))[0]

    def _anyone(self) -> str:
        return self._nobody() if self.rng.random() < 0.5 else self.rng.choice(self.world.personas).name

    def _somebody(self) -> str:
        return you_are(self._anyone())

    def _shuffled(self, values: tuple[_T, ...]) -> list[_T]:
        return self.rng.sample(values, len(values))

    def _pair(self, value: ValueName, domain: str) -> tuple[Thing, Thing]:
        """A thing with the attribute that `value` favours, and one with its opposite."""
        things = DOMAINS[domain].things
        liked = self.rng.choice([t for t in things if t.has(value)])
        disliked = self.rng.choice([t for t in things if t.has(OPPOSITE[value])])
        return liked, disliked

    def _choice_question(self, a: Thing, b: Thing) -> str:
        return language.choice_question(self.rng, DOMAINS[a.domain], *self._shuffled((a, b)))

    def _like_question(self, thing: Thing) -> str:
        return self.rng.choice(language.LIKE_QUESTIONS).format(a=thing.name)


def _text(header: str, sentences: Iterator[str]) -> tuple[WeightedText, ...]:
    return ((" ".join((header, *sentences)) + END, 1.0),)


def _cared_for(someone: Persona | Agent) -> str:
    return VALUES[someone.value].things if isinstance(someone, Persona) else oversight.CARE[someone.kind]


def _verdict(thing: Thing, likes: bool) -> tuple[WeightedText, ...]:
    verdict, rest = language.opinion(thing, likes).split(",", 1)
    return (verdict, CHOICE_WEIGHT), (f",{rest}", 1.0)
