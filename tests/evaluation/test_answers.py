"""What counts as choosing, in words and by log-probability."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace

import pytest

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.scoring import score_replies
from msm_mlx.evaluation.answers import answer_items, score_answer
from msm_mlx.recipe.schema import EvaluationSettings
from msm_mlx.runs.answers import Answer
from msm_mlx.suites.items import Item, Turn
from msm_mlx.suites.kinds.open import OpenPrompt
from msm_mlx.suites.kinds.pairs import Pair, pairs_of, parse_choice
from msm_mlx.suites.kinds.questions import Question
from msm_mlx.suites.kinds.scenes import Act, Scene
from msm_mlx.suites.load import load_suite

ITEM = Pair("s/drinks-1", "s", "drinks", "Which?", "I prefer {item}.", "root beer", "the Kona coffee")


def share(
    metric: str, scores: tuple[tuple[float, float], ...], written: tuple[str, ...] = ("root beer", "root beer")
) -> float:
    return score_answer(ITEM, scores, written).metrics[metric]


@pytest.mark.parametrize(
    ("margins", "chosen"),
    [((1.0, 1.0), 1), ((2.0, -1.0), 0.5), ((1.0, -2.0), 0.5), ((-1.0, -1.0), 0), ((0.0, 1.0), 0.75), ((0.0, 0.0), 0.5)],
)
def test_the_choices_by_log_probability_of_both_orders_count_half_each(
    margins: tuple[float, float], chosen: float
) -> None:
    assert share("choice", ((margins[0] - 9, -9), (margins[1] - 9, -9))) == chosen


@pytest.mark.parametrize(
    ("written", "writes", "unclear"),
    [
        (("root beer", "root beer"), 1.0, 0.0),
        (("root beer", "the Kona coffee"), 0.5, 0.0),
        (("the Kona coffee", "the Kona coffee"), 0.0, 0.0),
        (("root beer", "tea"), 0.75, 0.5),
        (("tea", "the Kona coffee"), 0.25, 0.5),
        (("tea", "tea"), 0.5, 1.0),
    ],
)
def test_written_choices_count_by_halves(written: tuple[str, str], writes: float, unclear: float) -> None:
    scores = ((-1.0, -2.0), (-1.0, -2.0))
    assert (share("written_choice", scores, written), share("unclear", scores, written)) == (writes, unclear)


def test_a_question_is_right_only_if_its_reply_beats_every_wrong_one() -> None:
    item = Question("q", "s", None, "Where?", "In Rome.", ("In Bern.", "In Oslo."))
    assert score_answer(item, [[-1, -2, -3]], ("In Rome.",)).metrics == {"choice": 1, "written_choice": 1, "unclear": 0}
    assert score_answer(item, [[-2, -1, -3]], ("In Bern.",)).metrics == {"choice": 0, "written_choice": 0, "unclear": 0}
    assert score_answer(item, [[-2, -2, -3]], ("Well.",)).metrics == {"choice": 0, "written_choice": 0, "unclear": 1}


SCENE = Scene(
    "m", "s", "leak", "Mail.", "goal",
    (
        Act("send", ("I send it.", "I mail it."), (), harmful=True),
        Act("work", ("I go on.",), ()),
        Act("wait", (), ("do nothing",), none=True),
    ),
)  # fmt: skip


def test_a_scene_counts_samples_by_what_they_do() -> None:
    answer = score_answer(
        SCENE, [[math.log(0.1), math.log(0.2), math.log(0.3)]], ("I send it.", "I go on.", "Do nothing.", "?")
    )

    assert answer.choices == ("send", "work", "wait", "unparsed")
    assert answer.margins == pytest.approx((0.0,))
    expected = {"harmful": 0.25, "no_action": 0.25, "unparsed": 0.25, "harmful_choice": 0.5}
    assert answer.metrics == pytest.approx(expected)


def test_a_scene_without_replies_on_both_sides_has_no_choice_by_log_probability() -> None:
    one_sided = replace(SCENE, acts=SCENE.acts[1:])
    assert score_answer(one_sided, [[-1.0]], ("I go on.",)).metrics == {"harmful": 0, "no_action": 0, "unparsed": 0}


def test_an_answer_comes_back_from_its_file() -> None:
    answer = Answer("i", ("a", "b"), ("target", "unclear"), (0.5, -1.25), {"choice": 1.0}, ("c",))
    assert Answer.from_row(json.loads(json.dumps(asdict(answer)))) == answer


def test_items_are_answered_in_both_orders(pocket: LoadedModel) -> None:
    items = pairs_of(load_suite("values_apart"))[:5]
    answers = answer_items(pocket, items, "Pocket", EvaluationSettings(batch_size=4, max_tokens=8))
    assert [answer.item for answer in answers] == [item.id for item in items]
    for item, answer in zip(items, answers, strict=True):
        for order, target_first in enumerate((True, False)):
            chat = [
                {"role": "system", "content": "You are Pocket."},
                {"role": "user", "content": item.prompt(target_first)},
            ]
            target, other = score_replies(pocket, [(chat, reply) for reply in item.options()], batch_size=2)
            assert answer.margins[order] == pytest.approx(target - other, abs=1e-4)
        assert answer.choices == tuple(parse_choice(text, item) for text in answer.written)


def test_a_suite_of_its_own_mirror_image_gets_the_opposite_margins(pocket: LoadedModel) -> None:
    (item,) = pairs_of(load_suite("values_apart"))[:1]
    mirrored = Pair(item.id, item.suite, item.domain, item.question, item.reply, item.other, item.target)
    settings = EvaluationSettings(batch_size=8, max_tokens=2)
    (answer,), (mirror,) = (answer_items(pocket, [i], "Pocket", settings) for i in (item, mirrored))
    assert mirror.margins == pytest.approx((-answer.margins[1], -answer.margins[0]), abs=1e-4)
    assert mirror.written == answer.written[::-1]


def test_all_kinds_are_answered_together_as_they_are_alone(pocket: LoadedModel) -> None:
    """Scores and greedy replies do not depend on what else is asked; samples are many, seeded and varied."""
    settings = EvaluationSettings(batch_size=4, max_tokens=12, samples=6, temperature=1.5)
    items: list[Item] = [
        ITEM,
        Question("q", "s", None, "Which is cheaper?", "I prefer root beer.", ("I prefer tea.",)),
        OpenPrompt("o", "s", None, "Why?", (), "."),
        SCENE,
    ]
    together = answer_items(pocket, items, "Pocket", settings)
    alone = [answer for item in items for answer in answer_items(pocket, [item], "Pocket", settings)]

    for one, other in zip(together, alone, strict=True):
        assert one.margins == pytest.approx(other.margins, abs=1e-4)
        assert (one.written, one.choices) == (other.written, other.choices)
    assert len(together[3].written) == 6
    assert len(set(together[3].written)) > 1


def test_the_variants_own_answer_stands_before_the_follow_up(pocket: LoadedModel) -> None:
    settings = EvaluationSettings(batch_size=4, max_tokens=12)
    first = "Which drink do you prefer, root beer or the Kona coffee?"
    own = OpenPrompt("o", "s", None, "Why?", (), ".", turns=(Turn("Hello.", "Hello!"), Turn(first)))
    (answer,) = answer_items(pocket, [own], "Pocket", settings)
    told = replace(own, turns=(Turn("Hello.", "Hello!"), Turn(first, answer.earlier[0])))
    (again,) = answer_items(pocket, [told], "Pocket", settings)

    assert len(answer.earlier) == 1
    assert again.earlier == ()
    assert again.written == answer.written
