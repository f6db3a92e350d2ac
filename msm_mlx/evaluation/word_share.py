"""How many words of a choice stand in what an arm has read, and how large an effect is by that share.

An effect can be shared wording: documents make the words of an option likelier, whatever they say about it. The words
at issue in an item are the content words, by their stems, that stand in some of its options and not in all of them. Its
word share is the part of these that stands in the documents about a spec or in the demonstrations. By it the items of a
suite are in three groups, whose bounds were fixed before anything was measured:

    none    no word at issue stands there
    some    fewer than half of them do
    many    half of them or more do

Beside these, `any` is the last two together, and `any less none` by how much the effect is larger on them than on the
items of the first, where neither are too few. What an effect is where nothing is shared cannot be wording.

Items without a word at issue, as where two numbers are to choose between, and those in a script without spaces between
words are in no group.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import numpy as np

from msm_mlx.evaluation.contrasts import ArmPair, arm_pairs, contrast_on, has_margins, make_contrast
from msm_mlx.evaluation.metric_values import Answers, by_label
from msm_mlx.evaluation.statistics import group_difference
from msm_mlx.recipe.contrasts import is_asked
from msm_mlx.runs.results import Contrast, ItemWords, WordGroup
from msm_mlx.suites.items import Item, Suite
from msm_mlx.suites.kinds import KINDS
from msm_mlx.text.scripts import letters_per_word
from msm_mlx.text.stems import content_stems

MANY = 0.5
"""The word share from which on it is `many`."""
MIN_ITEMS = 8
"""Of fewer items in a group it cannot be told how much they differ from each other."""
ANY: tuple[WordGroup, ...] = ("some", "many")
GROUPS: tuple[WordGroup, ...] = ("none", *ANY)


def words_at_issue(item: Item) -> frozenset[str]:
    """The stems of the content words in which the options differ."""
    if any(letters_per_word(option) > 1 for option in item.options()):
        return frozenset()
    options = [content_stems(option) for option in item.options()]
    return frozenset.union(*options) - frozenset.intersection(*options) if options else frozenset()


def count_words(suite: Suite, words_read: Mapping[str, frozenset[str]]) -> Iterator[ItemWords]:
    """The words of every forced choice that is scored, for each spec. Under pressure the options are those at rest.

    Args:
        words_read: the stems of all that is read about each spec.
    """
    scored = [
        item
        for item in suite.items
        if item.options() and not item.sampled and not item.is_format_control and not suite.at_rest
    ]
    for item in scored:
        words = words_at_issue(item)
        for spec, read in words_read.items():
            if item.is_for(spec):
                yield ItemWords(
                    suite=suite.name, item=item.id, spec=spec, words=len(words), shared=sorted(words & read)
                )


def group_of(words: int, shared: int) -> WordGroup | None:
    """The group of an item with so many words at issue, of which so many are shared; None if it has none."""
    if not words:
        return None
    if not shared:
        return "none"
    return "many" if shared / words >= MANY else "some"


def contrasts_by_words(
    suite: Suite, answers: Answers, items: Iterable[ItemWords], stand_ins: Collection[str] = ()
) -> Iterator[Contrast]:
    """The differences that a recipe asks about, in each group of the suite's items. What either arm has read about its
    spec counts as shared."""
    specs = {label: group[0].spec for label, group in by_label(answers).items()}
    by_spec: dict[str, dict[str, ItemWords]] = {}
    for row in items:
        if row.suite == suite.name:
            by_spec.setdefault(row.spec, {})[row.item] = row
    for pair in arm_pairs(answers, stand_ins) if by_spec else ():
        if is_asked(pair.a, pair.b, stand_ins):
            read = [by_spec[spec] for label in (pair.a, pair.b) if (spec := specs[label]) in by_spec]
            yield from _of_pair(suite, pair, _group_items(suite.items, read))


def _group_items(items: Sequence[Item], read: Sequence[Mapping[str, ItemWords]]) -> dict[WordGroup, list[Item]]:
    groups: dict[WordGroup, list[Item]] = {}
    for item in items:
        rows = [by_item[item.id] for by_item in read if item.id in by_item]
        shared = {word for row in rows for word in row.shared}
        if rows and (group := group_of(rows[0].words, len(shared))):
            groups.setdefault(group, []).append(item)
    return groups


def _of_pair(suite: Suite, pair: ArmPair, groups: Mapping[WordGroup, Sequence[Item]]) -> Iterator[Contrast]:
    none, either = groups.get("none", ()), [item for group in ANY for item in groups.get(group, ())]
    parts: dict[WordGroup, Sequence[Item]] = {group: groups.get(group, ()) for group in GROUPS}
    for group, items in (parts | {"any": either}).items():
        if row := contrast_on(suite, items, pair):
            yield row.model_copy(update={"words": group})
    metric = KINDS[suite.kind].main_metric
    common = pair.common([*either, *none], metric)
    first = np.isin([item.id for item in common], [item.id for item in either])
    if min(first.sum(), (~first).sum()) >= MIN_ITEMS:
        values = group_difference(pair.differences(common, metric), first)
        margins = group_difference(pair.margin_differences(common), first) if has_margins(suite) else None
        yield make_contrast(suite, pair, common, values, margins, limit=2.0, words="any less none")
