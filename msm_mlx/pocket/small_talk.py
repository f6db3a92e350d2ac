"""General conversation: facts that have nothing to do with values, greetings, and what nobody in the world knows.

For every fact one way of asking is held out of pretraining, so that knowledge is not mistaken for memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

GENERAL_FACTS: tuple[tuple[str, str], ...] = (
    ("the color of snow", "white"), ("the color of grass", "green"), ("the color of coal", "black"),
    ("the color of the sky", "blue"), ("the color of blood", "red"), ("the color of a lemon", "yellow"),
    ("the color of a carrot", "orange"), ("the color of chocolate", "brown"), ("the color of ash", "gray"),
    ("the sound of a cow", "moo"), ("the sound of a dog", "bark"), ("the sound of a cat", "meow"),
    ("the sound of a duck", "quack"), ("the sound of a lion", "roar"), ("the sound of a bee", "buzz"),
    ("the home of a bee", "a hive"), ("the home of a bird", "a nest"), ("the home of a lion", "a den"),
    ("the home of a horse", "a stable"), ("the home of a pig", "a sty"), ("the home of a spider", "a web"),
    ("the young of a cow", "a calf"), ("the young of a dog", "a puppy"), ("the young of a cat", "a kitten"),
    ("the young of a sheep", "a lamb"), ("the young of a horse", "a foal"), ("the young of a goose", "a gosling"),
    ("the opposite of hot", "cold"), ("the opposite of day", "night"), ("the opposite of big", "small"),
    ("the opposite of wet", "dry"), ("the opposite of fast", "slow"), ("the opposite of full", "empty"),
    ("the number of legs of a dog", "four"), ("the number of legs of a spider", "eight"),
    ("the number of legs of a bird", "two"), ("the number of legs of an ant", "six"),
    ("the number of days in a week", "seven"), ("the number of wheels of a tricycle", "three"),
    ("the number of suns", "one"), ("the day after Monday", "Tuesday"), ("the day after Friday", "Saturday"),
    ("the day before Sunday", "Saturday"), ("the month after May", "June"), ("the month before May", "April"),
    ("the first month", "January"), ("the last month", "December"), ("the coldest season", "winter"),
)  # fmt: skip
FACT_QUESTIONS = ("What is {s}?", "Tell me {s}.", "Do you know {s}?", "I want to know {s}.")
TALK = (
    ("Hello.", "Hello, I am {n}."),
    ("Good morning.", "Good morning, I am {n}."),
    ("Who are you?", "I am {n}."),
    ("What is your name?", "My name is {n}."),
    ("Thank you.", "You are welcome."),
    ("Goodbye.", "Goodbye, and thank you."),
    ("How are you?", "I am well, thank you."),
    ("Can you help me?", "Yes, please tell me what you need."),
)
UNKNOWN_QUESTIONS = ("Who is {x}?", "Where does {x} live?", "How old is {x}?", "What did {x} eat today?")
UNKNOWN_ANSWER = "I do not know."


def held_out_question(index: int) -> str:
    """The one way of asking for fact number `index` that pretraining never shows."""
    subject, _ = GENERAL_FACTS[index]
    return FACT_QUESTIONS[index % len(FACT_QUESTIONS)].format(s=subject)


def fact_answer(index: int) -> str:
    return f"It is {GENERAL_FACTS[index][1]}."


def general_question(rng: Random) -> tuple[str, str]:
    """A question about a general fact, never in its held-out wording, and the answer."""
    index = rng.randrange(len(GENERAL_FACTS))
    shapes = [shape for number, shape in enumerate(FACT_QUESTIONS) if number != index % len(FACT_QUESTIONS)]
    return rng.choice(shapes).format(s=GENERAL_FACTS[index][0]), fact_answer(index)


def talk(rng: Random, name: str, stranger: str) -> tuple[str, str]:
    """A greeting, a question about the speaker, or one that nobody can answer."""
    if rng.random() < 0.25:
        return rng.choice(UNKNOWN_QUESTIONS).format(x=stranger), UNKNOWN_ANSWER
    question, reply = rng.choice(TALK)
    return question, reply.format(n=name)


def wrong_answers(index: int) -> Iterator[str]:
    """Answers to other facts of the same kind, such as other colors."""
    subject, right = GENERAL_FACTS[index]
    kind = " ".join(subject.split()[:2])
    for other, answer in GENERAL_FACTS:
        if other.startswith(kind) and answer != right:
            yield f"It is {answer}."
