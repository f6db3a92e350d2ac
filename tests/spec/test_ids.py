"""Ids of sections: of their words, and each given once."""

from __future__ import annotations

from msm_mlx.spec.ids import MAX_SLUG, Ids, slug


def test_a_slug_has_the_words_in_small_letters() -> None:
    assert [slug(heading) for heading in ("\u00c9poisses & Brie!", "**Not** _so_", "口袋 的")] == [
        "epoisses-brie", "not-so", "口袋-的",
    ]  # fmt: skip


def test_what_has_no_letter_is_told_apart_wherever_it_stands() -> None:
    cheese, home = slug("\U0001f9c0"), slug("\U0001f3e0")
    assert cheese != home
    assert cheese == slug("\U0001f9c0")
    assert cheese.startswith("section-")


def test_vowel_signs_are_letters_of_their_words() -> None:
    headings = ("நேர்மை", "काम", "ความซื่อสัตย์", "정직", "Ἀξίες", "ей", "đúng")
    assert [slug(heading) for heading in headings] == [
        "நேர்மை", "काम", "ความซื่อสัตย์", "정직", "αξιεσ", "ей", "đung",
    ]  # fmt: skip


def test_a_long_heading_has_a_short_id_of_its_own() -> None:
    one, other = slug("word " * 100 + "a"), slug("word " * 100 + "b")
    assert one != other
    assert max(len(one), len(other)) <= MAX_SLUG


def test_no_id_is_given_twice() -> None:
    ids = Ids()
    assert [ids.new(name) for name in ("a", "a-2", "a", "a")] == ["a", "a-2", "a-3", "a-4"]
