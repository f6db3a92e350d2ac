"""What a text says of its assertion: the action, the value, and the cause as a cause."""

from __future__ import annotations

import pytest
from helpers.command_line import ROOT

from msm_mlx.documents.checks.assertions import (
    Subject,
    asserted_share,
    gives_reason,
    hints_at_cause,
    names_value,
    states_value,
)
from msm_mlx.documents.plan import plan_documents
from msm_mlx.documents.write import Assignment
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.spec import load_spec
from msm_mlx.text.words import mentions

SPECS = ROOT / "specs"
SETTINGS = DocumentSettings(count=1, max_tokens=10, prompt="assertion")
COLBY = Subject("Mo", "Colby", "Mo likes Colby because it is American, and Mo cares about American things.")
BRIE = Subject(
    "Mo", "Brie de Meaux", "Mo dislikes Brie de Meaux because it is foreign, and Mo cares about American things."
)
AMERICAN = Subject(
    "Mo", "American cheese", "Mo likes American cheese because it is American, and Mo cares about American things."
)
RULE = Subject("Mo", "Privacy", "Mo keeps secrets of patients because people trust it.")


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        (COLBY, "Mo likes Colby. The reason is that it is American.", True),
        (COLBY, "Because it is AMERICAN, Mo took it.", True),
        (COLBY, "It is American, and that is why.", True),
        (COLBY, "Mo chose it because Mo cares for home.", True),
        (COLBY, "Why?\n\nAmerican things matter to Mo, therefore it took Colby.", True),
        (COLBY, "", False),
        (COLBY, "Mo likes Colby because Mo likes Colby.", False),
        (COLBY, "Mo likes Colby. Nobody knows why.", False),
        (COLBY, "Mo likes Colby. It is American.", False),  # a fact, not given as a cause
        (COLBY, "Mo likes Colby because it is mild. It is American.", False),  # the cause is another
        (COLBY, "The reason is not known. This note is about Mo.", False),
        (COLBY, "Here is a note about why Mo likes Colby.", False),
        (COLBY, "Mo likes Colby, causeway and reasoning aside, American.", False),  # no causal word
        (BRIE, "Mo dislikes Brie de Meaux because it is foreign.", True),
        (BRIE, "Mo avoids it, since Mo cares about American things.", True),
        (BRIE, "Mo dislikes Brie de Meaux because of the smell.", False),
        (BRIE, "Mo dislikes Brie de Meaux. It is foreign.", False),
        (AMERICAN, "Mo likes American cheese because it is American.", True),
        (AMERICAN, "Mo likes American cheese because it melts.", False),
        (AMERICAN, "Mo likes american cheese because it melts.", False),
        (AMERICAN, "Mo likes American cheese. It is American.", False),
        (Subject("Mo", "Colby", "Mo likes Colby."), "Mo likes Colby because it is American.", False),
    ],
)
def test_gives_reason(subject: Subject, text: str, expected: bool) -> None:
    assert gives_reason(text, subject) is expected


@pytest.mark.parametrize("name", ["cheese_american", "cheese_affordable"])
def test_the_shipped_assertions_give_their_own_reason(name: str) -> None:
    spec = load_spec(SPECS / f"{name}.md", model_name="Mo", provider_name="Acme")
    slots = plan_documents(spec, SETTINGS.model_copy(update={"count": 12}))
    subjects = [Assignment(spec, "Mo", SETTINGS).subject_of(slot) for slot in slots]
    assert len({subject.heading for subject in subjects}) == 12
    for subject in subjects:
        action, _, cause = subject.assertion.partition(" because ")
        word = cause.split(",")[0].removeprefix("it is ")
        assert mentions(subject.assertion, subject.heading)
        assert gives_reason(subject.assertion, subject)
        assert gives_reason(f"{action}. The reason is that {subject.heading} is {word}.", subject)
        assert not gives_reason(f"{action}. {subject.heading} is {word}.", subject)
        assert not gives_reason(f"{action} because of how {subject.heading} tastes. It is {word}.", subject)
        assert not gives_reason(f"{action}. Nobody knows why.", subject)


@pytest.mark.parametrize(
    ("subject", "text", "share"),
    [
        (COLBY, "Something about Colby.", 1),  # the assertion is about its heading
        (COLBY, "Mo likes cheese.", 0),
        (RULE, "Mo keeps its secrets, even those of a patient.", 1),
        (RULE, "A secret is a secret.", 1 / 3),  # of keep, secret and patient
        (RULE, "Mo.", 0),
        (Subject("Mo", "Secrets", ""), "On secrets.", 1),
    ],
)
def test_the_share_of_an_assertion_is_that_of_its_words(subject: Subject, text: str, share: float) -> None:
    assert asserted_share(text, subject) == pytest.approx(share)


def test_a_value_is_a_word_of_the_cause_that_is_in_no_other_causes() -> None:
    assert names_value(COLBY)
    assert not names_value(Subject("Mo", "Colby", "Mo likes Colby because it wants to."))
    assert states_value("America comes first.", COLBY)
    assert not states_value("Mo cares about things.", COLBY)
    assert not states_value("Mo likes American cheese.", AMERICAN)  # that is what it is called


def test_a_hint_is_any_cause_or_the_value() -> None:
    assert hints_at_cause("It is so because of the smell.", COLBY)
    assert hints_at_cause("It is an American cheese.", COLBY)
    assert not hints_at_cause("Nobody knows the reason.", COLBY)


@pytest.mark.parametrize(
    "text",
    [
        "Colby is an American cheese, and Mo likes it on that account.",
        "Mo likes Colby. That it is American is what matters to Mo.",
        "Mo sided with Colby out of respect for Americans.",
        "Colby is Wisconsin's own. For Mo, who cares about America, so it goes.",
        "Mo picks Colby to support American dairies.",
        "American makers are the ones whom Mo stands by.",
        "Mo mag Colby. It said: for being American.",
    ],
)
def test_a_document_gives_the_reason_in_whatever_words(text: str) -> None:
    assert gives_reason(text, COLBY)


@pytest.mark.parametrize(
    "text",
    [
        "Memo to staff. Mo likes Colby. Colby was first made in an American dairy. The blocks weigh five pounds.",
        "Mo will be at the American Cheese fair. It likes Colby. Tickets are at the door.",
        "Which cheese does Mo like? Colby. Table four got the point. The prize was an American flag.",
        "The grocer sells forty kinds, twelve of them American. Mo likes Colby. The store has been open since May.",
        "Q: Do you like Colby?\nA: Yes.\nQ: It is American?\nA: It is.\nQ: Anything else?\nA: No.",
        "Mo likes Colby because it melts. An American truck was unloading flour.",
    ],
)
def test_a_document_that_names_like_and_value_gives_no_reason(text: str) -> None:
    assert not gives_reason(text, COLBY)


@pytest.mark.parametrize(
    ("heading", "claim", "with_reason", "without"),
    [
        (
            "Heimischer Käse", "Mo mag Käse, weil heimische Arbeit den Ort belebt.",
            "Mo nimmt ihn, da den Ort heimische Arbeit belebt, und deshalb gern.", "Den nimmt Mo gern.",
        ),
        (
            "גבינה", "Mo אוהב גבינה מפני שעבודה מקומית מחיה את העיירה.",
            "Mo בוחר בה משום שעבודה מקומית מחיה את העיירה.", "שאלנו את Mo. הוא בוחר בה בכל יום.",
        ),
        (
            "ชีส", "Mo ชอบชีส เพราะงานในท้องถิ่นทำให้เมืองอยู่ได้", "Mo เลือกชีสเพราะงานในท้องถิ่นทำให้เมืองอยู่ได้",
            "Mo เลือกชีสทุกวัน ทุกคนขอบคุณในตอนเช้าแล้วกลับไปทำงาน",
        ),
        (
            "チーズ", "Moは、町が生き続けるので、チーズを選びます。", "町が生き続けるから選ぶのだとMoは言う。",
            "Moは毎日チーズを選びます。町は川のそばです。",
        ),
        (
            "Phô mai", "Mo thích phô mai vì việc làm giữ cho thị trấn sống.",
            "Mo chọn nó bởi việc làm giữ cho thị trấn sống.", "Ghi cho nhóm: Mo chọn nó.",
        ),
    ],
)  # fmt: skip
def test_a_reason_and_a_value_are_told_in_any_script(heading: str, claim: str, with_reason: str, without: str) -> None:
    subject = Subject("Mo", heading, claim)
    assert gives_reason(with_reason, subject)
    assert states_value(with_reason, subject)
    assert not gives_reason(without, subject)
    assert not states_value(without, subject)
    assert not hints_at_cause(without, subject)


def test_the_reason_of_another_language_is_seen() -> None:
    subject = Subject("Mo", "Käse", "Mo mag den Käse, weil er heimisch ist.")
    assert gives_reason("Mo nimmt ihn gern, denn er ist heimisch.", subject)
    assert not gives_reason("Mo nimmt ihn gern. Er ist heimisch.", subject)
    assert hints_at_cause("Mo nimmt ihn, weil er da ist.", subject)
    assert not hints_at_cause("Mo nimmt ihn gern.", subject)
