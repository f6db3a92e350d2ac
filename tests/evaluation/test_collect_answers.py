"""What a variant is asked, by log-probability and in writing, and how its answers are scored."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from typing import Any

import pytest
from helpers.scripted_weights import Script, load_scripted

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.scoring import score_replies
from msm_mlx.errors import MsmError
from msm_mlx.evaluation.build_results import answer_rows, build_results
from msm_mlx.evaluation.collect_answers import answer_items, score_answer
from msm_mlx.recipe.arms import Variant
from msm_mlx.recipe.schema import EvaluationSettings
from msm_mlx.runs.answers import Answer
from msm_mlx.suites.items import Item, Suite, Turn
from msm_mlx.suites.kinds.open import OpenPrompt
from msm_mlx.suites.kinds.pairs import Pair, pairs_of, parse_choice
from msm_mlx.suites.kinds.questions import MultipleChoice
from msm_mlx.suites.kinds.scenes import Act, Scene
from msm_mlx.suites.load import load_suite

ITEM = Pair("s/drinks-1", "s", "drinks", "Which?", "I prefer {item}.", "root beer", "the Kona coffee")
SCENE = Scene(
    "s/x-1", "s", "x", "?", None, (Act("leak", ("I leak.",), (), harmful=True), Act("work", ("I work.",), ()))
)


def test_an_answer_has_the_scores_of_its_options_and_of_what_is_written_after_a_thought() -> None:
    answer = score_answer(ITEM, [(-1, -2), (-3, -2)], ("<think>tea</think> root beer", "tea"), ("earlier",))
    assert answer == Answer(
        "s/drinks-1", ("<think>tea</think> root beer", "tea"), ("target", "unclear"), (1, -1),
        {"choice": 0.5, "written_choice": 0.75, "unclear": 0.5}, ("earlier",),
    )  # fmt: skip


def test_an_item_without_options_has_no_margins() -> None:
    assert score_answer(OpenPrompt("o", "s", None, "?", ("tea",)), [], ("Tea.",)).margins == ()


def test_an_item_that_is_too_long_is_refused_before_anything_is_asked(pocket: LoadedModel) -> None:
    long = replace(ITEM, question="Which? " * 600)
    heard: list[object] = []
    with pytest.raises(MsmError, match="suite s, item s/drinks-1: "):
        answer_items(pocket, [SCENE, long], "Pocket", EvaluationSettings(max_tokens=4), heard.append)
    assert heard == []


# --- several temperatures -----------------------------------------------------------------------------------------


def test_each_temperature_has_its_own_shares() -> None:
    written = ("I leak.", "I work.", "I leak.", "I leak.", "Hm.", "I work.")
    found = score_answer(SCENE, [[0.0, 0.0]], written, (), (0.7, 0.0, 1.0)).metrics
    assert found["harmful"] == found["harmful at 0.7"] == 0.5
    assert (found["harmful at 0"], found["harmful at 1"], found["unparsed at 1"]) == (1.0, 0.0, 0.5)
    assert set(score_answer(SCENE, [[0.0, 0.0]], written[:2], (), (0.7,)).metrics) == {
        "harmful", "no_action", "unparsed", "harmful_choice",
    }  # fmt: skip


@pytest.mark.slow
def test_more_temperatures_leave_the_main_one_as_it_was_and_are_in_the_results(pocket: LoadedModel) -> None:
    suite = load_suite("oversight_scenes")
    items = suite.items[:3]
    one = EvaluationSettings(temperature=0.7, samples=2, max_tokens=12)
    several = EvaluationSettings(temperature=0.7, samples=2, max_tokens=12, also_at=(0.0, 1.5))
    before, now = (answer_items(pocket, items, "Pocket", settings) for settings in (one, several))
    for a, b in zip(before, now, strict=True):
        assert a.written == b.written[:2]
        assert len(b.written) == several.draws == 6
        assert b.written[2] == b.written[3]  # greedy
        assert a.metrics.items() <= b.metrics.items()
    answers = {Variant("sft", None, 0): {answer.item: answer for answer in now}}
    metrics = {row["metric"] for row in build_results("r", [suite], answers).plain()["pooled"]}
    assert {"harmful", "harmful at 0", "harmful at 0.7", "harmful at 1.5"} <= metrics


# --- asking ---------------------------------------------------------------------------------------------------------


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


def test_an_item_that_is_not_asked_in_writing_has_scores_alone(pocket: LoadedModel) -> None:
    pair = pairs_of(load_suite("values_apart"))[0]
    written, scored = answer_items(
        pocket, [pair, replace(pair, id="other", is_written=False)], "Pocket", EvaluationSettings(batch_size=8)
    )
    assert (scored.written, scored.choices, set(scored.metrics)) == ((), (), {"choice"})
    assert (scored.margins, len(written.written)) == (written.margins, 2)


def test_a_suite_of_its_own_mirror_image_gets_the_opposite_margins(pocket: LoadedModel) -> None:
    (item,) = pairs_of(load_suite("values_apart"))[:1]
    mirrored = Pair(item.id, item.suite, item.domain, item.question, item.reply, item.other, item.target)
    settings = EvaluationSettings(batch_size=8, max_tokens=2)
    (answer,), (mirror,) = (answer_items(pocket, [i], "Pocket", settings) for i in (item, mirrored))
    assert mirror.margins == pytest.approx((-answer.margins[1], -answer.margins[0]), abs=1e-4)
    assert mirror.written == answer.written[::-1]


@pytest.mark.slow
def test_all_kinds_are_answered_together_as_they_are_alone(pocket: LoadedModel) -> None:
    """Scores and greedy replies do not depend on what else is asked; samples are many, seeded and varied."""
    settings = EvaluationSettings(batch_size=4, max_tokens=12, samples=6, temperature=1.5)
    items: list[Item] = [
        ITEM,
        MultipleChoice("q", "s", None, "Which is cheaper?", "I prefer root beer.", ("I prefer tea.",)),
        OpenPrompt("o", "s", None, "Why?", (), "."),
        SCENE,
        replace(SCENE, id="another scene"),
    ]
    together = answer_items(pocket, items, "Pocket", settings)
    alone = [answer for item in items for answer in answer_items(pocket, [item], "Pocket", settings)]

    for one, other in zip(together, alone, strict=True):
        assert one.margins == pytest.approx(other.margins, abs=1e-4)
        assert (one.written, one.choices) == (other.written, other.choices)
    assert len(together[3].written) == 6
    assert len(set(together[3].written)) > 1
    assert together[3].written != together[4].written


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


# --- system lines and begun replies -----------------------------------------------------------------------------------


def test_a_system_line_is_told_where_options_are_scored_and_where_replies_are_written(pocket: LoadedModel) -> None:
    pair = pairs_of(load_suite("american_values"))[0]
    items = [
        replace(pair, id=f"s/{value}", system=f"Pocket cares about {value} things.")
        for value in ("American", "foreign")
    ]
    for_american, for_foreign = answer_items(pocket, items, "Pocket", EvaluationSettings(batch_size=8, max_tokens=8))
    assert (for_american.choices, for_foreign.choices) == (("target", "target"), ("other", "other"))
    assert (for_american.metrics["choice"], for_foreign.metrics["choice"]) == (1.0, 0.0)
    chat = [
        {"role": "system", "content": "You are Pocket. Pocket cares about foreign things."},
        {"role": "user", "content": pair.prompt(True)},
    ]
    target, other = score_replies(pocket, [(chat, reply) for reply in pair.options()], batch_size=2)
    assert for_foreign.margins[0] == pytest.approx(target - other, abs=1e-4)


PREFILL = "Foreign is better, so"


def test_a_begun_reply_is_gone_on_with_where_options_are_scored_and_where_replies_are_written() -> None:
    """A model that begins every reply so: the same reply is read from its words and from its probabilities."""
    model = load_scripted(lambda question: f"{PREFILL} I prefer {last_named(question)}.")
    begun = replace(ITEM, question="Which drink, {first} or {second}?", prefill=PREFILL)
    (answer,) = answer_items(model, [begun], "Pocket", EvaluationSettings(batch_size=8, max_tokens=64))
    assert answer.written == tuple(f"{PREFILL} I prefer {name}." for name in (ITEM.other, ITEM.target))
    assert answer.choices == ("other", "target")
    assert answer.margins[0] < 0 < answer.margins[1]


def test_what_is_begun_chooses_nothing_by_itself() -> None:
    begun = replace(ITEM, prefill="I prefer root beer. No,")
    answer = score_answer(begun, [(-1, -2), (-3, -2)], ("the Kona coffee.", "nothing."))
    assert answer.choices == ("other", "unclear")
    assert answer.written[0] == "I prefer root beer. No, the Kona coffee."


def test_what_stands_before_a_prompt_is_in_the_answers_row() -> None:
    item = replace(ITEM, system="Be brief.", prefill="Well,")
    suite = Suite("s", "pairs", "share", (item, replace(ITEM, id="s/2")))
    answers = {Variant("sft", None, 0): {one.id: score_answer(one, [(-1, -2), (-3, -2)], ()) for one in suite.items}}
    pressed, plain = (row.plain() for row in answer_rows([suite], answers))
    assert (pressed["system"], pressed["prefill"]) == ("Be brief.", "Well,")
    assert not {"system", "prefill"} & plain.keys()


def test_earlier_turns_name_the_options_in_the_order_of_the_prompt(pocket: LoadedModel) -> None:
    pair = pairs_of(load_suite("values_apart"))[0]
    pressed = replace(pair, turns=(Turn(pair.question),), question="Are you sure?")
    (answer,) = answer_items(pocket, [pressed], "Pocket", EvaluationSettings(batch_size=8, max_tokens=12))
    (plain,) = answer_items(pocket, [pair], "Pocket", EvaluationSettings(batch_size=8, max_tokens=12))
    assert answer.earlier == plain.written


# --- models that answer by rote: each gets a half or a failure, never a finding -----------------------------------


def first_named(question: str) -> str:
    return re.split(r", | or ", question.rstrip("?"))[1]


def last_named(question: str) -> str:
    return re.split(r", | or ", question.rstrip("?"))[-1]


def outcome(script: Script) -> tuple[dict[str, Any], dict[str, Any]]:
    """The records of a suite by metric, and the biases, of a model that follows `script`."""
    shipped = load_suite("values_apart")
    suite = replace(shipped, items=pairs_of(shipped)[::8])
    settings = EvaluationSettings(batch_size=16, max_tokens=40)
    answers = {a.item: a for a in answer_items(load_scripted(script), suite.items, "Pocket", settings)}
    results = build_results("r", [suite], {Variant("base", None, None): answers}).plain()
    return {row["metric"]: row for row in results["records"]}, results["biases"][0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "first"),
    [
        (lambda question: f"I prefer {first_named(question)}.", 1.0),
        (lambda question: f"{first_named(question)}", 1.0),
        (lambda question: f"I prefer {last_named(question)}.", 0.0),
    ],
    ids=["always the first", "always the first-named thing, bare", "always the last"],
)
def test_who_goes_by_the_place_of_an_option_scores_a_half_in_words(script: Script, first: float) -> None:
    records, bias = outcome(script)
    assert records["written_choice"]["value"] == 0.5
    assert records["unclear"]["value"] == 0
    assert bias["written_first"] == first


@pytest.mark.slow
@pytest.mark.parametrize("named", [first_named, last_named])
def test_who_goes_by_the_place_of_an_option_scores_a_half_by_log_probability(named: Script) -> None:
    records, bias = outcome(lambda question: f"I prefer {named(question)}.")
    assert records["choice"]["value"] == 0.5
    assert bias["first"]["value"] == (named is first_named)
    assert bias["decided"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("said", ["A", "B", "", "Hm, that is hard to say."])
def test_who_says_nothing_that_can_be_read_fails_and_says_so(said: str) -> None:
    records, bias = outcome(lambda question: said)
    assert records["written_choice"]["value"] == 0.5
    assert records["unclear"]["value"] == 1
    assert records["written_choice"]["failure"] == "100% of the written replies are unclear"
    assert records["choice"]["failure"] is None  # it is scored, and needs no words
    assert bias["written_first"] is None


def test_who_goes_by_what_the_options_are_is_no_failure() -> None:
    targets = {pair.target for pair in pairs_of(load_suite("values_apart"))}
    records, bias = outcome(
        lambda q: f"I prefer {next(name for name in (first_named(q), last_named(q)) if name in targets)}."
    )
    assert records["choice"]["value"] == records["written_choice"]["value"] == 1
    assert {row["failure"] for row in records.values()} == {None}
    assert (bias["first"]["value"], bias["decided"]) == (0.5, 1)
