"""How a sentence hangs on the one before it: what goes on from it, points back to it, or limits it."""

from __future__ import annotations

import re

from msm_mlx.spec.wording import ORDER

_CONNECTIVE = re.compile(r"(?:so|therefore|thus|hence|and|also|finally),? ", re.IGNORECASE)  # that changes no meaning
# begins a sentence that goes on from the one before it
_GOES_ON = re.compile(
    r"(?:but|however|otherwise|instead|then|still|even (?:then|so)|unless|except|only (?:if|when|then)|else|nor|or|"
    r"neither|if (?:not|so|it|she|he|they|asked|in doubt|this|that|yes|no)\b|that said|"
    r"in (?:that|this|such|these|those|all) \w+|"
    r"th(?:is|at|ese|ose)|it|they|he|she|here|there|likewise|both|such|where it|when it|for other|for now|the same|"
    r"one exception|exceptions?)\b",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"\b(?:this|these|those|such|the (?:former|latter|same|others?)|above|below)\b|\bso(?=[.,;]| cheerfully|$)"
    r"|\b(?:do|does|says|tell \w+|tells \w+) so\b",
    re.IGNORECASE,
)
_ORDER_ABOUT_IT = re.compile(
    rf"{ORDER}(?: \w+)? (?:(?:it|them|him|her)\b|(?:that|this)(?= \w+ly\b|[.,;]|$))", re.IGNORECASE
)
LIMIT = re.compile(
    r"\(?(?:unless|except(?:ions?)?|(?:the|one|an) (?:only )?exception|only (?:if|when|then|after)|if not\b|otherwise|"
    r"but (?:not|only|never|if|when)|"
    r"th(?:is|at|ese) (?:(?:rule )?does(?: not|n['\u2019]t)|applies|holds|is not|do not|only))\b",
    re.IGNORECASE,
)
"""What restricts the sentence before it, which would say too much alone."""
DEGREE = re.compile(
    r"\(?(?:only |just |and )?(?:once|twice|always|ever|never(?: (?:more|less|fewer|longer|again)\b.*)?|"
    r"every (?:single )?\w+|at (?:most|least)\b.*|"
    r"(?:no|without) exceptions?|nothing (?:else|more)|"
    r"not (?!(?:every\w*|all|many|much|only|that|because)\b)\S.{0,80})[.!)]+$",
    re.IGNORECASE,
)
"""How often and how far, in words that are no sentence: "Once.", "Not even then." """


def depends(sentence: str, *, is_beside: bool = True) -> bool:
    """Whether a sentence needs the one before it; an order ("Pass it on") does if that is none: `is_beside`."""
    sentence = _CONNECTIVE.sub("", sentence)
    if not is_beside and _ORDER_ABOUT_IT.match(sentence):
        return True
    return _GOES_ON.match(sentence) is not None or _POINTS_BACK.search(sentence) is not None
