"""What a spec calls its assistant."""

from __future__ import annotations

import pytest

from msm_mlx.spec.conduct import Voice
from msm_mlx.spec.names import names_of


@pytest.mark.parametrize(
    ("title", "sentences", "expected"),
    [
        ("Pip", ["Pip never lies.", "Pip waits."], ("Pip",)),
        ("Pip", ["Pip never lies."], ()),
        ("Rules", ["Pip never lies.", "Pip waits."], ()),
        ("Rules", ["For Pip, the bot on our site.", "Pip never lies."], ("Pip",)),
        ("Rules", ["For Pip, the bot tester.", "Pip never lies."], ()),
        ("Rules", ["Ann is an assistant at the desk.", "Ann must wait."], ()),
        ("Rules", ["A chatbot called Pip answers.", "Pip must wait."], ("Pip",)),
        ("Rules", ["Ann, our assistant, works here.", "Ann must wait."], ()),
        ("Rules", ["Pip is our virtual shop assistant.", "Pip must wait."], ("Pip",)),
        ("Rules", ["This is the assistant for guests.", "This must wait."], ()),
        ("Rules", ["The Claims Agent (CA) is new.", "CA shall wait."], ("CA",)),
        ("Rules", ["The Claims Agent (CA) is new.", "Ann shall wait."], ()),
        ("To our game master", ["The GM waits.", "If lost, the GM asks."], ("GM",)),
        ("The Back Room", ["The Back Room never lies.", "It waits.", "It asks."], ("Back Room",)),
        ("The Back Room", ["The Back Room never lies.", "Ann waits."], ()),
        ("House rules", ["HR must be asked.", "HR should wait."], ()),
    ],
)
def test_names(title: str, sentences: list[str], expected: tuple[str, ...]) -> None:
    assert names_of(title, sentences, lambda names: sum(map(Voice(names).names_it, sentences))) == expected
