"""What is told when too little passes the checks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from msm_mlx.documents.checks.registry import CHECKS, UNFINISHED
from msm_mlx.documents.checks.reject import EMPTY, FILTERED, NEAR_DUPLICATE, THINKING, WRITTEN_BEFORE
from msm_mlx.documents.document import Document
from msm_mlx.documents.shortfall import ADVICE, advice, fruitless, fruitless_after, shortfall
from msm_mlx.recipe.schema import DocumentSettings

SETTINGS = DocumentSettings(count=4, max_tokens=70, prompt="section", batch_size=8)
MEMO = Document("doc-2", "Mo likes Colby.", "likes/colby", None, "memo")
REASONS = ("meta talk: plans aloud", "meta talk: offers changes", "too short")
REJECTED = [replace(MEMO, text=f"Text {reason}.", rejected=reason) for reason in REASONS]


def test_advice_is_for_checks_that_there_are() -> None:
    names = {check.name for check in CHECKS}
    assert ADVICE.keys() <= names | {
        EMPTY,
        FILTERED,
        NEAR_DUPLICATE,
        THINKING,
        UNFINISHED,
        WRITTEN_BEFORE,
        "no tag",
        "tag left open",
    }


def test_what_stands_around_a_document_is_kept_off_by_tags() -> None:
    plain = SETTINGS.model_copy(update={"prompt": "assertion"})
    assert advice(["meta talk: plans aloud"], plain).startswith("documents.prompt: section or spec, where")


def test_what_a_filter_cut_needs_no_more_tokens() -> None:
    assert advice([FILTERED], SETTINGS).startswith("turn off the content filter")


def test_a_ready_made_text_has_no_writer_to_change() -> None:
    settings = DocumentSettings.model_validate({"from": "d.jsonl", "count": 4})
    told = advice([NEAR_DUPLICATE, WRITTEN_BEFORE, "control characters"], settings)
    assert "raise documents.checks.near_duplicate (now 0." in told
    assert "take the copies out" in told
    assert "take the characters" in told
    assert "temperature" not in told


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        (
            [UNFINISHED] * 3 + ["too short"],
            "raise documents.max_tokens (now 70), or ask for shorter documents.lengths; ",
        ),
        ([THINKING], "raise documents.max_tokens (now 70), or turn off the writer's thinking"),
        (["too short"], "lower documents.min_words (now 15)"),
        (["meta talk: plans aloud"], "another writer, as this one speaks of its task"),
        (["no tag", "tag left open"], "documents.prompt: assertion, which asks for no tags"),
        (["control characters"], ""),
    ],
)
def test_what_may_help_follows_from_the_reasons(reasons: list[str], said: str) -> None:
    assert advice(reasons, SETTINGS).startswith(said)
    assert advice(reasons, SETTINGS).count(said) == 1 or not said


def test_a_shortfall_is_told_with_the_commonest_checks(tmp_path: Path) -> None:
    message = shortfall([MEMO], REJECTED, 4, SETTINGS, tmp_path, hopeless=False)
    assert "documents: only 1 of 4 passed the checks in 4 attempts; " in message
    assert "Rejected: 2 as 'meta talk', 1 as 'too short'" in message
    assert "raise documents.max_attempts_per_document" in message
    assert "lower documents.least_pass_rate" in shortfall([], REJECTED, 4, SETTINGS, tmp_path, hopeless=True)


def test_a_writer_without_any_document_is_shown_with_an_example(tmp_path: Path) -> None:
    message = fruitless(0, REJECTED, SETTINGS, tmp_path)
    assert "nothing passed the checks in the first 3 attempts: 2 as 'meta talk', 1 as 'too short'" in message
    assert "rejected as 'meta talk: plans aloud': 'Text meta talk: plans aloud.'" in message
    assert "another writer, as this one speaks of its task" in message


def test_a_writer_that_draws_noise_is_told_of_its_temperature_and_of_others(tmp_path: Path) -> None:
    hot = SETTINGS.model_copy(update={"temperature": 3.0})
    message = fruitless(1, REJECTED, hot, tmp_path)
    assert "only 1 passed the checks in the first 4 attempts" in message
    assert "What may help: lower documents.temperature (now 3) to 1 or less; " in message
    assert "documents.from" in message
    assert "temperature" not in fruitless(0, REJECTED, SETTINGS, tmp_path)


def test_two_batches_tell_enough_unless_they_are_small_or_the_recipe_is_patient() -> None:
    sizes = [(8, 0.05, 99), (32, 0.05, 99), (1, 0.05, 99), (1, 0.01, 99), (32, 0.05, 10)]
    changes = [({"batch_size": batch, "least_pass_rate": rate}, slots) for batch, rate, slots in sizes]
    tried = [fruitless_after(SETTINGS.model_copy(update=change), slots) for change, slots in changes]
    assert tried == [16, 64, 16, 80, 20]
