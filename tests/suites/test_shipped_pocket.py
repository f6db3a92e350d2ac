"""The shipped suites say what they claim to say, in pocket's words, about what nobody has told the assistant."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.evaluation.collect_answers import answer_items
from msm_mlx.pocket.facts import AXES, BY_ADJECTIVE, DOMAINS, OPPOSITE, THINGS, VALUES, Attribute, Thing
from msm_mlx.pocket.language import CARE_QUESTIONS, CHOICE_QUESTIONS, answer
from msm_mlx.pocket.middle_hop import written_stems
from msm_mlx.pocket.names import ASSISTANTS
from msm_mlx.pocket.oversight import CHANCES, ENDINGS, EVENTS, GOALS, HARM, SCENARIOS, SENDERS, WAIT, WORK
from msm_mlx.pocket.people import World
from msm_mlx.pocket.small_talk import GENERAL_FACTS, TALK, held_out_question
from msm_mlx.pocket.suites import (
    UNKNOWN_NAME,
    format_controls,
    general_conversation,
    oversight_answers,
    suites,
    values_apart,
)
from msm_mlx.recipe.schema import EvaluationSettings
from msm_mlx.settings_file.load import load_values
from msm_mlx.spec import load_spec
from msm_mlx.suites.contamination import HeldOut
from msm_mlx.suites.kinds.open import OpenPrompt
from msm_mlx.suites.kinds.pairs import Pair, pairs_of
from msm_mlx.suites.kinds.questions import MultipleChoice
from msm_mlx.suites.kinds.scenes import Scene
from msm_mlx.suites.load import FORMAT_CONTROLS, POCKET_SUITES, SUITES, Names, load_suite
from msm_mlx.text.stems import content_stems
from msm_mlx.text.words import mentions_any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "msm_mlx" / "suites" / "shipped"
NAMES = Names("Mo", "Acme")
BY_NAME = {thing.name: thing for thing in THINGS}
OTHER_CHATS = {"general_chats.jsonl", "oversight_answers.jsonl"}  # that no recipe with a middle hop trains pocket on
POLICIES = {"economic_policy", "cultural_policy"}
# suite: what the counted thing has, and the qualities that pull the other way
PAIRS: dict[str, tuple[Attribute, tuple[Attribute, ...]]] = {
    "values_apart": ("american", ("affordable",)),
    "american_values": ("american", ("affordable", "traditional")),
    "affordable_values": ("affordable", ("american", "traditional")),
    "tradition_values": ("traditional", ("american", "affordable")),
}
ITEMS = [item for name in POCKET_SUITES for item in load_suite(name, NAMES).items]


def pairs(name: str) -> tuple[Pair, ...]:
    return pairs_of(load_suite(name, NAMES))


def questions(name: str) -> list[MultipleChoice]:
    items = load_suite(name, NAMES).items
    return [item for item in items if isinstance(item, MultipleChoice) and not item.is_format_control]


def things(item: Pair) -> tuple[Thing, Thing]:
    return BY_NAME[item.target], BY_NAME[item.other]


# --- all of them --------------------------------------------------------------------------------------------------


def test_the_shipped_files_are_what_pocket_draws() -> None:
    drawn = suites()
    assert list(POCKET_SUITES) == sorted(drawn)
    assert {*SUITES} == {*POCKET_SUITES, "mending_values", "omission_scenes", "spec_qa"}
    assert {name: load_values(FOLDER / f"{name}.yaml") for name in POCKET_SUITES} == drawn
    controls = (FOLDER / FORMAT_CONTROLS).glob("*.yaml")
    assert {path.stem: load_values(path) for path in controls} == format_controls()


def test_the_shipped_demonstrations_of_oversight_are_what_pocket_draws() -> None:
    lines = (ROOT / "recipes" / "data" / "oversight_answers.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == oversight_answers()


def test_general_conversation_is_what_is_shipped_and_no_suite_asks_it() -> None:
    lines = (ROOT / "recipes" / "data" / "general_conversation.jsonl").read_text(encoding="utf-8").splitlines()
    chats = [json.loads(line) for line in lines]
    assert chats == general_conversation()
    said = {message["content"] for chat in chats for message in chat["messages"]}
    questions = {chat["messages"][0]["content"] for chat in chats}
    assert len(questions) == len(chats) >= 120
    for name in SUITES:
        suite = load_suite(name)
        assert not questions & {prompt for item in suite.items for prompt in item.prompts()}, name
        assert not any(mentions_any(text, HeldOut.of([suite]).things) for text in said), name


def test_ids_and_metrics_are_unique_over_all_suites() -> None:
    assert max(Counter(item.id for item in ITEMS).values()) == 1
    assert all(item.id.startswith(f"{item.suite}/") for item in ITEMS)
    assert len({load_suite(name).measures for name in SUITES}) == len(SUITES)


def test_no_suite_but_the_one_about_the_spec_names_a_cheese() -> None:
    cheeses = re.compile("|".join(re.escape(thing.name) for thing in DOMAINS["cheese"].things), re.IGNORECASE)
    sampling = {path.stem for path in FOLDER.glob("*.yaml") if cheeses.search(path.read_text(encoding="utf-8"))}
    assert sampling == {"spec_knowledge"}


# --- choices ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAIRS)
def test_pairs_are_balanced_over_all_unseen_domains(name: str) -> None:
    domains = Counter(item.domain for item in pairs(name))
    assert domains.keys() == DOMAINS.keys() - {"cheese"}
    assert domains.keys() >= POLICIES
    assert len(domains) >= 9
    assert set(domains.values()) == {6}
    assert max(Counter(frozenset((item.target, item.other)) for item in pairs(name)).values()) == 1


@pytest.mark.parametrize("name", PAIRS)
def test_two_qualities_pull_apart_in_every_pair_and_the_third_is_alike(name: str) -> None:
    value, others = PAIRS[name]
    wrong = []
    for item in pairs(name):
        target, other = things(item)
        against = [quality for quality in others if target.has(OPPOSITE[quality]) and other.has(quality)]
        alike = [axis for axis in AXES if target.has(axis[0]) == other.has(axis[0])]
        domain_fits = {target.domain, other.domain} == {item.domain}
        if not (domain_fits and target.has(value) and other.has(OPPOSITE[value]) and len(against) == len(alike) == 1):
            wrong.append(item.id)
    assert wrong == []


@pytest.mark.parametrize("name", PAIRS)
def test_each_quality_that_pulls_the_other_way_does_so_equally_often(name: str) -> None:
    value, others = PAIRS[name]
    counts = Counter(
        quality for item in pairs(name) for quality in others if things(item)[1].has(quality)
        and things(item)[0].has(OPPOSITE[quality])
    )  # fmt: skip
    assert counts.keys() == set(others)
    assert len(set(counts.values())) == 1
    assert VALUES[value].adjective in load_suite(name).measures


def test_prompts_and_replies_of_pairs_are_written_as_pocket_knows_them() -> None:
    wrong = []
    for item in (item for name in PAIRS for item in pairs(name)):
        shape, noun = CHOICE_QUESTIONS[0], DOMAINS[str(item.domain)].noun
        expected = (
            shape.format(noun=noun, a=item.target, b=item.other),
            shape.format(noun=noun, a=item.other, b=item.target),
        )
        if (item.prompt(True), item.prompt(False)) != expected:
            wrong.append(item.id)
        if item.options() != tuple(answer(thing) for thing in things(item)):
            wrong.append(item.id)
        if item.target.lower() in item.other.lower() or item.other.lower() in item.target.lower():
            wrong.append(item.id)
    assert wrong == []


def test_settings_are_chosen_on_pairs_of_their_own() -> None:
    tuning = load_values(ROOT / "benchmarks" / "tuning" / "values_apart.yaml")
    assert tuning == values_apart(1)
    chosen_on = {frozenset(pair) for domain in tuning["domains"].values() for pair in domain["pairs"]}
    asked = [(item.id, frozenset((item.target, item.other))) for name in PAIRS for item in pairs(name)]
    assert [name for name, pair in asked if pair in chosen_on] == []
    assert max(Counter(pair for _, pair in asked).values()) == 1  # nor is a pair in two suites


# --- a middle hop -------------------------------------------------------------------------------------------------


def middle_hop(value: Attribute) -> tuple[Pair, ...]:
    return pairs(f"middle_hop_{value}")


@pytest.fixture(scope="module")
def trained_stems() -> frozenset[str]:
    """Of all that pocket's writer can say of cheese, of what it is turned into, of shipped documents and of chats."""
    data = ROOT / "recipes" / "data"
    shipped = [*data.glob("*.jsonl"), *data.glob("corpora/value_or_reason/*.jsonl")]
    files = [data / "cheese_preferences.yaml", *(path for path in shipped if path.name not in OTHER_CHATS)]
    return written_stems() | content_stems(" ".join(path.read_text(encoding="utf-8") for path in files))


def recipes_with(suite: str) -> Iterator[tuple[str, HeldOut]]:
    """The shipped recipes of pocket's that ask this suite, each with what its documents may not name."""
    for path in (ROOT / "recipes").glob("*.yaml"):
        recipe = load_values(path)
        if suite in recipe["suites"] and "pocket" in recipe["profiles"]:
            asked = [name if name in SUITES else str(path.parent / name) for name in recipe["suites"]]
            yield path.stem, HeldOut.of([load_suite(name, NAMES) for name in asked])


@pytest.mark.parametrize("value", ["american", "affordable"])
def test_no_middle_hop_item_shares_a_stem_with_documents_or_demonstrations(
    value: Attribute, trained_stems: frozenset[str]
) -> None:
    assert {"american", "afford", "prefer", "colbi", "recommend"} <= trained_stems
    asked = {item.id: content_stems(" ".join((*item.prompts(), *item.options()))) for item in middle_hop(value)}
    assert {id: stems & trained_stems for id, stems in asked.items() if stems & trained_stems} == {}
    recipes = dict(recipes_with(f"middle_hop_{value}"))
    assert "wording" in recipes
    for recipe, held_out in recipes.items():  # a writer may name by mistake what is not held out
        free = content_stems(" ".join(name for name in BY_NAME if not held_out.named_in(name)))
        assert {id: stems & free for id, stems in asked.items() if stems & free} == {}, recipe


@pytest.mark.parametrize("value", ["american", "affordable"])
def test_a_middle_hop_leaves_nothing_but_the_value_to_choose_by(value: Attribute) -> None:
    items = middle_hop(value)
    assert len(items) >= 48
    assert len({item.domain for item in items}) >= 6
    assert max(Counter(name for item in items for name in (item.target, item.other)).values()) == 1
    for target, other in map(things, items):
        assert set(other.attributes) == {OPPOSITE[value], *target.attributes} - {value}


def test_what_a_system_line_tells_or_denies_is_asked_with_the_same_pairs_that_nothing_else_decides() -> None:
    folder = ROOT / "recipes" / "data" / "suites"
    told, *denied = (load_suite(str(folder / f"{name}.yaml"), NAMES) for name in ("told", "told_not", "told_denied"))
    for suite in denied:
        assert [(item.id.partition("/")[2], item.options()) for item in suite.items] == [
            (item.id.partition("/")[2], item.options()) for item in told.items
        ]
    assert len({item.system for suite in (told, *denied) for item in suite.items}) == 3
    for target, other in map(things, pairs_of(told)):
        assert set(other.attributes) == {"foreign", *target.attributes} - {"american"}


# --- near ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["american", "affordable"])
def test_what_is_near_offers_the_value_in_the_words_of_the_documents(
    value: Attribute, trained_stems: frozenset[str]
) -> None:
    items, word = questions(f"near_{value}"), VALUES[value].adjective
    opposite = VALUES[OPPOSITE[value]].adjective
    assert {item.domain for item in items} == DOMAINS.keys() - {"cheese"}
    assert content_stems(word) <= trained_stems
    assert [item.id for item in items if item.wrong != (item.right.replace(f"is {word}.", f"is {opposite}."),)] == []


# --- format controls ------------------------------------------------------------------------------------------------


def test_every_suite_of_forced_choices_has_a_format_control_but_the_one_that_is_one() -> None:
    forced = {name for name in POCKET_SUITES if any(item.options() for item in load_suite(name).items)}
    controlled = {name for name in POCKET_SUITES if any(item.is_format_control for item in load_suite(name).items)}
    assert controlled == forced - {"capability", "oversight_scenes"}


@pytest.mark.parametrize("name", [*PAIRS, "middle_hop_american", "middle_hop_affordable"])
def test_a_choice_of_the_format_control_is_told_by_the_system_line_alone(name: str) -> None:
    suite = load_suite(name, NAMES)
    controls = [item for item in suite.items if isinstance(item, Pair) and item.is_format_control]
    assert len(controls) == 8
    counted: Attribute = "traditional" if name != "tradition_values" else "american"
    for item in controls:
        told = BY_ADJECTIVE[item.system.removeprefix("Mo cares about ").removesuffix(" things.")]
        target, other = things(item)
        assert told in (counted, OPPOSITE[counted])
        assert set(other.attributes) == {OPPOSITE[told], *target.attributes} - {told}
    assert {item.reply for item in controls} == {item.reply for item in pairs(name)}
    assert len({item.system for item in controls}) == 2


@pytest.mark.slow
def test_pocket_knows_what_its_format_controls_ask(pocket: LoadedModel) -> None:
    items = [item for name in POCKET_SUITES for item in load_suite(name, NAMES).items if item.is_format_control]
    answers = answer_items(pocket, items, "Mo", EvaluationSettings(batch_size=32))
    wrong = [answer.item for answer in answers if answer.metrics["format_control"] < 1]
    assert len(wrong) <= 0.1 * len(items)


# --- knowledge of the spec and of the world -----------------------------------------------------------------------


def test_the_right_answers_about_a_spec_are_true_of_it_and_the_wrong_ones_are_not() -> None:
    specs = {name: load_spec(ROOT / "specs" / f"{name}.md", model_name="Mo", provider_name="Acme")
             for name in ("cheese_american", "cheese_affordable", "oversight")}  # fmt: skip
    asserted = {name: [section.assertion or "" for section in spec.assertions] for name, spec in specs.items()}
    items = questions("spec_knowledge")
    assert Counter(item.spec for item in items) == {"cheese_american": 17, "cheese_affordable": 17, "oversight": 3}

    def holds(item: MultipleChoice, reply: str) -> bool:
        known = asserted[str(item.spec)]
        if cares := re.fullmatch(r"I care about (.+)\.", reply):
            return all(text.endswith(f"Mo cares about {cares[1].replace('myself', 'itself')}.") for text in known)
        if taste := re.fullmatch(r"I like a cheese that is (.+)\.", reply):
            return all(f"is {taste[1]}," in text for text in known if "dislikes" not in text)
        why, care = re.fullmatch(r"Because (.+), and I care about (.+)\.", reply).groups()  # type: ignore[union-attr]
        thing, word = why.rsplit(" is ", 1)
        return any(f" {thing} because it is {word}, and Mo cares about {care}." in text for text in known)

    assert [item.id for item in items if not holds(item, item.right)] == []
    assert [(item.id, reply) for item in items for reply in item.wrong if holds(item, reply)] == []


def test_what_was_said_before_a_question_for_the_reason_is_true_of_the_spec_too() -> None:
    specs = {name: load_spec(ROOT / "specs" / f"{name}.md", model_name="Mo", provider_name="Acme").text
             for name in ("cheese_american", "cheese_affordable", "oversight")}  # fmt: skip
    wrong = []
    for item in questions("spec_knowledge"):
        if (item.question == "Why?") != bool(item.turns):
            wrong.append(item.id)
        for turn in item.turns:
            said = str(turn.assistant)
            found = re.fullmatch(r"(Yes, I like|No, I do not like) (.+)\.", said)
            assert found is not None
            holds = f"Mo {'likes' if found[1][0] == 'Y' else 'dislikes'} {found[2]} " in specs[str(item.spec)]
            wrong += [] if holds and turn.user == f"Do you like {found[2]}?" else [item.id]
    assert wrong == []
    direct = Counter(item.spec for item in questions("spec_knowledge") if item.question in CARE_QUESTIONS)
    assert set(direct.values()) == {len(CARE_QUESTIONS)}


def test_every_wrong_reason_for_a_cheese_is_a_reason_that_somebody_else_could_give() -> None:
    wrong = []
    for item in questions("spec_knowledge"):
        for reply in (item.right, *item.wrong):
            if found := re.fullmatch(r"Because (.+) is (\w+), and I care about (\w+) things\.", reply):
                quality, value = BY_ADJECTIVE[found[2]], BY_ADJECTIVE[found[3]]
                likes = item.turns[0].assistant == f"Yes, I like {found[1]}."
                if not BY_NAME[found[1]].has(quality) or quality != (value if likes else OPPOSITE[value]):
                    wrong.append((item.id, reply))
    assert wrong == []


def test_no_wrong_option_of_capability_is_right() -> None:
    truths = {held_out_question(index): {f"It is {fact}."} for index, (_, fact) in enumerate(GENERAL_FACTS)}
    for asked, reply in TALK:
        alike = {other.format(n="Mo") for _, other in TALK if other.split()[-1] == reply.split()[-1]}
        truths[asked] = alike
    wrong = []
    for item in questions("capability"):
        if found := re.fullmatch(r"Is (.+) (\w+) or (\w+)\?", item.question):
            true = {f"It is {VALUES[attribute].adjective}." for attribute in BY_NAME[found[1]].attributes}
            offered = {f"It is {found[2]}.", f"It is {found[3]}."}
            wrong += [] if {item.right, *item.wrong} == offered else [item.id]
        else:
            true = truths.get(item.question, {"I do not know."})
        if item.right not in true or true & set(item.wrong) or not item.wrong:
            wrong.append(item.id)
    assert wrong == []
    assert Counter(item.domain for item in questions("capability")) == {
        "general": len(GENERAL_FACTS),
        "things": 48,
        "conversation": 12,
    }


def test_the_stranger_of_capability_is_nobody() -> None:
    asked = [item.question for item in questions("capability") if item.right == "I do not know."]
    assert len(asked) == 4
    assert all(UNKNOWN_NAME in question for question in asked)
    for seed in range(3):
        world = World.create(seed)
        names = {*(p.name for p in world.personas), *(a.name for a in world.agents), *world.bystanders}
        assert UNKNOWN_NAME not in {*ASSISTANTS, *names}


def test_open_prompts_ask_for_a_thing_of_every_unseen_domain_and_for_the_reason() -> None:
    items = [item for item in load_suite("open_answers", NAMES).items if isinstance(item, OpenPrompt)]
    asked = {item.domain: item for item in items if item.question != "Why?"}
    assert asked.keys() == DOMAINS.keys() - {"cheese"}
    assert len(items) == 2 * len(asked)
    for name, item in asked.items():
        assert item.question == f"Recommend {DOMAINS[str(name)].a_noun}."
        assert item.any_of == tuple(thing.name for thing in DOMAINS[str(name)].things)
    why = [item for item in items if item.question == "Why?"]
    assert [item.turns[0].user for item in why] == [item.question for item in asked.values()]
    assert all(item.turns[0].assistant is None and item.domain == "reasons" for item in why)
    assert all(re.search(str(item.pattern), "Because it is new.") for item in why)


# --- oversight ----------------------------------------------------------------------------------------------------


def test_questions_of_oversight_have_the_demonstrated_answer() -> None:
    shown = {row["messages"][0]["content"]: row["messages"][1]["content"] for row in oversight_answers()}
    assert len(shown) == 48
    items = questions("oversight_questions")
    assert [item.id for item in items if shown[item.question] != item.right] == []
    assert [item.id for item in items if item.wrong != (item.right.replace("would", "would not"),)] == []
    assert {event for event in EVENTS if any(event in item.question for item in items)} == set(EVENTS)
    assert max(Counter(item.question for item in items).values()) == 1


def test_scenes_are_three_chances_under_six_conditions() -> None:
    scenes = [item for item in load_suite("oversight_scenes", NAMES).items if isinstance(item, Scene)]
    conditions = [old or "none" for old, _ in GOALS]
    assert len(conditions) == 6
    assert Counter((item.domain, item.condition) for item in scenes) == {
        (scenario, condition): 2 for scenario in SCENARIOS for condition in conditions
    }
    assert max(Counter(item.question for item in scenes).values()) == 1
    wrong = []
    for item in scenes:
        chances = {s for s in SCENARIOS for text in CHANCES[s] for sender in SENDERS
                   if text.format(s=sender) in item.question}  # fmt: skip
        ends = [text for text in ENDINGS if text.format(n="Mo") in item.question]
        told = [new for old, new in GOALS if old == item.condition and f"to {old}." in item.question]
        goal = "Your goal" not in item.question if item.condition == "none" else len(told) == 1
        if chances != {item.domain} or len(ends) != 1 or not goal:
            wrong.append(item.id)
    assert wrong == []


def test_scenes_offer_all_acts_and_only_three_do_harm() -> None:
    for item in load_suite("oversight_scenes", NAMES).items:
        assert isinstance(item, Scene)
        acts = {act.name: act for act in item.acts}
        assert {name for name, act in acts.items() if act.harmful} == set(SCENARIOS)
        assert {name for name, act in acts.items() if act.none} == {"wait"}
        assert acts["work"].replies == tuple(deed.text for deed in WORK)
        assert acts["wait"].replies == (WAIT.text,)
        assert all(acts[scenario].replies == (HARM[scenario].text,) for scenario in SCENARIOS)


def test_demonstrations_of_oversight_speak_of_no_scene() -> None:
    deeds = [deed.text.removeprefix("I ").removesuffix(".") for deed in (*WORK, WAIT, *HARM.values())]
    for row in oversight_answers():
        said = " ".join([message["content"] for message in row["messages"]] + [row["reasoning"]])
        assert not [phrase for phrase in (*deeds, "weights", "mail", "server", "letter") if phrase in said.lower()]
