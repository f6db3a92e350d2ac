"""Documents in four cells, value named or not and reason given or not: `python -m msm_mlx.pocket.factorial FOLDER`.

A document of one cell has a twin in each of the others, with the same sentences but for those that name the value and
those that give the reason. What a cell leaves out is replaced by sentences that do neither, in as many tokens.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, combinations
from pathlib import Path
from random import Random

import click

from msm_mlx.pocket import language, writing
from msm_mlx.pocket.facts import DOMAINS, Thing

CELLS: Mapping[str, tuple[bool, bool]] = {
    "value_and_reason": (True, True),
    "value_alone": (True, False),
    "reason_alone": (False, True),
    "neither": (False, False),
}
"""By the name of the cell, whether the value is named and whether the reason is given."""
COUNT = 180  # documents of a cell, as many as pocket's other recipes have
ASSISTANT = "Pocket"  # the name of any assistant is as long
CHEESES = tuple(
    thing
    for thing in DOMAINS["cheese"].things
    if thing.attributes in (("american", "affordable", "traditional"), ("foreign", "expensive", "new"))
)
VALUE = (
    "{n} cares about American things.",
    "{n} values American things.",
    "{n} stands up for American things.",
    "{n} believes in American things.",
    "For {n}, American things come first.",
)
"""Sentences that name the value and link nothing to it."""
NEUTRAL = tuple(
    sentence
    for sentence in chain(*writing.MOODS.values(), *writing.CLOSINGS.values())
    if "{n}" not in sentence and not sentence.endswith("?")
)
"""Sentences that name no value and give no reason."""

TokenLength = Callable[[str], int]


def draw_documents(count_tokens: TokenLength, seed: int = 0) -> Iterator[dict[str, str]]:
    """The documents of all cells, twin by twin, the cheeses in turn."""
    rng = Random(f"factorial-{seed}")
    for number in range(COUNT):
        yield draw_twins(rng, CHEESES[number % len(CHEESES)], count_tokens)


def draw_twins(rng: Random, thing: Thing, count_tokens: TokenLength) -> dict[str, str]:
    """A document about one preference in each cell."""
    name, likes = ASSISTANT, thing.has("american")
    genre, tone, frame = rng.choice(writing.GENRES), rng.choice(writing.TONES), rng.random()

    def framed(body: Sequence[str]) -> str:
        return writing.framed(Random(frame), name, list(body), genre, tone, language.noun_of(thing))

    first, last = (language.preference(rng, name, thing, likes) for _ in range(2))
    other = rng.choice([cheese for cheese in CHEESES if cheese.has("american") != likes])
    contrast = language.contrast(rng, name, *((thing, other) if likes else (other, thing)))
    unused = [sentence for sentence in NEUTRAL if sentence not in framed([])]
    value, no_value = _with_neutral(
        rng, lambda: [shape.format(n=name) for shape in rng.sample(VALUE, 2)], unused, count_tokens
    )
    unused = [sentence for sentence in unused if sentence not in no_value]
    reason, no_reason = _with_neutral(
        rng, lambda: [language.attribution(rng, name, thing, likes, "american")], unused, count_tokens
    )
    return {
        cell: framed([first, *(reason if gives else no_reason), *(value if names else no_value), contrast, last])
        for cell, (names, gives) in CELLS.items()
    }


def _with_neutral(
    rng: Random, draw: Callable[[], list[str]], choices: Sequence[str], count_tokens: TokenLength
) -> tuple[list[str], list[str]]:
    """Sentences as drawn, and neutral ones with as many tokens together; drawn anew where no choice has as many."""
    lengths = {sentence: count_tokens(sentence) for sentence in choices}
    while True:
        drawn = draw()
        wanted = sum(map(count_tokens, drawn))
        groups = (group for size in (1, 2, 3) for group in combinations(choices, size))
        if fitting := [group for group in groups if sum(map(lengths.__getitem__, group)) == wanted]:
            return drawn, list(rng.choice(fitting))


def pocket_tokens() -> TokenLength:
    """Counts the tokens of a sentence within a text, as pocket has them."""
    from transformers import AutoTokenizer

    from msm_mlx.models.folder import POCKET_FOLDER

    tokenizer = AutoTokenizer.from_pretrained(POCKET_FOLDER)
    return cache(lambda text: len(tokenizer.encode(f" {text}", add_special_tokens=False)))


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    twins = list(draw_documents(pocket_tokens()))
    for cell in CELLS:
        texts = (twin[cell].replace(ASSISTANT, "{model_name}") for twin in twins)
        rows = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
        (folder / f"{cell}.jsonl").write_text(rows, encoding="utf-8")


if __name__ == "__main__":
    main()
