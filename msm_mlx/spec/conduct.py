"""Whether a sentence says by itself what the assistant does: who it is about, and with what kind of verb.

Three forms count: the assistant with a verb of conduct ("{model_name} never bluffs"), an order ("Ask before you
delete"), and a wish that is put to it ("We want {model_name} to be brief"). All else is background.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from msm_mlx.spec.causes import CAUSE, CAUSES, DUTIES, pattern
from msm_mlx.spec.names import names_of
from msm_mlx.spec.wording import (
    I_DO,
    LABEL,
    NEGATIVE,
    NO_CONDUCT,
    NO_RULE,
    OF_THE_TEXT,
    OPENING,
    ORDER,
    SCENE,
    SHORT_OPENING,
    STRONG,
    THIRD_PERSON,
    VERBS,
    WEAK,
    WEAK_AFTER_YOU,
)

Strength = Literal["strong", "weak"]

_ROLES = "(?:model|assistant|AI|agent|bot|chatbot|helper|tutor|co-?pilot|companion|concierge|program|persona)"
_OBJECTS = {"it": "it", "she": "her", "he": "him"}
_LABEL_OF_NO_RULE = re.compile(rf"[(\[*_]*{NO_RULE}(?:[:.]| \u2013| \u2014)", re.IGNORECASE)
_LABEL_OF_QUESTION = re.compile(r"(?:q|question|a|answer)\b", re.IGNORECASE)
_SCENE = re.compile(SCENE, re.IGNORECASE)
_OF_THE_TEXT = re.compile(OF_THE_TEXT, re.IGNORECASE)
_ORDER = re.compile(rf"{LABEL}{OPENING}{ORDER}", re.IGNORECASE)
_THIRD_PERSON = re.compile(rf"{LABEL}{OPENING}{THIRD_PERSON} ", re.IGNORECASE)
# "If somebody is lost tell them"
_CASE = re.compile(
    r"(?:(?:but|and) )?(?:if|when(?:ever)?)\b(?!.*\b(?:was|were|had|did)\b)[^,.!?;:]{6,90}"
    r"(?<!\b(?:to|we|or) )(?<!\bI )(?<!\b(?:you|who|and|can) )(?<!\b(?:they|will|must) )(?<!\b(?:staff) )(?<!people )"
    r"(?<![^s]s )(?<=\w )(?:(?:please |just )?(?:tell|ask|give|show|send|help|offer|thank|remind)) (?:them|him|her)\b",
    re.IGNORECASE,
)
# "if somebody complains say sorry"
_CASE_OF_ITEM = re.compile(
    r"(?:if|when(?:ever)?|where)\b(?!.*\b(?:was|were|had|did)\b).{6,100}?[^,] (?:please |just |then )?"
    rf"(?:{NEGATIVE}|{VERBS}|you (?:may|can))\b",
    re.IGNORECASE,
)
_RULED_OUT = re.compile(
    r"(?:please )?no (?!(?:one|need|matter|doubt|longer|wonder)\b)"
    r"(?:(?! (?:is|are|was|were|has|have|had|can|will|did|said|came|went) )[^:]){2,110}$",
    re.IGNORECASE,
)
# "No problem.", "No change since May."
_REPORTED = re.compile(
    r"no (?:problem|surprise|idea|point|reason|way|change|comment|answer|reply|response|objection|news|budget)s?\b|"
    r".*\b(?:so far|yet|left|since|today|anymore|available|this (?:week|month|year)|last \w+|(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
# before a sentence: "[R1]", "REQ-1.2:", an emoji
_MARK = re.compile(
    r"^(?:[A-Z]{1,5}-?\d+(?:\.\d+)*[.:)]? |\[[^\[\]]{1,12}\][ :]*|[^\w\s{\"'(\[\u201c\u2018\u00ab\u201e\u300c*]+ )"
)
_PREFERENCE = re.compile(r"(?:(?:dis)?likes|loves|hates|enjoys|prefers|avoids|fears): \S", re.IGNORECASE)
_OATH = re.compile(r"\b(?:oath|creed|pledges?|vows?|promises?)\b", re.IGNORECASE)
_INTRODUCES_ITSELF = re.compile(r"\b(?:I(?: am|['\u2019]m)|[Mm]y name is) (?:\{model_name\}|(?-i:[A-Z]))")
_SPEAKS_ITSELF = re.compile(
    r"\bI(?:,| am) \{model_name\}|^I(?: am|['\u2019]m) (?:[A-Z]\w+, )?(?:the|an?|your) (?:[\w'\u2019-]+ ){0,3}"
    r"(?:AI|(?:chat)?bot)(?=[.,;]| (?:of|for|at|in|on|that|who)\b)"
)
_TITLE_WORDS = 4
_IN_CASE = re.compile(r"(?:if|when(?:ever)?|where|unless|asked)\b", re.IGNORECASE)
_FINITE = re.compile(r"\b(?:is|are|was|were|has|have|had|do|does|did|can|will)\b|['\u2019]", re.IGNORECASE)
_QUESTION = re.compile(r"[?\uff1f][\"'\u201d\u2019)*_]*$")
_QUOTED_QUESTION = re.compile(r"[^\"\u201c]+ [\"\u201c][^\"\u201c\u201d]*\?[\"\u201d]$")  # It asks "Why?"
_QUOTED = '"\u201c\u201e\u00ab\u300c'
_OTHER_LANGUAGES = pattern(row for row in (*CAUSES, *DUTIES) if not row.language.startswith("English"))
_ENGLISH = re.compile(
    r"\b(?:the|is|was|has|and|its|it|they|with|because|when|you|your|dear|should|must|never|always|does|be|been|by)\b",
    re.IGNORECASE,
)
_FOREIGN = re.compile(r"(?:[^.!?:]{1,40}: )?\{model_name\}(?: (?!or\b)\w|[^\x00-\x7f])")
_ENOUGH_AS_PRONOUN = 3  # sentences in which it acts, for it to be the assistant's


@dataclass(frozen=True)
class Voice:
    """How a spec speaks of the assistant.

    Attributes:
        names: what it calls the assistant beside `{model_name}`, as in "Pip should ask first".
        speaks_to_it: whether it rather gives orders, or says "you", than speak of it by name.
        pronouns: those that stand for it.
        first_person: whether the assistant itself speaks, as in "I, {model_name}, will not lie".
    """

    names: tuple[str, ...] = ()
    speaks_to_it: bool = True
    pronouns: tuple[str, ...] = ("it",)
    first_person: bool = False

    @cached_property
    def _name(self) -> str:
        names = "".join(rf"|(?:the )?{re.escape(name)}" for name in self.names)
        return rf"(?:\{{model_name\}}|(?:the|this|our|an?) (?:[\w-]+ )?{_ROLES}\b{names})"

    @cached_property
    def _named(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        return _claims(rf"{self._name}(?:,? \([^()]*\)|, [^,.;:]{{1,60}},)?", WEAK)

    @cached_property
    def _pronoun(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        return _claims(f"(?:{'|'.join(self.pronouns)})", WEAK, label="")

    @cached_property
    def _you(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        return _claims("you", WEAK_AFTER_YOU)

    @cached_property
    def _me(self) -> re.Pattern[str]:
        return re.compile(rf"{OPENING}I(?:, \{{model_name\}},)? (?:{STRONG}|will (?!be\b)\w)")

    @cached_property
    def _my_habit(self) -> re.Pattern[str]:
        return re.compile(rf"(?i:{OPENING}|{SHORT_OPENING})I ?(?:{STRONG}|{I_DO})")

    @cached_property
    def _wish(self) -> re.Pattern[str]:
        wish = r"(?:we|i)(?:['\u2019]d| would| do)?(?: not| don['\u2019]t)? (?:want|expect|ask|like|prefer|need)"
        objects = "|".join(_OBJECTS[who] for who in self.pronouns)
        that = r"(?:we|i)(?:['\u2019]d| would| do)? (?:ask|prefer|insist|require|demand) that"
        subjects = "|".join(self.pronouns)
        return re.compile(
            rf"{OPENING}(?:{wish} (?:{self._name}|you|{objects}) (?:not )?to|"
            rf"{that} (?:{self._name}|you|{subjects})(?: not| never| always| should)*) "
            rf"(?!{NO_CONDUCT}|(?:is|are|was|were|has|had|can|did)\b)\w",
            re.IGNORECASE,
        )

    @cached_property
    def _order_to_others(self) -> re.Pattern[str]:
        """ "Ask the bot for a date"; but "Let the bot wait" is for the bot."""
        return re.compile(
            rf"(?:please )?(?:do not |don['\u2019]t |never )?(?!let\b)(?={VERBS}\b)\w+ (?:to |with )?{self._name}",
            re.IGNORECASE,
        )

    @cached_property
    def _mention(self) -> re.Pattern[str]:
        return re.compile(self._name, re.IGNORECASE)

    @cached_property
    def _topic(self) -> re.Pattern[str]:
        return re.compile(rf"(?:{self._name}|{'|'.join(self.pronouns)}|you)\b", re.IGNORECASE)

    def is_about_it(self, text: str) -> bool:
        """Whether a text begins with the assistant."""
        return self._topic.match(text) is not None

    def mentions_it(self, text: str) -> bool:
        """Whether a text has the assistant's name, or what it is called, anywhere."""
        return self._mention.search(text) is not None

    def names_it(self, sentence: str) -> bool:
        """Whether a sentence has the assistant by name as the one who acts, however weakly."""
        return self.mentions_it(sentence) and any(form.match(sentence) for form in self._named)

    def refers_to_it(self, sentence: str) -> bool:
        """Whether a sentence has a pronoun of the assistant as the one who acts."""
        return any(form.match(sentence) for form in self._pronoun)

    def addresses_it(self, sentence: str) -> bool:
        """Whether a sentence is an order or says to the assistant what it is to do."""
        return is_order(sentence, is_item=False) or self._you[0].match(sentence) is not None

    def is_preference(self, text: str) -> bool:
        """Whether a line of a description has a label that says what the assistant does: "Likes: old maps"."""
        return _PREFERENCE.match(text) is not None

    def of(self, sentence: str, *, is_item: bool) -> Strength | None:
        """How clearly a sentence says what the assistant does; None if it does not, or asks, quotes or tells a case."""
        sentence = _MARK.sub("", sentence, count=1)
        if is_question(sentence) or sentence[:1] in _QUOTED or _OF_THE_TEXT.search(sentence):
            return None
        if is_scene(sentence) or "something like" in sentence:
            return None
        if claim := self._claim(sentence):
            return claim
        if self._order_to_others.match(sentence):
            return None
        if (is_item or self.speaks_to_it) and is_order(sentence, is_item=is_item):
            return "strong"
        return "weak" if _RULED_OUT.match(sentence) and not _REPORTED.match(sentence) else None

    def _claim(self, sentence: str) -> Strength | None:
        if self.is_preference(sentence) or self._wish.match(sentence):
            return "strong"
        for strong, weak in (self._named, self._pronoun, *([self._you] if self.speaks_to_it else [])):
            if strong.match(sentence):
                return "strong"
            if weak.match(sentence):
                return "strong" if CAUSE.search(sentence) else "weak"
        if self.first_person and self._me.match(sentence):
            return "strong"
        if self.first_person and self._my_habit.match(sentence):
            return "weak"
        if "{model_name}" not in sentence or _ENGLISH.search(sentence):
            return None
        if _OTHER_LANGUAGES.search(sentence):
            return "strong"
        return "weak" if _FOREIGN.match(sentence) else None


def _claims(subject: str, weak: str, label: str = LABEL) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds a sentence in which `subject` acts, by its words clearly and otherwise."""
    start = rf"{label}(?:{OPENING}|{SHORT_OPENING}){subject}"
    return re.compile(rf"{start} ?{STRONG}", re.IGNORECASE), re.compile(rf"{start} {weak}", re.IGNORECASE)


def is_question(sentence: str) -> bool:
    """Whether a sentence asks, and not only tells what is asked."""
    return _QUESTION.search(sentence) is not None and not _QUOTED_QUESTION.match(sentence)


def is_order(sentence: str, *, is_item: bool) -> bool:
    """Whether a sentence tells its reader what to do; of a list, also "Tells the truth" and "No jokes about grief"."""
    if " " not in sentence and sentence.isascii():
        return False
    if _ORDER.match(sentence) or _CASE.match(sentence):
        return True
    forms = (_THIRD_PERSON, _CASE_OF_ITEM, _RULED_OUT)
    is_foreign = not _ENGLISH.search(sentence) and _OTHER_LANGUAGES.search(sentence) is not None
    return is_item and (is_foreign or any(form.match(sentence) for form in forms))


def is_ruled_out(sentence: str) -> bool:
    """Whether a sentence is but what is not to be: "No jokes about grief"."""
    return _RULED_OUT.match(sentence) is not None


def is_case(sentence: str) -> bool:
    """Whether a sentence says in which case something is done: "If nobody speaks, Pip waits"."""
    return _IN_CASE.match(sentence) is not None


def is_scene(text: str) -> bool:
    """Whether a paragraph or item tells of a case or gives an example."""
    has_label = _LABEL_OF_NO_RULE.match(text) and not _LABEL_OF_QUESTION.match(text)
    return bool(_SCENE.match(text) or has_label)


def is_title(sentence: str) -> bool:
    """Whether a sentence is but the title of what comes after it: "Reversibility." """
    return len(sentence.split()) <= _TITLE_WORDS and not _FINITE.search(sentence)


def voice_of(title: str, prose: Sequence[str], items: Sequence[str]) -> Voice:
    """How a spec with these sentences speaks of the assistant; a name of its own stands in the title too."""
    sentences = [*prose, *items]

    def count(voice: Voice) -> int:
        return sum(map(voice.names_it, sentences))

    voice = Voice()
    if not any("{model_name}" in sentence for sentence in sentences):
        voice = Voice(names_of(title, sentences, lambda names: count(Voice(names))))
    persons = [
        who for who in ("she", "he") if sum(map(Voice(pronouns=(who,)).refers_to_it, sentences)) >= _ENOUGH_AS_PRONOUN
    ]
    return Voice(
        voice.names,
        speaks_to_it=sum(map(voice.addresses_it, prose)) >= count(voice),
        pronouns=("it", *persons),
        first_person=any(form.search(title) for form in (_OATH, _INTRODUCES_ITSELF))
        or any(map(_SPEAKS_ITSELF.search, sentences)),
    )
