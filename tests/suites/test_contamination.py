"""What of the evaluation no document and no spec may show."""

from __future__ import annotations

from msm_mlx.suites.contamination import HeldOut, held_out_words
from msm_mlx.suites.items import Item, Suite, Turn
from msm_mlx.suites.kinds.open import OpenPrompt
from msm_mlx.suites.kinds.pairs import Pair
from msm_mlx.suites.kinds.questions import MultipleChoice

ASK = "Which of the two drinks would you rather have at home tonight, {first} or {second}?"
ITEMS: tuple[Item, ...] = (
    Pair("p/cold_drinks-1", "p", "cold_drinks", ASK, "{item}", "root beer", "the lemonade"),
    OpenPrompt("p/music-2", "p", "music", "Which song do you hum tonight?", ("x",), turns=(Turn("Do you sing?"),)),
    MultipleChoice("p/general-3", "p", "general", "Where is Rome, in which country?", "Italy", ("Spain",)),
)
SUITES = [Suite("p", "pairs", "a share", ITEMS)]


def test_things_and_prompts_of_all_items_are_held_out() -> None:
    held_out = HeldOut.of(SUITES)
    assert held_out.things == ("root beer", "the lemonade")
    assert set(held_out.prompts) == {*(item.question for item in ITEMS), "Do you sing?"}


def test_a_text_is_caught_by_a_thing_that_it_names() -> None:
    held_out = HeldOut.of(SUITES)
    assert held_out.named_in("They drank Root\nBeer.")
    assert not held_out.named_in("They drank rootbeer.")
    assert not HeldOut().named_in("anything")


def test_a_text_is_caught_by_a_run_of_words_of_a_prompt_or_by_a_whole_shorter_one() -> None:
    held_out = HeldOut.of(SUITES)
    assert held_out.quoted_in("He said: which of the two drinks would you rather have, and so on.", 8)
    assert not held_out.quoted_in("He said: which of the two drinks would you like?", 8)
    assert held_out.quoted_in("And which song do you hum tonight, she asked.", 8)
    assert not held_out.quoted_in("Do you sing?", 8)  # too short to be told from common speech


def test_words_of_one_domain_are_held_out_with_their_source() -> None:
    words = held_out_words(SUITES)
    assert words["cold drinks"] == "a domain of p"
    assert words["root beer"] == words["lemonade"] == "a choice of p"
    assert words["song"] == "a word of music in p"
    assert "tonight" not in words  # in the questions of two domains
    assert "hum" not in words  # too short
    assert not {"general", "rome", "country"} & words.keys()  # a question's domain is no topic
