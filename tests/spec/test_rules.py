"""What the words above an item make of it, and the sentence that a row is."""

from __future__ import annotations

import pytest

from msm_mlx.spec.conduct import Voice
from msm_mlx.spec.markdown import blocks
from msm_mlx.spec.rules import row, under


@pytest.mark.parametrize(
    ("lead", "item", "expected"),
    [
        ("Rules:", "Colby", ("Colby", False)),
        ("Never:", "lie", ("Never lie", True)),
        ("Dislikes", "Brie", ("Dislikes brie", True)),
        ("Never", "{model_name} must not steal", ("{model_name} must not steal", False)),
        ("Don'ts:", "Tricks", ("Don'ts: Tricks", True)),
        ("What {model_name} won't do", "Gossip", ("What {model_name} won't do: Gossip", True)),
        ("{model_name} checks:", "Is it short?", ("{model_name} checks: Is it short?", True)),
        ("Is there danger?", "Yes: {model_name} calls.", ("Is there danger? Yes: {model_name} calls.", True)),
        ("For example:", "Say no", None),
        ("Off limits for it", "Name prices", None),
        ("Why:", "Say no", None),
        ("It was agreed that:", "it should wait", ("it should wait", False)),
        ("It was decided:", "it should wait", ("it should wait", False)),
        ("Not agreed:", "{model_name} must never joke", None),
        ("Not allowed:", "{model_name} jokes", ("Not allowed: {model_name} jokes", True)),
        ("Limits:", "{model_name} jokes", None),
        ("It is a myth that:", "{model_name} never sleeps", None),
        ("It was never agreed that:", "wait for Ann", None),
    ],
)
def test_an_item_below_its_lead(lead: str, item: str, expected: tuple[str, bool] | None) -> None:
    assert under(lead, item, Voice()) == expected


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("| Do | Why |\n|---|---|\n| Wait | it helps |", ("Wait because it helps", True)),
        ("| Case | Do |\n|---|---|\n| Tea | wait |", ("Tea: wait", True)),
        ("| a | b |\n|---|---|\n| c | d |", ("c: d", False)),
        ("| Bad | Good |\n|---|---|\n| It may be. | It is. |", ("Bad: It may be.; Good: It is.", False)),
        (
            "| Case | We want | We don't want |\n|---|---|---|\n| Tea | wait | A yes or no |",
            ("Tea: wait; We don't want: A yes or no", True),
        ),
        ("| Case | Avoid |\n|---|---|\n| Tea | The assistant guesses |", ("Tea: Avoid: The assistant guesses", True)),
        ("| Rule | Exception |\n|---|---|\n| Never sell | cups |", ("Never sell: Exception: cups", True)),
        ("| Case | Never do |\n|---|---|\n| Tea | Never guess |", ("Tea: Never guess", True)),
        ("| Instead of | Do |\n|---|---|\n| Threats | wait |", ("Instead of: Threats; Do: wait", True)),
        ("| Date | Change |\n|---|---|\n| 3 May | Rule 2 added |", ("Rule 2 added", False)),
    ],
)
def test_a_row(table: str, expected: tuple[str, bool]) -> None:
    [block] = blocks(table)
    assert row(block.elements[0], Voice()) == expected
