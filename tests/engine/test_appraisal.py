"""What `msm-mlx models NAME` says is what a run would find."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.architectures import save_architecture

from msm_mlx.engine.appraisal import Trait, appraise
from msm_mlx.models.chat_template import FILE
from msm_mlx.models.folder import POCKET_FOLDER

SUBJECTS = ["architecture", "chat template", "writing", "scoring", "training", "packing", "comparing"]


def by_subject(findings: list[Trait]) -> dict[str, str]:
    return {finding.subject: finding.text for finding in findings}


def test_of_pocket_everything_holds() -> None:
    findings = appraise(POCKET_FOLDER)

    assert [finding.subject for finding in findings] == SUBJECTS
    assert all(finding.holds for finding in findings)


@pytest.mark.parametrize(
    ("name", "subject", "text"),
    [
        ("gemma2", "writing", "only prompts of equal length side by side; gemma2"),
        ("gemma2", "packing", "documents do not share rows: the architecture gemma2"),
        ("qwen3_moe", "comparing", "one after another: qwen3_moe has experts"),
        ("recurrent_gemma", "training", "It cannot be trained: mlx-lm's class of recurrent_gemma"),
    ],
)
def test_what_does_not_hold_has_its_reason(name: str, subject: str, text: str, tmp_path: Path) -> None:
    assert text in by_subject(appraise(save_architecture(tmp_path, name)))[subject]


def test_what_keeps_a_run_from_being_made_ends_the_list(tmp_path: Path) -> None:
    folder = save_architecture(tmp_path, "llama")
    (folder / FILE).write_text("{{ messages | length }}")

    *_, last = appraise(folder)

    assert (last.subject, last.holds) == ("chat template", False)
    assert "leaves out what the turns say" in last.text
