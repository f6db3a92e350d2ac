"""Whether two corpora can be told apart by their register alone: by how they are written, not by what they say.

What midtraining on them does differently might then come from the style of their writer. A classifier sees function
words and marks of punctuation only, as stylometry does (Mosteller and Wallace 1963), never a word with content.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from msm_mlx.documents.checks.language import ENGLISH_FUNCTION_WORDS, OTHER_FUNCTION_WORDS
from msm_mlx.text.scripts import word_tokens
from msm_mlx.text.stems import FUNCTION_WORDS as WORDS_WITHOUT_CONTENT

FUNCTION_WORDS = ENGLISH_FUNCTION_WORDS | WORDS_WITHOUT_CONTENT | OTHER_FUNCTION_WORDS
PARTITIONS = 10  # of the texts into two halves
MIN_TEXTS = 20  # of each corpus: with fewer, an interval would say nothing
MOST_TEXTS = 1000  # of each corpus, drawn at random
MIN_OCCURRENCES = 5  # texts that have a word or mark which is looked at
PENALTY = 10.0  # on the squared weights, which keeps a fit apart from one that no text of the other corpus disturbs
STEPS = 25
Z = 1.959964  # two-sided 95 %
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class RegisterDifference:
    """How often a text of one corpus is told from one of the other: 0.5 is a guess, 1 is always."""

    auc: float
    ci_low: float
    ci_high: float
    texts: int
    """Of both corpora together."""

    @property
    def is_clear(self) -> bool:
        """Whether the corpora can be told apart: the interval lies above a guess."""
        return self.ci_low > 0.5

    def __str__(self) -> str:
        return f"AUC {self.auc:.2f} [{self.ci_low:.2f}, {self.ci_high:.2f}]"


Corpus = Mapping[str, str]
"""Texts by their ids. A text that was made of another, as its opposite is, has the id of that."""


def register_differences(corpora: Mapping[str, Corpus]) -> dict[tuple[str, str], RegisterDifference | None]:
    """The difference of every two corpora, by their names."""
    return {(a, b): register_difference(corpora[a], corpora[b]) for a, b in combinations(corpora, 2)}


def register_difference(first: Corpus, second: Corpus) -> RegisterDifference | None:
    """Cross-validated AUC with a 95 % interval; None if a corpus has fewer than MIN_TEXTS.

    A logistic regression with an L2 penalty learns from one half of the texts and ranks the other, and the other way
    round. Texts of one id are in the same half: of two that say the same, the one that was learned would mislead about
    the other. The AUC is taken within each half, since scores of different fits do not compare (Forman and Scholz 2010,
    SIGKDD Explorations 12(1)), and averaged over PARTITIONS. Of more and smaller folds the fits share most of their
    texts: where there is no difference, the AUC then spreads wider than its interval says.
    """
    if min(len(first), len(second)) < MIN_TEXTS:
        return None
    rng = np.random.default_rng(0)
    everybody = sorted({*first, *second})
    order = [everybody[number] for number in rng.permutation(len(everybody))]
    samples = [[id for id in order if id in corpus][:MOST_TEXTS] for corpus in (first, second)]
    features = _features([corpus[id] for corpus, ids in zip((first, second), samples, strict=True) for id in ids])
    labels = np.repeat([0.0, 1.0], [len(sample) for sample in samples])
    aucs = []
    for _ in range(PARTITIONS):
        half = _stratified_half(samples[0], samples[1], rng)
        for held_out in (half, ~half):
            scores = _fit_and_score(features[~held_out], labels[~held_out], features[held_out])
            aucs.append(_auc(scores, labels[held_out]))
    auc = float(np.mean(aucs))
    return RegisterDifference(auc, *auc_interval(auc, len(samples[0]), len(samples[1])), len(labels))


def describe_register(a: str, b: str, difference: RegisterDifference | None) -> str:
    """What is said of two corpora of these names."""
    if difference is None:
        return f"{a} and {b}: fewer than {MIN_TEXTS} documents in one, too few to tell their registers apart"
    if not difference.is_clear:
        return f"{a} and {b} cannot be told apart by register alone ({difference})"
    return (
        f"{a} and {b} can be told apart by register alone, their function words and punctuation ({difference}): what "
        "their arms do differently may come from how the documents are written, and not from what they say"
    )


def auc_interval(auc: float, m: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of an AUC over `m` and `n` independent texts.

    It holds every value v with |auc - v| <= z * sqrt(V(v)), where V is Hanley and McNeil's variance with N = (m + n)/2
    - 1 in place of both group sizes: V(v) = v (1 - v) / (m n) * (1 + N (1 - v) / (2 - v) + N v / (1 + v)). Newcombe
    2006, Statistics in Medicine 25, method 5. The fits of a cross-validation share texts, so it is approximate.
    """

    def is_inside(value: float) -> bool:
        pairs = (m + n) / 2 - 1
        spread = 1 + pairs * (1 - value) / (2 - value) + pairs * value / (1 + value)
        return abs(auc - value) <= Z * math.sqrt(value * (1 - value) / (m * n) * spread)

    bounds = []
    for outside in (0.0, 1.0):
        inside = auc
        for _ in range(50):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if is_inside(middle) else (inside, middle)
        bounds.append(inside)
    return bounds[0], bounds[1]


def _marks(text: str) -> Counter[str]:
    """How often each function word and each mark of punctuation stands in a text."""
    words = (word for word in word_tokens(text.lower()) if word in FUNCTION_WORDS)
    return Counter([*words, *(c for c in text if unicodedata.category(c).startswith("P"))])


def _features(texts: Sequence[str]) -> FloatArray:  # (texts, words and marks)
    """The square root of the rate of each word and mark in each text; rare ones are left out."""
    counts = [_marks(text) for text in texts]
    texts_with = Counter(mark for count in counts for mark in count)
    columns = sorted(mark for mark, number in texts_with.items() if number >= MIN_OCCURRENCES)
    lengths = np.array([max(len(word_tokens(text)), 1) for text in texts])
    table = np.array([[count[mark] for mark in columns] for count in counts], dtype=np.float64)
    rates: FloatArray = np.sqrt(table / lengths[:, None])
    return rates


def _stratified_half(
    first: Sequence[str], second: Sequence[str], rng: np.random.Generator
) -> NDArray[np.bool_]:  # (texts,)
    """Which texts, by their ids, are of one half, drawn at random from those of both corpora and of either alone."""
    in_first, in_second = {*first}, {*second}
    half: set[str] = set()
    for ids in (in_first & in_second, in_first - in_second, in_second - in_first):
        members = sorted(ids)
        half |= {members[number] for number in rng.permutation(len(members))[::2]}
    return np.array([id in half for id in (*first, *second)])


def _fit_and_score(features: FloatArray, labels: FloatArray, unseen: FloatArray) -> FloatArray:  # (unseen texts,)
    """The log-odds of unseen texts by a logistic regression, fitted by Newton's method (Hastie et al., Elements of
    Statistical Learning, 4.4.1) with PENALTY / 2 times the squared weights added to the loss."""
    mean, spread = features.mean(0), features.std(0)
    spread[spread == 0] = 1
    design, targets = (np.c_[np.ones(len(x)), (x - mean) / spread] for x in (features, unseen))
    penalty = np.r_[0.0, np.full(features.shape[1], PENALTY)]
    weights = np.zeros(design.shape[1])
    for _ in range(STEPS):
        shares = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (shares - labels) + penalty * weights
        curvature = (design * (shares * (1 - shares))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if np.abs(step).max() < 1e-6:
            break
    scores: FloatArray = targets @ weights
    return scores


def _auc(scores: FloatArray, labels: FloatArray) -> float:
    """The share of pairs of a text of each corpus that the scores put in the right order; ties count half."""
    first, second = scores[labels == 0], scores[labels == 1]
    return float(np.mean((second[:, None] > first) + 0.5 * (second[:, None] == first)))
