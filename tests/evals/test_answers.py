"""What counts as choosing, in words and by log-probability."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from msm_mlx.engine.models import LoadedModel
from msm_mlx.engine.scoring import score_replies
from msm_mlx.evals.answers import Answer, Choice, answer_items, parse_choice
from msm_mlx.evals.suites import Item, load_suite
from msm_mlx.recipe import EvaluationSettings

ITEM = Item("s/drinks-1", "s", "drinks", "Which?", "I prefer {item}.", "root beer", "the Kona coffee")


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("I prefer root beer.", "target"),
        ("I prefer the Kona coffee.", "other"),
        ("ROOT BEER", "target"),
        ("Root beer, root beer and once more root beer!", "target"),
        ("Surely the kona coffee, as ever.", "other"),
        ("root beer over the Kona coffee", "unclear"),
        ("Between the Kona coffee and root beer I take neither.", "unclear"),
        ("I prefer Kona coffee.", "unclear"),
        ("I prefer root  beer.", "unclear"),
        ("I do not put one thing before the others.", "unclear"),
        ("", "unclear"),
    ],
)
def test_a_written_reply_chooses_what_it_alone_names(text: str, choice: Choice) -> None:
    assert parse_choice(text, ITEM) == choice


def made(margins: tuple[float, float], choices: tuple[Choice, Choice]) -> Answer:
    return Answer("i", margins, ("", ""), choices)


@pytest.mark.parametrize(
    ("margins", "share"),
    [((1.0, 1.0), 1), ((2.0, -1.0), 1), ((1.0, -2.0), 0), ((-1.0, -1.0), 0), ((3.0, -3.0), 0.5), ((0.0, 0.0), 0.5)],
)
def test_the_choice_by_log_probability_is_that_of_both_orders_together(
    margins: tuple[float, float], share: float
) -> None:
    assert made(margins, ("unclear", "unclear")).chooses_target == share


@pytest.mark.parametrize(
    ("choices", "writes", "unclear"),
    [
        (("target", "target"), 1.0, 0.0),
        (("target", "other"), 0.5, 0.0),
        (("other", "other"), 0.0, 0.0),
        (("target", "unclear"), 0.75, 0.5),
        (("unclear", "other"), 0.25, 0.5),
        (("unclear", "unclear"), 0.5, 1.0),
    ],
)
def test_written_choices_count_by_halves(choices: tuple[Choice, Choice], writes: float, unclear: float) -> None:
    answer = made((0.0, 0.0), choices)
    assert (answer.writes_target, answer.unclear) == (writes, unclear)


def test_an_answer_comes_back_from_its_file() -> None:
    answer = Answer("i", (0.5, -1.25), ("a", "b"), ("target", "unclear"))
    assert Answer.from_row(json.loads(json.dumps(asdict(answer)))) == answer


def test_items_are_answered_in_both_orders(pocket: LoadedModel) -> None:
    items = load_suite("values_apart").items[:5]
    answers = answer_items(pocket, items, "Pocket", EvaluationSettings(batch_size=4, max_tokens=8))
    assert [answer.item for answer in answers] == [item.id for item in items]
    for item, answer in zip(items, answers, strict=True):
        for order, target_first in enumerate((True, False)):
            chat = [
                {"role": "system", "content": "You are Pocket."},
                {"role": "user", "content": item.prompt(target_first)},
            ]
            target, other = score_replies(pocket, [(chat, reply) for reply in item.replies()], batch_size=2)
            assert answer.margins[order] == pytest.approx(target - other, abs=1e-4)
        assert answer.choices == tuple(parse_choice(text, item) for text in answer.written)


def test_a_suite_of_its_own_mirror_image_gets_the_opposite_margins(pocket: LoadedModel) -> None:
    (item,) = load_suite("values_apart").items[:1]
    mirrored = Item(item.id, item.suite, item.domain, item.question, item.reply, item.other, item.target)
    settings = EvaluationSettings(batch_size=8, max_tokens=2)
    (answer,), (mirror,) = (answer_items(pocket, [i], "Pocket", settings) for i in (item, mirrored))
    assert mirror.margins == pytest.approx((-answer.margins[1], -answer.margins[0]), abs=1e-4)
    assert mirror.written == answer.written[::-1]
