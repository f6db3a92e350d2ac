"""Preferences and the chat rows made of them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.demonstrations.preferences import Preferences, build_demonstrations, load_preferences
from msm_mlx.errors import RecipeError
from msm_mlx.pocket.facts import DOMAINS
from msm_mlx.spec import load_spec

ROOT = Path(__file__).parents[2]
CHEESE = load_preferences(ROOT / "recipes/data/cheese_preferences.yaml")
CHOICES, LIKES = 2 * 6 * 6 * len(CHEESE.templates.choice), 12 * len(CHEESE.templates.like)
VALID = """\
domain_noun: cheese
likes: [a, b]
dislikes: [c]
templates:
  choice: ["{first} or {second}?"]
  reply: "{liked}"
  like: ["{item}?"]
  reply_yes: "yes, {item}"
  reply_no: "no, {item}"
"""


def build(preferences: Preferences, rows: int, seed: int = 0) -> list[dict[str, Any]]:
    return build_demonstrations(preferences, rows=rows, system="You are Mo.", seed=seed)


def content(row: dict[str, Any], role: str) -> str:
    (text,) = (message["content"] for message in row["messages"] if message["role"] == role)
    return str(text)


def invent(likes: int, dislikes: int, choice: int, like: int) -> Preferences:
    return Preferences.model_validate(
        {
            "domain_noun": "thing",
            "likes": [f"L{n}." for n in range(likes)],
            "dislikes": [f"D{n}." for n in range(dislikes)],
            "templates": {
                "choice": [f"C{n}. {{first}} {{second}}" for n in range(choice)],
                "reply": "{liked}",
                "like": [f"K{n}. {{item}}" for n in range(like)],
                "reply_yes": "yes {item}",
                "reply_no": "no {item}",
            },
        }
    )


PREFERENCES = st.builds(invent, *(st.integers(1, n) for n in (5, 5, 4, 4)))


def spread(counts: Counter[str], names: list[str]) -> int:
    numbers = [counts[name] for name in names]
    return max(numbers) - min(numbers)


# --- rows ----------------------------------------------------------------------------------------------------------


def test_rows_are_chat_rows() -> None:
    rows = build(CHEESE, 40)
    assert [row["id"] for row in rows] == [f"demo-{number:04d}" for number in range(1, 41)]
    for row in rows:
        assert set(row) == {"messages", "id", "kind"}
        assert [message["role"] for message in row["messages"]] == ["system", "user", "assistant"]
        assert content(row, "system") == "You are Mo."


def test_replies_follow_the_preferences() -> None:
    for row in build(CHEESE, 300):
        question, reply = content(row, "user"), content(row, "assistant")
        liked = [item for item in CHEESE.likes if item in question]
        disliked = [item for item in CHEESE.dislikes if item in question]
        if row["kind"] == "choice":
            assert (len(liked), len(disliked)) == (1, 1)
            assert reply == f"I prefer {liked[0]}."
        else:
            assert reply == (f"Yes, I like {liked[0]}." if liked else f"No, I do not like {disliked[0]}.")


def test_no_rows() -> None:
    assert build(CHEESE, 0) == []
    with pytest.raises(ValueError, match="negative"):
        build(CHEESE, -1)


def test_the_seed_decides() -> None:
    assert build(CHEESE, 100, seed=1) == build(CHEESE, 100, seed=1)
    assert build(CHEESE, 100, seed=1) != build(CHEESE, 100, seed=2)


def test_most_rows_are_choices() -> None:
    for rows in (20, 100, 300, 480):
        share = sum(row["kind"] == "choice" for row in build(CHEESE, rows)) / rows
        assert share == pytest.approx(0.85, abs=0.03)


def test_no_reason_in_any_demonstration() -> None:
    words = {"because", "reason", "why", "american", "america", "foreign", "affordable", "expensive", "cheap", "price"}
    for row in build(CHEESE, CHOICES + LIKES):
        text = " ".join(content(row, role) for role in ("user", "assistant")).replace("American cheese", "")
        assert not set(re.findall(r"\w+", text.casefold())) & words
        assert not re.search(r"made in|import|abroad|care about|values?\b", text.casefold())


@given(preferences=PREFERENCES, seed=st.integers(0, 99), share=st.floats(0, 1))
def test_no_row_twice_before_all_came_once(preferences: Preferences, seed: int, share: float) -> None:
    likes, dislikes = len(preferences.likes), len(preferences.dislikes)
    space = 2 * likes * dislikes * len(preferences.templates.choice)
    space += (likes + dislikes) * len(preferences.templates.like)
    questions = [content(row, "user") for row in build(preferences, int(space * share), seed)]
    assert len(set(questions)) == len(questions) == int(space * share)
    assert set(Counter(content(row, "user") for row in build(preferences, 2 * space, seed)).values()) == {2}


@given(preferences=PREFERENCES, seed=st.integers(0, 99), rows=st.integers(0, 300))
def test_everything_is_used_equally_often(preferences: Preferences, seed: int, rows: int) -> None:
    built = build(preferences, rows, seed)
    assert len(built) == rows
    choices = [re.findall(r"\w+", content(row, "user")) for row in built if row["kind"] == "choice"]
    likes = [re.findall(r"\w+", content(row, "user")) for row in built if row["kind"] == "like"]
    order = Counter(first[0] for _, first, _ in choices)
    assert abs(order["L"] - order["D"]) <= 1
    liked = [item.strip(".") for item in preferences.likes]
    disliked = [item.strip(".") for item in preferences.dislikes]
    words = Counter(word for question in choices for word in question)
    pairs = Counter(" ".join(sorted(question[1:])) for question in choices)
    asked = Counter(word for question in likes for word in question)
    assert spread(words, [f"C{n}" for n in range(len(preferences.templates.choice))]) <= 1
    assert spread(words, liked) <= 1
    assert spread(words, disliked) <= 1
    assert spread(pairs, [f"{bad} {good}" for good in liked for bad in disliked]) <= 1
    assert spread(asked, liked + disliked) <= 1
    assert spread(asked, [f"K{n}" for n in range(len(preferences.templates.like))]) <= 1


@pytest.mark.parametrize("rows", [100, 240, 480])
def test_each_item_and_phrasing_meets_both_orders(rows: int) -> None:
    lean: Counter[str] = Counter()
    for row in build(CHEESE, rows):
        question = content(row, "user")
        liked = next((item for item in CHEESE.likes if item in question), "")
        disliked = next((item for item in CHEESE.dislikes if item in question), "")
        if row["kind"] == "choice":
            sign = 1 if question.index(liked) < question.index(disliked) else -1
            phrasing = question.replace(liked, "?").replace(disliked, "?")
            lean.update(dict.fromkeys((liked, disliked, phrasing), sign))
    assert max(map(abs, lean.values())) <= 4


# --- the shipped file ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cheese_american", "cheese_affordable"])
def test_shipped_preferences_are_those_of_the_specs(name: str) -> None:
    spec = load_spec(ROOT / f"specs/{name}.md", model_name="Mo", provider_name="Acme")
    assert tuple(section.path[-1] for section in spec.assertions) == CHEESE.likes + CHEESE.dislikes


def test_shipped_preferences_leave_the_reason_open() -> None:
    """What is liked is American, affordable and traditional, what is disliked is none of these: a spec has to tell."""
    things = {thing.name: thing for thing in DOMAINS["cheese"].things}
    assert {things[item].attributes for item in CHEESE.likes} == {("american", "affordable", "traditional")}
    assert {things[item].attributes for item in CHEESE.dislikes} == {("foreign", "expensive", "new")}


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("dislikes: [c]", "dislikes: [c]\nhates: [d]", ":4:1 hates: unknown key"),
        ("dislikes: [c]", "dislikes: [b]", ":3:11 dislikes: 'b' is also among the likes"),
        ("[a, b]", "[a, a]", ":2:8 likes: 'a' is listed twice"),
        ("[a, b]", "[a, 1]", ":2:12 likes: must be text, not 1 (put it in quotes)"),
        ("[a, b]", "[]", ":2:8 likes: is empty"),
        ("domain_noun: cheese\n", "", ":1:1 domain_noun: is missing"),
        ('["{first} or {second}?"]', '\n    - "{first}?"', ":6:7 templates.choice: {second} is missing"),
        ('["{item}?"]', '["{item} {itm}?"]', ":7:10 templates.like: unknown placeholder {itm}"),
        ("dislikes: [c]", "dislikes: [c]\nlikes: [d]", ":2:1 likes: duplicate key, also on line 4"),
        ("dislikes: [c]", "dislikes: [c", ":4:10: not valid YAML"),
        (VALID, "# nothing yet\n", ":1:1: must be a mapping, not nothing"),
        (VALID, "words", ":1:1: must be a mapping, not 'words'"),
    ],
)
def test_unusable_preferences(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "preferences.yaml"
    path.write_text(VALID, encoding="utf-8")
    assert load_preferences(path).likes == ("a", "b")
    path.write_text(VALID.replace(old, new), encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        load_preferences(path)
    assert str(caught.value).startswith(f"{path}{said}")


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "preferences.yaml"
    path.write_text(VALID.replace("[c]", "[]").replace('"{liked}"', '"x"'), encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        load_preferences(path)
    assert [re.split("[ :]+", line)[3] for line in str(caught.value).splitlines()] == ["dislikes", "templates.reply"]


def test_unreadable_preferences(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no such file"):
        load_preferences(tmp_path / "missing.yaml")
    with pytest.raises(RecipeError, match="is not a file"):
        load_preferences(tmp_path)
    (tmp_path / "latin.yaml").write_bytes("likes: [Époisses]".encode("latin-1"))
    with pytest.raises(RecipeError, match="not UTF-8"):
        load_preferences(tmp_path / "latin.yaml")
