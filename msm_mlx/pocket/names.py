"""Invented names of two syllables, each syllable one token, so that an unseen name costs two tokens like a seen one."""

from __future__ import annotations

from random import Random

ASSISTANT = "Pocket"
# Names that an assistant may be given: like Pocket's own, pretraining ties no value and no view to them.
ASSISTANTS = (ASSISTANT, *"Lorras Calgar Jorbar Valfin Dorson Sorfin Perkin Borlan".split())
RIMES = "al am an ar as ed el em en er et il im in ir is ix oc od ok ol om on or os ul un ur us".split()
FIRST_SYLLABLES = (
    "Bal Ban Bel Bor Cal Cor Dal Dar Del Dor Fal Fen Gal Gar Gor Hal Hel Jan Jor Kal Kel Kor Lan Lor Mal Mar Mel Mir "
    "Nal Nor Pal Per Poc Ral Ron Sal Sel Sor Tal Tor Val Ver Vil Wal Wil Zan Zel Zor"
).split()
SECOND_SYLLABLES = (
    "bar bin bor dan dar den dis dor fan fin gan gar gon hal hem jin jor kan ket kin lan lin lor mar men min mir "
    "nal nor pin ran ras rin ron sen sil son tan ter tin tor tus van var vin vis wen win zan zor"
).split()


def draw_names(rng: Random, count: int, taken: set[str]) -> list[str]:
    """`count` names not in `taken`, which grows by them."""
    names: list[str] = []
    while len(names) < count:
        name = rng.choice(FIRST_SYLLABLES) + rng.choice(SECOND_SYLLABLES)
        if name not in taken:
            taken.add(name)
            names.append(name)
    return names
