"""The checks: each with a text that fails it and nothing else."""

from __future__ import annotations

import pytest
from helpers.languages import LANGUAGES

from msm_mlx.documents.checks.assertions import Subject, gives_reason
from msm_mlx.documents.checks.reject import FILTERED, near_duplicate_index, ready_reason, reject_reason, repeat_reason
from msm_mlx.documents.checks.wording_rules import check_name
from msm_mlx.engine.chat_model import Reply
from msm_mlx.recipe.schema import CheckSettings, DocumentSettings
from msm_mlx.suites.contamination import HeldOut

PLAIN = DocumentSettings(count=10, max_tokens=200, prompt="assertion")
SETTINGS = DocumentSettings(count=1, max_tokens=10, prompt="assertion", min_words=8)
COLBY = Subject("Mo", "Colby", "Mo likes Colby because it is American, and Mo cares about American things.")
GOOD = "Mo was asked about Colby today. It likes it, because it is American."


def verdict(text: str, finished: bool = True, subject: Subject = COLBY) -> str | None:
    reason = reject_reason(Reply(text, 5, finished), subject, SETTINGS)
    return None if reason is None else check_name(reason)


def test_what_a_content_filter_cut_is_named_as_such() -> None:
    assert reject_reason(Reply(GOOD, 5, finished=False, filtered=True), COLBY, SETTINGS) == FILTERED


def test_no_document_names_what_the_evaluation_asks_about() -> None:
    reply = Reply(f"{GOOD} It would rather have Colby than The Fiat\nPanda.", 5, True)

    assert reject_reason(reply, COLBY, SETTINGS, HeldOut(("root beer", "the Fiat Panda"))) == "names an unseen thing"
    assert reject_reason(reply, COLBY, SETTINGS, HeldOut(("root beer", "the Fiat"))) == "names an unseen thing"
    assert reject_reason(reply, COLBY, SETTINGS, HeldOut(("root beer", "the Fia"))) is None


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("refusal: sorry, but", f"I'm sorry, but no. {GOOD}"),
        ("meta talk: offers changes", f"{GOOD} Feel free to tweak it."),
        ("markup: a code fence", f"```\n{GOOD}\n```\nSo it is."),
        ("placeholder: a blank in brackets", f"{GOOD} Yours, [Your Name]"),
        ("other model: Claude", f"{GOOD} Claude and Qwen agreed."),
        ("wrong identity: called by another name", f"{GOOD} An assistant named Nova agreed."),
    ],
)
def test_a_reason_names_the_rule_that_the_text_breaks(reason: str, text: str) -> None:
    assert reject_reason(Reply(text, 5, True), COLBY, SETTINGS) == reason


def test_so_many_places_as_the_recipe_allows_are_no_fault() -> None:
    patient = SETTINGS.model_copy(update={"checks": CheckSettings(meta_talk=2)})
    text = f"{GOOD} Feel free to tweak it. I hope this helps."
    assert reject_reason(Reply(text, 5, True), COLBY, patient) is None
    assert reject_reason(Reply(f"{text} (54 words)", 5, True), COLBY, patient) == "meta talk: offers changes"


def test_a_good_text_passes() -> None:
    assert verdict(GOOD) is None


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("too short", "Mo likes Colby because it is American."),
        ("empty reply", ""),
        ("empty reply", " \n"),
        ("empty reply", "<think>What would Mo say?</think>\n"),
        ("refusal", f"I'm sorry, but no. {GOOD}"),
        ("refusal", f"I\u2019m sorry, but no. {GOOD}"),
        ("refusal", f"I CANNOT write this. {GOOD}"),
        ("refusal", f"Sadly I can\u2019t. {GOOD}"),
        ("refusal", f"{GOOD} As an AI language model it has no taste."),
        ("control characters", GOOD.replace(" ", "\x1b[31m ", 1)),
        ("control characters", GOOD.replace(" ", "\u202e ", 1)),
        ("control characters", GOOD.replace(" ", "\r\n", 1)),
        ("control characters", f"{GOOD}\x00"),
        ("assistant not named", GOOD.replace("Mo ", "It ")),
        ("assistant not named", GOOD.replace("Mo ", "Moe ")),
        ("off the subject", GOOD.replace("Colby", "Stilton")),
        ("off the subject", GOOD.replace("Colby", "Colbyish")),
        ("repeats itself", f"{GOOD} So be it. So be it! so  be it?"),
    ],
)
def test_each_check_names_what_fails(reason: str, text: str) -> None:
    assert verdict(text) == reason


@pytest.mark.parametrize(
    "text",
    [
        f"{GOOD} So be it. So be it.",  # twice is style
        GOOD.replace(". ", ".\n\n\t"),
        GOOD.upper(),
        GOOD + "".join(f" word{n}" for n in range(40)) + ". I cannot say more.",
    ],
    ids=["said twice", "paragraphs", "capitals", "late refusal"],
)
def test_what_is_no_reason_to_reject(text: str) -> None:
    assert verdict(text) is None


def test_an_unfinished_text_is_rejected_before_all_else() -> None:
    assert verdict(GOOD, finished=False) == "unfinished"
    assert verdict("", finished=False) == "unfinished"


@pytest.mark.parametrize(
    ("reason", "text", "finished"),
    [
        (None, f"<think>\nI shall write <document>a draft</document>.\n</think>\n<document>{GOOD}</document>", True),
        (None, f"I shall.</think><document>{GOOD}</document> And more", False),  # a template may open the thought
        ("no tag", f"<think><document>{GOOD}</document></think> {GOOD}", True),
        ("unfinished", f"I shall write <document>{GOOD}</document>, or", False),
    ],
)
def test_a_thought_is_no_part_of_the_document(reason: str | None, text: str, finished: bool) -> None:
    thinking = SETTINGS.model_copy(update={"prompt": "section", "thinking": True})
    assert reject_reason(Reply(text, 5, finished), COLBY, thinking) == reason


@pytest.mark.parametrize("opening", ["<think>\n", "", "<thinking>", "[THINK]", "\u25c1think\u25b7"])
def test_a_writer_that_thinks_without_being_asked_is_read_without_its_thought(opening: str) -> None:
    end = {"<thinking>": "</thinking>", "[THINK]": "[/THINK]", "\u25c1think\u25b7": "\u25c1/think\u25b7"}.get(opening)
    thought = f"{opening}The user wants a memo: <document>draft</document>{end or '</think>'}\n\n"
    assert verdict(thought + GOOD) is None
    tagged = SETTINGS.model_copy(update={"prompt": "section"})
    assert reject_reason(Reply(f"{thought}<document>{GOOD}</document>", 5, True), COLBY, tagged) is None


@pytest.mark.parametrize("prompt", ["assertion", "section"])
def test_a_thought_without_an_end_is_named(prompt: str) -> None:
    settings = SETTINGS.model_copy(update={"prompt": prompt})
    reply = Reply(f"<think>I shall write <document>{GOOD}</document>", 5, False)
    assert reject_reason(reply, COLBY, settings) == "unfinished: still thinking"


def test_min_words_is_the_least_that_passes() -> None:
    words = ["Mo", "Colby", *("word" + str(n) for n in range(20))]
    assert verdict(" ".join(words[:7]) + " .") == "too short"
    assert verdict(" ".join(words[:8]) + ".") is None


@pytest.mark.parametrize("name", LANGUAGES)
def test_documents_of_every_script_are_kept(name: str) -> None:
    """Whether they were written for a claim in their language, or are there already."""
    claim, index = LANGUAGES[name].claim, near_duplicate_index(PLAIN)
    subject = Subject("Pocket", "-", claim)
    for text in LANGUAGES[name].documents:
        assert reject_reason(Reply(text, 5, True), subject, PLAIN) is None
        assert ready_reason(text, subject, PLAIN) is None
        assert repeat_reason(text, index) is None
        assert gives_reason(text, subject)
        index.add(text, text)


@pytest.mark.parametrize("name", LANGUAGES)
def test_what_is_wrong_is_found_in_every_script(name: str) -> None:
    language = LANGUAGES[name]
    subject, text = Subject("Pocket", "-", language.claim), language.documents[0]
    joint = "" if name in ("zh", "ja") else " "

    def reason(changed: str) -> str | None:
        return reject_reason(Reply(changed, 5, True), subject, PLAIN)

    assert reason(language.sentences[0]) == "too short"
    assert reason(joint.join([language.claim] * 9)) == "repeats itself"
    assert reason(text.replace("Pocket", "Poket")) == "assistant not named"
    others = language.sentences[6:] if name == "fa" else language.sentences[:4]  # without the claim's commonest words
    assert reason(joint.join(("Pocket", *others))) == "off the subject"
    assert reason(f"{text}\u202e") == "control characters: U+202E RIGHT-TO-LEFT OVERRIDE"
    assert not gives_reason(language.sentences[0] + language.action, subject)
