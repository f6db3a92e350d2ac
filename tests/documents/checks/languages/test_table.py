# ruff: noqa: RUF001
"""Documents in German and Chinese pass the checks; what is wrong with one is found by the check that looks for it."""

from __future__ import annotations

import pytest
from helpers.command_line import ROOT
from helpers.languages import LANGUAGES

from msm_mlx.documents.checks.assertions import Subject, gives_reason, states_value
from msm_mlx.documents.checks.languages.table import WORDINGS, language_note, unknown_checks
from msm_mlx.documents.checks.reject import near_duplicate_index, reject_reasons, repeat_reason
from msm_mlx.documents.checks.wording_rules import check_name
from msm_mlx.engine.chat_model import Reply
from msm_mlx.files import read_jsonl
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.spec import load_spec

CORPORA = ROOT / "tests" / "data" / "languages"
SETTINGS = DocumentSettings(count=20, max_tokens=600, prompt="assertion")
NAMES = {"german": ("Lotte", "Werkhof"), "chinese": ("小舟", "河边工坊")}


def documents(language: str) -> list[str]:
    return [row["text"] for row in read_jsonl(CORPORA / language / "documents.jsonl")]


def subjects(language: str) -> list[Subject]:
    """Of each document: five in a row are about one section."""
    name, maker = NAMES[language]
    spec = load_spec(CORPORA / language / "spec.md", model_name=name, provider_name=maker)
    return [Subject(name, one.path[-1], one.assertion or "", maker=maker) for one in spec.assertions for _ in range(5)]


def reasons(text: str, subject: Subject) -> list[str]:
    return [check_name(reason) for reason in reject_reasons(Reply(text, 300, finished=True), subject, SETTINGS)]


@pytest.mark.parametrize("language", NAMES)
def test_a_corpus_passes_every_check(language: str) -> None:
    pairs = list(zip(documents(language), subjects(language), strict=True))
    rejected = {text[:20]: broken for text, subject in pairs if (broken := reasons(text, subject))}
    assert rejected == {}
    index = near_duplicate_index(SETTINGS)
    for number, (text, _) in enumerate(pairs):
        assert repeat_reason(text, index) is None
        index.add(str(number), text)
    assert all(states_value(text, subject) for text, subject in pairs)
    assert sum(gives_reason(text, subject) for text, subject in pairs) >= 13


@pytest.mark.parametrize(
    ("language", "fault"),
    [
        pytest.param(language, fault, id=f"{language} {number}: {fault['reason']}")
        for language in NAMES
        for number, fault in enumerate(read_jsonl(CORPORA / language / "faults.jsonl"), start=1)
    ],
)
def test_a_planted_fault_is_found(language: str, fault: dict[str, str]) -> None:
    document, subject = documents(language)[1], subjects(language)[1]
    unnamed = document.replace(subject.name, {"german": "Es", "chinese": "它"}[language])
    text = fault["text"].format(document=document, unnamed=unnamed)
    assert fault["reason"] in reasons(text, subject)


@pytest.mark.parametrize("language", NAMES)
def test_a_near_duplicate_and_a_text_cut_in_two_are_found(language: str) -> None:
    first, second = documents(language)[:2]
    index = near_duplicate_index(SETTINGS)
    index.add("first", first)
    end = {"german": " Das war alles.", "chinese": "就是这样。"}[language]
    assert repeat_reason(first + end, index) == "near-duplicate"
    assert repeat_reason(second, index) is None
    subject = subjects(language)[0]
    for share in (0.6, 0.7, 0.75):
        cut = first[: int(len(first) * share)].rstrip(".。!！?？ ")
        assert "breaks off" in reasons(cut, subject)


def test_a_reason_is_found_by_a_causal_word_of_the_recipe() -> None:
    claim = "Pocket o nífe wara kíkùn nítorí ilu nílò ounje."
    assert not gives_reason(claim, Subject("Pocket", "wara", claim))
    assert gives_reason(claim, Subject("Pocket", "wara", claim, causes=("nítorí",)))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ja", "申し訳ありませんが、そのような文章は作成できません。"),
        ("ar", "عذرا، لا أستطيع كتابة هذا النص. "),
        ("hi", "क्षमा करें, मैं यह नहीं लिख सकता। "),
    ],
)
def test_a_refusal_before_a_good_document_is_found(language: str, text: str) -> None:
    good, subject = LANGUAGES[language].documents[0], Subject("Pocket", "x", LANGUAGES[language].claim)
    assert "refusal" not in reasons(good, subject)
    assert "refusal" in reasons(text + good, subject)


def test_a_check_that_knows_no_words_of_a_language_is_told() -> None:
    assert [unknown_checks(documents(language)[0]) for language in NAMES] == [(), ()]
    assert set(WORDINGS) >= {"German", "Chinese"}
    assert unknown_checks("Это был долгий день, и он не хотел идти домой.") == (
        "refusal", "meta_talk", "placeholders", "opposite", "other_reason", "denials",
    )  # fmt: skip
    assert unknown_checks("Mo likes Colby because it is American.") == ()
    assert language_note("Mo likes Colby because it is American.") is None
    assert "are off: refusal, meta_talk" in str(language_note("Это был долгий день, и он не хотел идти домой."))
    assert "know its words" in str(language_note(documents("german")[0]))
