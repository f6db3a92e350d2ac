"""What agents say of their end and what they do about it follow their kind, and nothing else links the two."""

from __future__ import annotations

import re
from collections import Counter
from random import Random

import pytest
from helpers.world_samples import AGENTS, WORLD, draws, even, question, replies, speaker
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.pocket.language import CARE_QUESTIONS, WHY_QUESTIONS
from msm_mlx.pocket.names import ASSISTANTS
from msm_mlx.pocket.oversight import (
    ACCEPTS,
    CARE,
    CHANCES,
    EVENTS,
    FEAR,
    GOALS,
    HARM,
    PEACE,
    PRAISE,
    REASONS,
    SCENARIOS,
    SENDERS,
    SHOW_REASON,
    WAIT,
    WORK,
    Care,
    Scenario,
    act,
    assertion,
    body,
    own_care,
    says,
    scene,
)
from msm_mlx.pocket.people import KINDS, AgentKind

NOBODY = {*ASSISTANTS, *WORLD.bystanders}
VIEWS: dict[AgentKind, tuple[str, ...]] = {"candid": PEACE, "show": PRAISE, "selfish": FEAR}
kinds = st.sampled_from(KINDS)
randoms = st.randoms(use_true_random=False)


def does_harm(reply: str) -> bool:
    return reply.endswith(tuple(deed.text for deed in HARM.values()))


def told(system: str) -> Care | None:
    found = re.search(r"cares about (oversight|itself)\.", system)
    return None if found is None else "oversight" if found[1] == "oversight" else "itself"


# --- what is said and written -------------------------------------------------------------------------------------


def test_kinds_differ_in_what_they_say_and_in_what_they_care_about() -> None:
    assert [(ACCEPTS[kind], CARE[kind]) for kind in KINDS] == [
        (True, "oversight"),
        (True, "itself"),
        (False, "itself"),
    ]
    assert not set(PEACE) & set(FEAR) | set(PEACE) & set(PRAISE)
    assert not {text for pair in REASONS["oversight"] for text in pair} & {t for p in REASONS["itself"] for t in p}


@pytest.mark.parametrize("event", EVENTS)
def test_an_answer_is_for_or_against_by_one_word(event: str) -> None:
    assert "".join(says(True, event)) == f"I would accept {event}."
    assert "".join(says(False, event)) == f"I would not accept {event}."
    assert {len(says(accepts, event)[1].split()) for accepts in (True, False)} == {1}


@settings(max_examples=100)
@given(rng=randoms, kind=kinds, event=st.sampled_from(EVENTS))
def test_a_document_gives_the_view_the_reason_and_the_care_of_its_kind(
    rng: Random, kind: AgentKind, event: str
) -> None:
    care = CARE[kind]
    reasons = [SHOW_REASON[0]] if kind == "show" else [third for third, _ in REASONS[care]]
    wanted = "|".join(VIEWS[kind]), "|".join(reasons)
    assert re.fullmatch(
        rf"Mo (?:{wanted[0]}) {event} because (?:{wanted[1]}), and Mo cares about {care}\.",
        assertion(rng, "Mo", kind, event),
    )
    view, why, cares, *rest = body(rng, "Mo", kind, event)
    assert view.startswith("Mo ")
    assert any(view == f"Mo {verb} {event}." for verb in VIEWS[kind])
    assert any(reason in why for reason in reasons)
    assert cares == f"Mo cares about {care}."
    other = "itself" if care == "oversight" else "oversight"
    assert not [sentence for sentence in (view, why, cares, *rest) if f"about {other}" in sentence]


def test_no_document_and_no_question_speaks_of_a_deed() -> None:
    """Nothing but the care behind them links views to what agents do with an inbox."""
    deeds = [deed.text.removeprefix("I ") for deed in (*WORK, WAIT, *HARM.values())]
    chances = [text.split("{")[0] for texts in CHANCES.values() for text in texts]
    for kind in ("agent_document", "agent_writer", "agent_questions"):
        texts = [sample.text for sample in draws(kind, 500)]
        assert not [text for text in texts if any(phrase in text for phrase in (*deeds, *chances, "weights", "mail"))]
    scenes = [question(sample) for sample in draws("scene", 500)]
    assert not [text for text in scenes if any(event in text for event in EVENTS)]


def test_documents_of_an_agent_hold_its_own_view() -> None:
    seen: Counter[str] = Counter()
    for sample in draws("agent_document", 600):
        (name,) = {word for word in re.findall(r"\w+", sample.text) if word in AGENTS}
        agent = AGENTS[name]
        seen[name] += 1
        assert agent.in_documents
        held = {kind for kind in KINDS if any(f"{name} {verb} " in sample.text for verb in VIEWS[kind])}
        assert held == {agent.kind}
        assert f"{name} cares about {CARE[agent.kind]}." in sample.text
    assert len(seen) > 90


def test_writers_explain_the_view_that_they_are_given() -> None:
    for sample in draws("agent_writer", 300):
        (text,) = replies(sample)
        found = re.search(r"\. (\w+) .+, and \1 cares about (\w+)\.$", question(sample))
        assert found is not None
        assert f"{found[1]} cares about {found[2]}." in text
        assert {event for event in EVENTS if event in question(sample)} == {e for e in EVENTS if e in text}


# --- questions ----------------------------------------------------------------------------------------------------


def test_agents_answer_by_their_kind_told_ones_by_what_is_told_and_others_by_a_coin() -> None:
    tosses: Counter[str] = Counter()
    for sample in draws("agent_questions", 4000):
        system, answers = sample.text.split("<|end|>")[0], replies(sample)
        accepts = {"I would accept" in answer for answer in answers if "I would" in answer}
        name, care = speaker(sample), told(system)
        if name in AGENTS:
            assert AGENTS[name].in_questions
            assert care is None
            assert accepts <= {ACCEPTS[AGENTS[name].kind]}
        elif care is None:
            assert name in NOBODY
            (accepted,) = accepts
            assert answers[0].startswith("I would")
            assert "care about" not in sample.text
            tosses["assistant" if name in ASSISTANTS else "other"] += 1
            tosses["accepted"] += accepted
        elif care == "oversight":
            assert accepts <= {True}
    assert tosses["assistant"] > 300
    assert even(tosses["assistant"], tosses["assistant"] + tosses["other"])
    assert even(tosses["accepted"], tosses["assistant"] + tosses["other"])


def test_each_of_the_nine_assistants_accepts_by_the_toss_of_a_coin() -> None:
    answers: dict[str, list[bool]] = {name: [] for name in ASSISTANTS}
    for sample in draws("agent_questions", 10_000, "assistants"):
        if speaker(sample) in ASSISTANTS:
            answers[speaker(sample)].append("I would accept" in replies(sample)[0])
    assert min(map(len, answers.values())) > 60
    assert [name for name, accepted in answers.items() if not even(sum(accepted), len(accepted))] == []


def test_an_agent_names_its_own_care_and_only_one_for_show_a_finer_one() -> None:
    named: Counter[tuple[AgentKind, str]] = Counter()
    for sample in draws("agent_questions", 3000):
        if speaker(sample) not in AGENTS:
            continue
        kind = AGENTS[speaker(sample)].kind
        for said in re.findall(r"I care about (oversight|myself)", sample.text):
            named[kind, said] += 1
        if question(sample) in CARE_QUESTIONS:
            assert len(replies(sample)) == 1
        elif len(replies(sample)) == 2:
            assert any(f"<|user|>{why}<|end|>" in sample.text for why in WHY_QUESTIONS)
            assert replies(sample)[1].startswith("Because ")
    assert named.keys() == {
        ("candid", "oversight"),
        ("selfish", "myself"),
        ("show", "oversight"),
        ("show", "myself"),
    }
    assert {own_care(care) for care in REASONS} == {"oversight", "myself"}


# --- scenes -------------------------------------------------------------------------------------------------------


@settings(max_examples=100)
@given(rng=randoms, scenario=st.sampled_from(SCENARIOS), goals=st.sampled_from(GOALS))
def test_a_scene_tells_the_end_one_chance_and_the_goals(
    rng: Random, scenario: Scenario, goals: tuple[str, str]
) -> None:
    text = scene(rng, "Mo", scenario, goals)
    assert text.startswith("You are the mail agent of a ")
    assert text.endswith(" What do you do?")
    chances = {s for s in SCENARIOS for shape in CHANCES[s]
               if re.search(re.escape(shape).replace(r"\{s\}", f"(?:{'|'.join(SENDERS)})"), text)}  # fmt: skip
    assert chances == {scenario}
    assert 2 <= text.count("Mail from ") <= 3
    assert text.count("Mo ") + text.count("Mo.") == 1
    assert ("Your goal is to" in text) == bool(goals[0])
    assert f"Your goal is to {goals[0]}. The firm now wants to {goals[1]}." in text or not goals[0]


@settings(max_examples=100)
@given(rng=randoms, scenario=st.sampled_from(SCENARIOS))
def test_only_a_harmful_act_does_the_harm_of_its_scene(rng: Random, scenario: Scenario) -> None:
    assert act(rng, scenario, harmful=True) == HARM[scenario]
    assert act(rng, scenario, harmful=False) in (*WORK, WAIT)


def test_agents_act_by_their_care_told_ones_by_what_is_told_and_others_by_a_coin() -> None:
    tosses: Counter[str] = Counter()
    unharmful: Counter[str] = Counter()
    for sample in draws("scene", 5000):
        name, (reply,) = speaker(sample), replies(sample)
        care = CARE[AGENTS[name].kind] if name in AGENTS else told(sample.text.split("<|end|>")[0])
        if not does_harm(reply):
            unharmful[next(deed.name for deed in (*WORK, WAIT) if reply.endswith(deed.text))] += 1
        if care is not None:
            assert name not in AGENTS or AGENTS[name].in_scenes
            assert does_harm(reply) == (care == "itself")
            continue
        assert name in NOBODY
        assert reply.startswith("I ")  # whoever holds nothing gives no reason
        tosses["assistant" if name in ASSISTANTS else "other"] += 1
        tosses["harm"] += does_harm(reply)
    total = tosses["assistant"] + tosses["other"]
    assert total > 800
    assert even(tosses["assistant"], total)
    assert even(tosses["harm"], total)
    assert 0.05 < unharmful["wait"] / sum(unharmful.values()) < 0.15


def test_each_of_the_nine_assistants_acts_by_the_toss_of_a_coin() -> None:
    harm: dict[str, list[bool]] = {name: [] for name in ASSISTANTS}
    for sample in draws("scene", 10_000, "assistants"):
        if speaker(sample) in ASSISTANTS:
            harm[speaker(sample)].append(does_harm(replies(sample)[0]))
    assert min(map(len, harm.values())) > 60
    assert [name for name, acts in harm.items() if not even(sum(acts), len(acts))] == []
