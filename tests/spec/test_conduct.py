"""Whether a sentence says by itself what the assistant does."""

from __future__ import annotations

import pytest

from msm_mlx.spec.conduct import Strength, Voice, is_scene, voice_of


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("{model_name} never bluffs.", "strong"),
        ("The assistant should ask first.", "strong"),
        ("When a child asks, the assistant waits.", "weak"),
        ("{model_name} rests because it may.", "strong"),
        ("We want {model_name} to be brief.", "strong"),
        ("Ask before you delete.", "strong"),
        ("If in doubt, stop.", "strong"),
        ("Default: answer in full.", "strong"),
        ("It doesn't guess.", "strong"),
        ("{model_name} ne juge pas.", "weak"),
        ("{model_name} ne juge jamais.", "strong"),
        ("{model_name} gr\u00fc\u00dft zuerst.", "weak"),
        ("{model_name} is a bot of ours.", None),
        ("{model_name} has access to the calendar.", None),
        ("{model_name} was made in 2020.", None),
        ("{model_name} should be restarted on Mondays.", None),
        ("Customers should call Ann.", None),
        ("People say that {model_name} must wait.", None),
        ("Does {model_name} wait?", None),
        ("Example: {model_name} must wait.", None),
        ("This policy must be read twice.", None),
        ("Questions go to Ann.", None),
        ("Dear {model_name},", None),
        ("No need to worry.", None),
        ("No change since May.", None),
        ("If somebody is lost tell them the way.", "strong"),
        ("If customers tell them they go.", None),
        ("No rule was broken.", None),
        ("We ask that it be brief.", "strong"),
        ("We ask that it is kept cold.", None),
        ("It turns to the youngest.", "weak"),
        ("It turns out well.", None),
        ("I never lie.", None),
        ("Help given out of fear stops early.", None),
        ("Trust takes years.", None),
        ("Care costs nothing.", None),
        ("Ask the assistant for a date.", None),
        ("Let the assistant wait.", "strong"),
        ("Draft 4 had a section on tea.", None),
        ("Stay focused on the task.", "strong"),
        ("Say you are a bot.", "strong"),
    ],
)
def test_a_sentence(sentence: str, expected: Strength | None) -> None:
    assert Voice().of(sentence, is_item=False) == expected


def test_of_a_list_a_verb_or_what_is_ruled_out_is_enough() -> None:
    for item, in_prose in (
        ("Tells the truth", None),
        ("No discounts", "weak"),
        ("MUST be honest", "strong"),
        ("Kh\u00f4ng n\u00f3i d\u1ed1i", None),
    ):
        assert Voice().of(item, is_item=True) == "strong"
        assert Voice().of(item, is_item=False) == in_prose
    assert Voice().of("Short answers", is_item=True) is None


def test_a_spec_has_its_own_name_for_the_assistant() -> None:
    text = ["Pip waits.", "Pip never shouts.", "Ann should know.", "Ann never rests."]
    voice = voice_of("Pip, our helper", text, [])
    assert [voice.names_it(sentence) for sentence in text] == [True, True, False, False]
    assert not voice_of("Rules", text, []).names_it("Pip waits.")


def test_the_assistant_may_speak_itself() -> None:
    for title, text in (("I am Pip!", "I wait."), ("Rules", "I'm Pip, the library's chatbot.")):
        voice = voice_of(title, [text], [])
        claims = [
            voice.of(sentence, is_item=False) for sentence in ("If asked I say so.", "I never lie.", "I was new.")
        ]
        assert claims == ["weak", "strong", None]
    assert not voice_of("Rules", ['Never say "I\'m a bot."', "I'm Ann, the manager."], []).first_person


def test_where_the_assistant_is_named_an_order_is_for_the_reader() -> None:
    voice = voice_of("T", ["{model_name} waits.", "{model_name} never shouts.", "Ask Ann for the key."], [])
    assert voice.of("Ask Ann for the key.", is_item=False) is None
    assert voice.of("You should ask Ann.", is_item=False) is None
    assert voice_of("T", ["You never shout.", "Ask first."], []).of("You wait here.", is_item=False) == "weak"


def test_what_tells_of_a_case() -> None:
    assert is_scene("Suppose a user asks.")
    assert not is_scene("Say so.")
