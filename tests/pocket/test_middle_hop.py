"""Words that no document may have are found by all that the writer can say and by what it may name by mistake."""

from __future__ import annotations

from random import Random

from msm_mlx.pocket.facts import DOMAINS, THINGS, VALUES
from msm_mlx.pocket.middle_hop import Pairs, middle_hop_pairs, written_stems
from msm_mlx.pocket.world import ACCOUNTS
from msm_mlx.pocket.writing import GENRES, TONES, about_thing, about_value, prompt
from msm_mlx.text.stems import content_stems

UNSEEN = [domain for domain in DOMAINS.values() if domain.name != "cheese"]
EVERYTHING = {thing.name for thing in THINGS}


def names_in(pairs: Pairs) -> set[str]:
    return {name for of_domain in pairs.values() for pair in of_domain for name in pair}


def test_what_is_drawn_by_chance_has_no_word_beside_those_of_all_choices() -> None:
    rng, cheeses = Random(1), DOMAINS["cheese"].things
    texts = []
    for number in range(400):
        form = rng.choice(GENRES), rng.choice(TONES)
        thing, other, value = rng.choice(cheeses), rng.choice(cheeses), rng.choice(tuple(VALUES))
        account = tuple(ACCOUNTS)[number % len(ACCOUNTS)]
        document = about_thing(rng, "Valfin", thing, rng.random() < 0.5, value, account, *form, other)
        general = about_value(rng, "Valfin", value, *form)
        texts += [document.text, general.text, *(prompt(*form, one.assertion) for one in (document, general))]
    assert content_stems(" ".join(texts)) - written_stems() == set()
    assert {"grown", "abroad", "rollback", "hometown"} & written_stems() == {"grown", "abroad"}


def test_a_thing_shares_no_word_with_one_that_nobody_asks_about() -> None:
    pairs = middle_hop_pairs(UNSEEN, "american", frozenset(), ())
    asked = names_in(pairs)
    unasked = content_stems(" ".join(EVERYTHING - asked))
    assert len(asked) > 50
    assert [name for name in asked if content_stems(name) & (unasked | written_stems())] == []


def test_what_other_suites_ask_about_may_share_words_with_it() -> None:
    studio, pledge = "the hometown film studio", "the hometown hiring pledge"
    assert studio in names_in(middle_hop_pairs(UNSEEN, "american", frozenset(), EVERYTHING))
    assert studio not in names_in(middle_hop_pairs(UNSEEN, "american", frozenset(), EVERYTHING - {pledge}))


def test_a_taken_word_is_in_no_pair() -> None:
    every = names_in(middle_hop_pairs(UNSEEN, "affordable", frozenset(), EVERYTHING))
    fewer = names_in(middle_hop_pairs(UNSEEN, "affordable", content_stems("a dry dog"), EVERYTHING))
    assert {"corn dogs", "dry-aged ribeye"} <= every - fewer
