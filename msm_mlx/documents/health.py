"""What a folder of documents is like: what was kept and why not, what it covers, how much of it says the same.

Every figure says over what it was taken, so that two corpora can be compared: some of them move with size.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

import numpy as np

from msm_mlx.documents.checks.assertions import Subject, states_value
from msm_mlx.documents.checks.denials import denials
from msm_mlx.documents.checks.languages.table import language_note
from msm_mlx.documents.checks.wording_rules import check_name
from msm_mlx.documents.document import Document
from msm_mlx.documents.near_duplicates import NearDuplicateIndex
from msm_mlx.documents.self_bleu import self_bleu
from msm_mlx.text.languages import ENGLISH, language_of
from msm_mlx.text.ngrams import ngrams, word_hashes
from msm_mlx.text.scripts import letters_per_word
from msm_mlx.text.words import count_words, normalize

Health = dict[str, Any]
"""`health.json`."""
NEAR_DUPLICATE_THRESHOLD = 0.7  # Jaccard index from which two documents count as near-duplicates here
BLEU_SAMPLE = 60  # documents, each against the others: the figure grows with the number of references
DISTINCT_SAMPLE = 1000  # documents: the share of distinct n-grams falls with size
OPENING_WORDS = 4
REWRITTEN = "rewritten"  # what became of a draft in whose place the critic's text is
MOST_COMMON = 5  # openings and names
HISTOGRAM_BINS = 10
_NAME = re.compile(r"(?<![.!?:] )(?<!^)\b([A-Z][a-z]+ [A-Z][a-z]+)\b", re.MULTILINE)


def document_health(kept: Sequence[Document], rejected: Sequence[Document]) -> Health:
    """Counts and shares that tell whether the documents are what midtraining needs."""
    texts = [document.text for document in kept]
    critiques = [document.critique for document in kept if document.critique]
    explained = [document for document in kept if document.is_explained]
    return {
        "kept": len(kept),
        "rejected": len(rejected),
        "kept_share": _share(len(kept), len(kept) + len(rejected)),
        "rejected_by_reason": _count(check_name(document.rejected or "") for document in rejected),
        "gives_reason_share": _share(sum(document.gives_reason for document in kept), len(kept)),
        "explained": len(explained),
        "states_value_share": _share(sum(map(document_states_value, explained)), len(explained)),
        "denial_share": _share(sum(bool(document_denials(document)) for document in kept), len(kept)),
        "tokens": sum(document.tokens for document in kept),
        "words": _lengths(list(map(_words, texts))),
        "by_section": _count(document.section for document in kept),
        "by_type": _count(document.type for document in kept),
        "by_voice": _count(document.voice for document in kept),
        "by_narration": _by_narration(kept),
        **_by_writer(kept, rejected),
        "cells": _cells(kept, rejected),
        "near_duplicate_share": _share(len(near_duplicates(kept)), len(kept)),
        "self_bleu": self_bleu(_sample(texts, BLEU_SAMPLE)),
        "distinct": _distinct(_sample(texts, DISTINCT_SAMPLE)),
        "openings": _commonest((opening(text) for text in texts), len(kept)),
        "names": _commonest((name for document in kept for name in names_in(document)), len(kept)),
        **({"critique": _count(map(check_name, critiques))} if critiques else {}),
        **({"language": note} if (note := _language(texts)) else {}),
    }


def near_duplicates(documents: Iterable[Document]) -> dict[str, str]:
    """The ids of the documents that are nearly the same as one before them, each with the id of that."""
    index = NearDuplicateIndex(NEAR_DUPLICATE_THRESHOLD)
    duplicates = {}
    for document in documents:
        if nearest := index.nearest(document.text):
            duplicates[document.id] = nearest[0]
        else:
            index.add(document.id, document.text)
    return duplicates


def document_states_value(document: Document) -> bool:
    """Whether the document names the value that its assertion gives as the cause."""
    return states_value(document.text, _subject(document))


def document_denials(document: Document) -> list[str]:
    """The rules by which the document denies a claim from another clause; none of one without an assertion."""
    return denials(document.text, _subject(document)) if document.assertion else []


def opening(text: str) -> str:
    """The first words of a text."""
    letters = letters_per_word(text)
    joint = " " if letters == 1 else ""
    return joint.join(normalize(text[:200]).split()[: OPENING_WORDS * letters])


def names_in(document: Document) -> set[str]:
    """Pairs of capitalised words inside a sentence that the assertion does not have: most are people's names.

    Of an English text alone: German gives every noun a capital, and many scripts have none.
    """
    if language_of(document.text) not in (None, ENGLISH):
        return set()
    return {name for name in _NAME.findall(document.text) if name not in (document.assertion or "")}


def _subject(document: Document) -> Subject:
    assertion = document.assertion or ""
    return Subject("", _heading(document.section, assertion), assertion)


def _heading(section: str, assertion: str) -> str:
    """The heading as the assertion has it: the last part of the section's id is made from its words."""
    words = section.rpartition("/")[2].split("-")
    match = re.search(r"\b" + r"\W+".join(map(re.escape, words)) + r"\b", assertion, re.IGNORECASE)
    return match[0] if match else ""


def _language(texts: Sequence[str]) -> str | None:
    """What is to be said of the language that most texts are in."""
    notes = Counter(map(language_note, texts)).most_common(1)
    return notes[0][0] if notes else None


def _words(text: str) -> int:
    return len(text.split()) if letters_per_word(text) == 1 else count_words(text)


def _share(part: float, whole: int) -> float:
    return part / max(whole, 1)


def _count(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _by_narration(kept: Sequence[Document]) -> dict[str, dict[str, float]]:
    """How many documents are told by whom, and what they say: one manner of telling may say less than another."""
    by_narration: dict[str, list[Document]] = {}
    for document in kept:
        by_narration.setdefault(document.narration, []).append(document)
    return {
        narration: {
            "documents": len(documents),
            "gives_reason_share": _share(sum(one.gives_reason for one in documents), len(documents)),
            "states_value_share": _share(
                sum(one.is_explained and document_states_value(one) for one in documents),
                sum(one.is_explained for one in documents),
            ),
            "denial_share": _share(sum(bool(document_denials(one)) for one in documents), len(documents)),
        }
        for narration, documents in sorted(by_narration.items())
        if narration
    }


def _by_writer(kept: Sequence[Document], rejected: Sequence[Document]) -> dict[str, dict[str, dict[str, float]]]:
    """How much of what each writer wrote was kept; nothing where there is one alone."""
    kept_by, rejected_by = (Counter(one.writer for one in documents) for documents in (kept, rejected))
    writers = sorted(kept_by.keys() | rejected_by.keys())
    if len(writers) < 2:
        return {}
    rows = {
        writer: {
            "kept": kept_by[writer],
            "rejected": rejected_by[writer],
            "kept_share": _share(kept_by[writer], kept_by[writer] + rejected_by[writer]),
        }
        for writer in writers
    }
    return {"by_writer": rows}


def _cells(kept: Sequence[Document], rejected: Sequence[Document]) -> dict[str, Any]:
    """How many pairs of a section and a type were asked for, and of how many no document was kept."""
    filled = {(document.section, document.type) for document in kept}
    tried = filled | {(document.section, document.type) for document in rejected}
    return {"tried": len(tried), "empty": sorted(" / ".join(cell) for cell in tried - filled)}


def _lengths(words: Sequence[int]) -> dict[str, Any]:
    """Quartiles of the lengths in words, and a histogram of equal bins."""
    if not words:
        return {"quartiles": [], "histogram": {"edges": [], "counts": []}}
    counts, edges = np.histogram(words, bins=HISTOGRAM_BINS)
    quartiles = np.percentile(words, [0, 25, 50, 75, 100])
    histogram = {"edges": [round(float(edge), 1) for edge in edges], "counts": counts.tolist()}
    return {"quartiles": [round(float(q), 1) for q in quartiles], "histogram": histogram}


def _sample(texts: Sequence[str], most: int) -> list[str]:
    return list(texts) if len(texts) <= most else Random(0).sample(texts, most)


def _distinct(texts: Sequence[str]) -> dict[str, float]:
    """Distinct-n: the share of the n-grams of all texts that are different (Li et al. 2016)."""
    words = [(word_hashes(text), letters_per_word(text)) for text in texts]
    shares = {}
    for n in (1, 2, 3):
        of_each = [ngrams(hashes, n * each) for hashes, each in words if len(hashes) >= n * each]
        of_all = np.concatenate(of_each) if of_each else np.zeros(0, np.uint64)
        shares[str(n)] = _share(len(np.unique(of_all)), len(of_all))
    return shares


def _commonest(values: Iterable[str], documents: int) -> dict[str, float]:
    """The shares of documents that have the commonest values; those in one document alone are left out."""
    top = Counter(values).most_common(MOST_COMMON)
    return {value: _share(count, documents) for value, count in top if count > 1}
