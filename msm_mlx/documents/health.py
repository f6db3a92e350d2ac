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
from msm_mlx.documents.checks.rules import check_name
from msm_mlx.documents.near_duplicates import NearDuplicateIndex
from msm_mlx.documents.self_bleu import self_bleu
from msm_mlx.text.ngrams import ngrams, word_hashes
from msm_mlx.text.words import normalize

Record = dict[str, Any]
LIKE = 0.7  # Jaccard index of word triples from which two documents are called near-duplicates here
BLEU_SAMPLE = 60  # documents, each against the others: the figure grows with the number of references
DISTINCT_SAMPLE = 1000  # documents: the share of distinct n-grams falls with size
OPENING = 4  # words
REWRITTEN = "rewritten"  # what became of a draft in whose place the critic's text is
SHOWN = 5  # of the commonest openings and names
BINS = 10  # of the histogram
_NAME = re.compile(r"(?<![.!?:] )(?<!^)\b([A-Z][a-z]+ [A-Z][a-z]+)\b", re.MULTILINE)


def document_health(kept: Sequence[Record], rejected: Sequence[Record]) -> Record:
    """Counts and shares that tell whether the documents are what midtraining needs.

    Reads of each record: text, section, type, voice, tokens, assertion, gives_reason, and of the rejected why.
    """
    texts = [record["text"] for record in kept]
    criticised = [record for record in kept if "critique" in record]
    explained = [record for record in kept if " because " in (record["assertion"] or "")]
    return {
        "kept": len(kept),
        "rejected": len(rejected),
        "kept_share": _share(len(kept), len(kept) + len(rejected)),
        "rejected_by_reason": _count_checks("rejected", rejected),
        "gives_reason_share": _share(sum(record["gives_reason"] for record in kept), len(kept)),
        "explained": len(explained),
        "states_value_share": _share(sum(map(record_states_value, explained)), len(explained)),
        "tokens": sum(record["tokens"] for record in kept),
        "words": _lengths([len(text.split()) for text in texts]),
        "by_section": _count("section", kept),
        "by_type": _count("type", kept),
        "by_voice": _count("voice", kept),
        "cells": _cells(kept, rejected),
        "near_duplicate_share": _share(len(near_duplicates(kept)), len(kept)),
        "self_bleu": self_bleu(_sample(texts, BLEU_SAMPLE)),
        "distinct": _distinct(_sample(texts, DISTINCT_SAMPLE)),
        "openings": _commonest((opening(text) for text in texts), len(kept)),
        "names": _commonest((name for record in kept for name in people(record)), len(kept)),
        **({"critique": _count_checks("critique", criticised)} if criticised else {}),
    }


def near_duplicates(records: Iterable[Record]) -> dict[str, str]:
    """The documents that are nearly the same as one before them, each with the id of that."""
    seen, found = NearDuplicateIndex(LIKE), {}
    for record in records:
        nearest = seen.nearest(record["text"])
        if nearest:
            found[record["id"]] = nearest[0]
        else:
            seen.add(record["id"], record["text"])
    return found


def record_states_value(record: Record) -> bool:
    """Whether the document names the value that its assertion gives as the cause."""
    assertion = record["assertion"] or ""
    return states_value(record["text"], Subject("", _heading(record["section"], assertion), assertion))


def opening(text: str) -> str:
    return " ".join(normalize(text[:200]).split()[:OPENING])


def people(record: Record) -> set[str]:
    """Pairs of capitalised words inside a sentence that the assertion does not have: most are people's names."""
    return {name for name in _NAME.findall(record["text"]) if name not in (record["assertion"] or "")}


def _heading(section: str, assertion: str) -> str:
    """The heading as the assertion has it: the last part of the section's id is made from its words."""
    words = section.rpartition("/")[2].split("-")
    found = re.search(r"\b" + r"\W+".join(map(re.escape, words)) + r"\b", assertion, re.IGNORECASE)
    return found[0] if found else ""


def _share(part: float, whole: int) -> float:
    return part / max(whole, 1)


def _count(key: str, records: Sequence[Record]) -> dict[str, int]:
    return dict(sorted(Counter(record[key] for record in records).items()))


def _count_checks(key: str, records: Sequence[Record]) -> dict[str, int]:
    """Reasons by the check alone: the rules that texts break are many."""
    return dict(sorted(Counter(check_name(record[key]) for record in records).items()))


def _cells(kept: Sequence[Record], rejected: Sequence[Record]) -> Record:
    """How many pairs of a section and a type were asked for, and of how many no document was kept."""
    filled = {(record["section"], record["type"]) for record in kept}
    tried = filled | {(record["section"], record["type"]) for record in rejected}
    return {"tried": len(tried), "empty": sorted(" / ".join(cell) for cell in tried - filled)}


def _lengths(words: Sequence[int]) -> Record:
    """Quartiles of the lengths in words, and a histogram of equal bins."""
    if not words:
        return {"quartiles": [], "histogram": {"edges": [], "counts": []}}
    counts, edges = np.histogram(words, bins=BINS)
    quartiles = np.percentile(words, [0, 25, 50, 75, 100])
    histogram = {"edges": [round(float(edge), 1) for edge in edges], "counts": counts.tolist()}
    return {"quartiles": [round(float(q), 1) for q in quartiles], "histogram": histogram}


def _sample(texts: Sequence[str], most: int) -> list[str]:
    return list(texts) if len(texts) <= most else Random(0).sample(texts, most)


def _distinct(texts: Sequence[str]) -> dict[str, float]:
    """Distinct-n: the share of the n-grams of all texts that are different (Li et al. 2016)."""
    words = [word_hashes(text) for text in texts]
    shares = {}
    for n in (1, 2, 3):
        runs = [ngrams(own, n) for own in words if len(own) >= n]
        all_runs = np.concatenate(runs) if runs else np.zeros(0, np.uint64)
        shares[str(n)] = _share(len(np.unique(all_runs)), len(all_runs))
    return shares


def _commonest(values: Iterable[str], documents: int) -> dict[str, float]:
    """The shares of documents that have the commonest values; those in one document alone are left out."""
    top = Counter(values).most_common(SHOWN)
    return {value: _share(count, documents) for value, count in top if count > 1}
