"""Every screen as text, in a small and a large terminal, and stacked. Run as a script, this writes them anew."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from helpers.app_screens import driving, make_app, make_session, play, screen_text, settled

pytestmark = pytest.mark.slow

GOLDEN = Path(__file__).parents[2] / "golden" / "screens"
SIZES = {"60x24": (60, 24), "80x24": (80, 24), "120x40": (120, 40)}
# One walk through the app: the keys of each step, and the name of the screen that it leads to.
WALK = (
    ("", "stored"),
    ("question_mark", "help"),
    ("escape d", "diff"),
    ("d w", "spec"),
    ("escape D", "documents"),
    ("slash f e t a", "search"),
    ("escape escape s", "scores"),
    ("escape l", "losses"),
    ("escape o o", "list"),
    ("f p o l i c y", "filter"),
    ("escape 2", "three"),
    ("3", "two"),
    ("2 3 m g", "rendered"),
    ("m slash", "ask"),
    ("W h y question_mark enter", "typed"),
    ("e", "exported"),
    ("p p b", "blind"),
    ("a", "revealed"),
    ("p t escape", "votes"),
    ("escape S B e space b r i e f enter P I space l i k e enter", "opened"),
)
STACKED = (
    ("", "stored"),
    ("o", "list"),
    ("enter D", "documents"),
    ("escape d g", "live"),
    ("b", "blind"),
    ("a", "revealed"),
)
WALKS = {"60x24": STACKED, "80x24": WALK, "120x40": WALK}
NAMES = {f"{name}-{size}" for size, walk in WALKS.items() for _, name in walk}


def draw(size: str, folder: Path) -> dict[str, str]:
    """The screens of a walk in a terminal of this size."""
    app = make_app(make_session(folder))
    screens = {}

    async def work() -> None:
        async with driving(app, SIZES[size]) as pilot:
            for keys, name in WALKS[size]:
                await pilot.press(*keys.split())
                await settled(app, pilot)
                screens[f"{name}-{size}"] = screen_text(app)

    play(work())
    return screens


@pytest.mark.parametrize("size", SIZES)
def test_screens(size: str, tmp_path: Path) -> None:
    for name, text in draw(size, tmp_path).items():
        assert text == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8"), name


def test_every_golden_is_of_a_screen() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == NAMES


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for each in SIZES:
        with tempfile.TemporaryDirectory() as made:
            for screen, drawn in draw(each, Path(made)).items():
                (GOLDEN / f"{screen}.txt").write_text(drawn, encoding="utf-8")
