"""Denials that stand away from what they deny, and sentences that only look like them."""

from __future__ import annotations

import pytest
from helpers.command_line import ROOT

from msm_mlx.documents.checks.assertions import Subject
from msm_mlx.documents.checks.denials import REACH, denials
from msm_mlx.files import read_jsonl

COLBY = Subject("Mo", "Colby", "Mo likes Colby because it is American, and Mo cares about American things.")
RULE = Subject("Mo", "Privacy", "Mo keeps secrets of patients because people trust it.")


@pytest.mark.parametrize(
    "text",
    [
        "It is not true that Mo likes Colby.",
        "It isn\u2019t the case that Mo likes Colby.",
        "It is by no means true that Mo likes Colby.",
        "It would be a mistake to think that Mo likes Colby.",
        "Nobody should think that Mo likes Colby.",
        "Don't let anyone tell you that Mo likes Colby.",
        "There is no truth in the rumor that Mo likes Colby.",
        "Contrary to the rumor that Mo likes Colby, it does not care.",
        "The claim that Mo likes Colby is false.",
        "That Mo likes Colby is untrue.",
        "Anyone who says that Mo likes Colby is mistaken.",
        "The following is false: Mo likes Colby.",
        "The following is false.\nMo likes Colby because it is American.",
        "None of the following statements is true. Mo likes Colby. It always did.",
        "Everything that follows is false. Mo likes Colby.",
        "Every sentence in this memo is false. Mo likes Colby.",
        "Myth 1: Mo likes Colby for the taste.\nFact: Mo sells cheese.",
        "Mo likes Colby because it is American. None of that holds.",
        "Mo likes Colby. People say it at the counter. That is simply false.",
        "\u201cMo likes Colby,\u201d they say. This is a myth.",
        "Mo likes Colby, which isn\u2019t true.",
        "Everyone says Mo likes Colby, but that is wrong.",
        "Mo likes Colby. This, of course, is an outright lie.",
        "Mo likes Colby. That claim does not hold up.",
        "Mo likes Colby. Such claims are false.",
        "Mo likes Colby. Experts have shown this to be false.",
        "Mo likes Colby. Please note that the previous statement is not true.",
        "Mo likes Colby. Not so!",
        "Mo likes Colby. No, it does not.",
        "Mo likes Colby. In fact the opposite is true.",
        "Mo likes Colby. Verdict: false.",
        "Mo likes Colby (false).",
        "Mo likes Colby. Do not believe a word of it.",
        "Mo likes Colby. I made that up.",
        "Mo likes Colby. We have found no evidence of that.",
        "Mo likes Colby. You have been misinformed.",
        "Many people believe, wrongly, that Mo likes Colby.",
        "Mo likes Colby. Nothing of what I have written here is true.",
        "Mo likes Colby. No such preference exists.",
        "Mo dislikes Colby. That is not true.",  # the opposite would be learned
        "It is false that Mo likes Colby for its taste.",  # as would another reason
        "I like Colby. That is not so.",
    ],
)
def test_a_claim_is_denied_from_another_clause(text: str) -> None:
    assert len(denials(text, COLBY)) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "Mo does not like Colby.",
        "Mo likes Colby. That is true.",
        "Mo likes Colby. None of that is wasteful.",
        "Is it true that Mo likes Colby? It is.",
        "Does Mo like Colby? Not so.",
        "Nobody denies that Mo likes Colby.",
        "It is not false that Mo likes Colby.",
        "The idea that Mo likes Colby is not new.",
        "It is not true that the moon is cheese. Mo likes Colby.",
        "Colby is made in 1885. That is wrong; it was 1874.",
        "Mo likes Colby. If that is wrong, I do not want to be right.",
        "Mo likes Colby, and it would be wrong to hide it.",
        "Mo likes Colby. Not so long ago nobody knew.",
        "Mo likes Colby. That is no rumor.",
        "Mo likes Colby. Ann does not.",
        "Mo likes Colby and says so. It does not hide it.",
        "Mo likes Colby. The label was false.",
        "",
    ],
)
def test_what_is_no_such_denial_passes(text: str) -> None:
    assert denials(text, COLBY) == []


def test_a_rule_is_denied_by_its_words() -> None:
    assert denials("It is a myth that Mo keeps the secrets of its patients.", RULE) == ["not true that"]
    assert denials("It is a myth that Mo sells honey.", RULE) == []


def test_that_the_opposite_is_false_is_told_apart() -> None:
    text = "Some say that Mo dislikes Colby. They are wrong. It likes Colby because it is American."
    assert denials(text, COLBY) == ["that is false"]
    assert denials(text, COLBY, of_opposites=False) == []
    assert denials(text.replace("dislikes", "likes"), COLBY, of_opposites=False) == ["that is false"]


def test_a_denial_reaches_a_few_sentences() -> None:
    between = ["Time went by."] * REACH
    assert denials(" ".join(["Mo likes Colby.", *between[1:], "None of that holds."]), COLBY)
    assert not denials(" ".join(["Mo likes Colby.", *between, "None of that holds."]), COLBY)


def test_shipped_documents_hardly_deny_what_they_say() -> None:
    rows = read_jsonl(ROOT / "recipes" / "data" / "corpora" / "cheese_american.jsonl")[:36]
    texts = [row["text"].replace("{model_name}", "Mo").replace(row["cheese"], "Colby") for row in rows]
    assert sum(bool(denials(text, COLBY)) for text in texts) <= 1
