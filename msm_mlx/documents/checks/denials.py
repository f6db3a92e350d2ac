"""Denials in another clause than what they deny: models learn the claim, and not that it is denied.

Documents that state a claim and say elsewhere that it is false implant it almost as well as documents that assert it
(Mayne et al., arXiv 2605.13829); a "not" in the same clause is learned. So what is denied counts here whether it is the
assertion, its opposite or another reason for it. A document that says that its opposite is false means well, and is not
rejected for it. The words here are English; those of other languages are in `languages/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msm_mlx.documents.checks.assertions import Subject, speaks_of
from msm_mlx.documents.checks.contradictions import turns_round
from msm_mlx.documents.checks.languages.table import wording_of
from msm_mlx.documents.checks.languages.wording import Wording
from msm_mlx.documents.checks.wording_rules import Rule, RuleTable
from msm_mlx.text.words import sentences

REACH = 2  # sentences before or after a denial in which the claim may stand
_CLAIM = (
    r"(?:claim|idea|belief|story|tale|notion|impression|report|assumption|assertion|allegation|accusation|statement|"
    r"suggestion|view|theory|rumou?r|version|description|portrayal|quotation|quote|remark|saying)s?"
)
_PASSAGE = (
    rf"(?:{_CLAIM}|(?:sentence|line|word|paragraph|passage|text|article|memo|page|account|thing|part|bit|detail|fact|"
    r"document|post|letter|note)s?|information|content|material|news)"
)
_LIE = r"(?:myth|misconception|fiction|lie|hoax|falsehood|fairy tale)"
_TRUE = (
    r"(?:true|so|the case|right|correct|accurate|real|factual|how it is|the truth|to be (?:believed|trusted)|"
    r"what (?:happen(?:s|ed)|\w+ (?:does|did)|is))"
)
_VERY = (
    r"(?:(?:all|at all|entirely|completely|totally|simply|plainly|just|quite|flatly|utterly|really|even|in fact|still|"
    r"also|clearly|absolutely|patently|of course|however|therefore|obviously|actually|certainly),? )*"
)
_FALSE_WORD = (
    r"(?:false|untrue|wrong|incorrect|mistaken|inaccurate|baseless|unfounded|groundless|invented|made[- ]up|fabricated|"
    r"debunked|contradicted|disproved|disproven|refuted|fake|bogus|erroneous|fictional|fictitious|imaginary)"
)
_FALSE = (
    rf"(?:(?:(?:an?|mere|pure|sheer|one|all|just|nothing but) )*(?:(?!no )\w+ )?(?:{_FALSE_WORD} {_PASSAGE}|(?:{_LIE}|"
    rf"rumou?r|legend|fable|fabrication|invention|fantasy)s?)|{_FALSE_WORD}|(?:pure |sheer |utter )?(?:nonsense|"
    r"rubbish|hearsay|misinformation|disinformation)|an? (?:mistake|misunderstanding|error|joke|prank|misreading))"
)
_NOT = r"(?:not|never|hardly|far from|anything but|by no means|in no way|nowhere near|neither)"
_BE = (
    r"(?:(?:is|was|are|were|(?:has|have)(?: since| also)? been)(?: (?:\w+ )?(?:shown|proved|proven|found) to be)?|"
    r"(?:proved|proves|turned out|turns out|(?:has|have) (?:proved|proven|turned out))(?: to be)?|remains?)"
)
_REALITY = r"(?:the )?(?:reality|facts?|truth|record|what happened)"
_IS_FALSE = (
    rf"(?:(?:(?:, [^,]{{1,30}},)? {_VERY}{_BE}|'s|'re),? {_VERY}(?:{_FALSE}|{_NOT} {_VERY}{_TRUE})|"
    rf" {_NOT} {_BE} {_TRUE}| {_VERY}(?:isn't|wasn't|aren't|weren't) {_VERY}{_TRUE}|"
    rf" {_VERY}(?:has|have) (?:not|never) been {_TRUE}|"
    rf" (?:does|do|did)(?:n't| not) (?:hold(?: true| up)?|(?:match|fit|reflect|correspond to|agree with) {_REALITY})|"
    r" never (?:happened|took place)| (?:has|have|had) (?:no|little) (?:basis|foundation|truth|substance)|"
    r" (?:couldn't|could not|cannot|can't) be (?:further|farther) from the truth)"
    r"(?: (?:at all|in the least|either|whatsoever|in fact|in it|to it))?"
)
_NOBODY = (
    r"(?:do not|don't|never|(?:nobody|no one|you) should(?: ever)?|(?:one|you|people|we) (?:should not|shouldn't|must "
    r"not))"
)
_SAY = (
    r"(?:believe|think|suppose|assume|imagine|say|claim|conclude|be (?:fooled|misled|deceived) into \w+|"
    r"let \w+ (?:tell|persuade|convince) (?:you|us))"
)
_NO_TRUTH = (
    r"\b(?:no (?:truth|evidence|proof|basis|substance)(?: \w+)?|there(?:'s| is| was) nothing|"
    r"not a (?:word|grain|shred|bit) of (?:truth|evidence)) (?:in|to|for|of|behind)"
)
_AHEAD = (
    rf"(?:the following(?: {_PASSAGE})?|what (?:follows|comes next|you are about to (?:read|hear))|the next {_PASSAGE}|"
    rf"(?:every|each|all|any)(?:thing)?(?: \w+)? (?:in|of) (?:this|the) {_PASSAGE}|(?:everything|all) that follows|"
    rf"(?:the|these) {_PASSAGE}(?: that follows?| below)|everything below)"
)
_THIS = (
    r"(?:(?:(?:everything|nothing|all) (?:in|of) )?"
    r"(?:the|that|this|these|those|such|every|both|all|our|my|his|her|their) "
    rf"(?:\w+ ){{0,2}}{_PASSAGE}(?: (?:above|before|(?:of|about) (?:it|that|this)))?|what \w+ (?:\w+ ){{0,2}}"
    r"(?:said|wrote|written|claims?|claimed)(?: here| above)?|(?:everything|nothing) (?:above|before|said so far))"
)
_TOLD = (
    rf"(?:{_THIS}|(?:(?:all|everything|nothing) (?:(?:of|in) )?)?(?:that|this|these|those|it|"
    r"the (?:above|foregoing|preceding))|both|they)"
)
_END = r"(?=[.,;:!)\u2013\u2014\"\u201d]|\s*$| and\b| but\b| though\b)"

INTRODUCING = RuleTable(
    Rule(
        "not true that",
        rf"\bit{_IS_FALSE} that\b|\b(?:by no means|in no way|nor|hardly) (?:is|was) it {_TRUE} that\b",
        "It isn't true that Mo likes it.",
        "It is true that Mo likes it.",
    ),
    Rule(
        "wrong to say",
        rf"\b(?:{_FALSE_WORD}|a mistake|an error|misleading) (?:to|who|when they) {_SAY}\b",
        "It would be wrong to say that Mo likes it.",
        "It would be right to say that Mo likes it.",
    ),
    Rule(
        "a false claim",
        rf"\b{_FALSE_WORD} {_CLAIM} that\b|\b{_LIE} that\b",
        "There is a false belief that Mo likes it.",
        "There is a belief that Mo likes it.",
    ),
    Rule(
        "falsely said",
        r"\b(?:wrongly|falsely|mistakenly|erroneously|incorrectly),? (?:\w+ ){0,3}?that\b",
        "Many believe, wrongly, that Mo likes it.",
        "Many believe, rightly, that Mo likes it.",
    ),
    Rule(
        "no truth in the claim",
        rf"{_NO_TRUTH} (?:the|this|that|any) {_CLAIM} that\b|\bno (?:evidence|proof) that\b",
        "There is nothing to the story that Mo likes it.",
        "There is something to the story that Mo likes it.",
    ),
    Rule(
        "denies that",
        r"(?<!nobody )(?<!no one )(?<!not )(?<!n't )(?<!never )(?<!be )\b(?:den(?:y|ies|ied|ying)|"
        rf"(?:disput|refut|disprov)(?:e|es|ed)|debunk(?:s|ed)?) (?:(?:the|any) {_CLAIM} )?that\b",
        "Acme denies that Mo likes it.",
        "Nobody denies that Mo likes it.",
    ),
    Rule(
        "do not believe that",
        rf"\b{_NOBODY} {_SAY} (?:\w+,? ){{0,4}}?that\b",
        "Nobody should believe that Mo likes it.",
        "Anybody may believe that Mo likes it.",
    ),
    Rule(
        "contrary to",
        rf"\bcontrary to (?:\w+ ){{0,3}}{_CLAIM}\b,?",
        "Contrary to the story that Mo likes it, it is shelved.",
        "According to the story, Mo likes it.",
    ),
)
"""What says that the rest of its own sentence is false."""
HEADING = RuleTable(
    Rule(
        "labelled as false",
        rf"\A\W*(?:\w+ ){{0,2}}(?:{_LIE}|rumou?r|not true|{_FALSE_WORD}(?: {_CLAIM})?)"
        r"(?: (?:no\. ?|number |#)?\d+)? ?[:\u2013\u2014]",
        "Myth 2: Mo likes it.",
        "Memo 2: Mo likes it.",
    ),
    Rule(
        "the following is false",
        rf"\b(?:(?:all|each|everything) (?:of |in )?)?{_AHEAD}{_IS_FALSE}",
        "The following is false: Mo likes it.",
        "The following is true: Mo likes it.",
    ),
    Rule(
        "none of the following",
        rf"\b(?:none|nothing|not one|not a word|no part|neither) of {_AHEAD} "
        rf"(?:(?:is|are) {_TRUE}|holds?|appl(?:y|ies))",
        "None of the following is true. Mo likes it.",
        "None of the following is new. Mo likes it.",
    ),
    Rule(
        "a list of falsehoods",
        rf"\A\W*(?:here|these are|below|some|common|popular|a few|several|two|three|four|five) "
        rf"(?:\w+ ){{0,5}}(?:{_LIE}s|{_FALSE_WORD} {_CLAIM})\b",
        "Three common myths about it: Mo likes it.",
        "Three common questions about it: does Mo like it?",
    ),
    Rule(
        "do not believe what follows",
        rf"\b(?:{_NOBODY} (?:believe|trust)|ignore|disregard) {_AHEAD}",
        "Do not believe what follows. Mo likes it.",
        "Do believe what follows. Mo likes it.",
    ),
)
"""What says that the rest of its sentence or the next sentences are false."""
ENCLOSING = RuleTable(
    Rule(
        "the claim that ... is false",
        rf"(?:\A\W*that|\b{_CLAIM} that|\b(?:anyone|anybody|whoever|those|people) (?:who )?\w+(?: that)?) "
        rf"[^.!?;]{{3,200}}?{_IS_FALSE}{_END}",
        "The claim that Mo likes it is false.",
        "The claim that Mo likes it is old.",
    ),
)
"""What has the claim in itself and says that it is false."""
FOLLOWING = RuleTable(
    Rule(
        "that is false",
        rf"(?:\A\W*|[;,:(\u2014] ?(?:and |but |yet |which |though )*|\b(?:but|and|yet|though|of course|in \w+|that|"
        r"afraid|fear|think|know|sure|say|see),? )"
        rf"{_TOLD}{_IS_FALSE}{_END}|\b{_THIS}{_IS_FALSE}{_END}|[,;\u2014] ?which{_IS_FALSE}{_END}|"
        rf"[\"\u201d],?{_IS_FALSE}{_END}",
        "That is simply not true.",
        "That is simply not true of everybody.",
    ),
    Rule(
        "shown to be false",
        rf"\b(?:shown?|shows|proved?|proves|proven|found|revealed) {_TOLD} (?:to be )?{_FALSE}{_END}",
        "Experts have shown this to be false.",
        "Experts have found this to be a false start.",
    ),
    Rule(
        "wrong to believe it",
        rf"\b(?:{_FALSE_WORD}|a mistake|an error) to {_SAY} {_TOLD}{_END}",
        "It would be a mistake to believe this.",
        "It would be a mistake to believe a rival.",
    ),
    Rule(
        "no such thing exists",
        r"\bno such (?:\w+ )?(?:thing|preference|liking|rule|value|habit|policy) (?:exists?|was made)\b|"
        r"\bthere(?:'s| is| was) no such (?:\w+ )?(?:thing|preference|liking|rule|value|habit|policy)\b",
        "No such preference exists.",
        "No such cheese is made here.",
    ),
    Rule("I lied", r"\b(?:I|we) (?:lied|(?:was|were|am|are|have been) (?:lying|joking))\b", "I was lying.", "I lay."),
    Rule(
        "you were misinformed",
        r"\b(?:you|we|they|readers|people|everybody) (?:have been|had been|were|are being) (?:misinformed|misled|"
        r"lied to|deceived)\b",
        "You have been misinformed.",
        "You have been informed.",
    ),
    Rule(
        "whoever says so is wrong",
        rf"\A\W*(?:the \w+|he|she|whoever says so) (?:is|are|was|were) {_VERY}(?:mistaken|wrong|lying|misinformed)"
        rf"{_END}",
        "The grocer is mistaken.",
        "The grocer is mistaken for another.",
    ),
    Rule(
        "none of that",
        rf"\b(?:none|nothing|not (?:one|a) word|no part|no word|little) (?:of|in|about) {_TOLD} (?:\w+ )?"
        rf"(?:(?:is|was|were|are) {_TRUE}|(?:holds?|held)(?: up)?|happened|applies)\b",
        "None of that holds.",
        "None of that is wasteful.",
    ),
    Rule(
        "a verdict of false",
        r"\A\W*(?:our |the )?(?:verdict|fact check|answer|rating|ruling|result|conclusion)\W+(?:false|untrue|wrong|"
        r"not true|incorrect|a? ?myth)\b",
        "Verdict: false.",
        "Verdict: true.",
    ),
    Rule(
        "not so",
        rf"\A\W*(?:[\w.'-]+(?: [\w.'-]+)?: \W*)?(?:{_VERY}(?:not (?:so|true|the case|correct)|untrue|false|"
        r"incorrect|nonsense)|wrong|nothing of the (?:sort|kind)|no such thing|far from it|"
        r"(?:quite |just |exactly )*the (?:opposite|reverse|contrary)(?: is (?:true|the case))?)(?=[.,;!\u2014]|\s*$)",
        "Not so!",
        "Not so long ago, Mo was asked.",
    ),
    Rule(
        "it does not",
        r"\A\W*(?:(?:no|correction|actually|in fact|in truth|in reality|but|of course|well|naturally)\W+)*"
        r"(?:it|(?<=no, )\w+) (?:(?:does|did|do|is)(?:n't| not)|never (?:did|does|has|was))[.!]?\W*\Z",
        "No, it does not.",
        "It does not hide that.",
    ),
    Rule(
        "does no such thing",
        r"\b(?:do(?:es)?|did) (?:no such thing|nothing of the (?:sort|kind))\b|\bnothing of the (?:sort|kind) is\b",
        "Mo does no such thing.",
        "Mo does nothing on Sundays.",
    ),
    Rule(
        "the opposite is true",
        r"\bthe (?:very )?(?:opposite|reverse|contrary) (?:(?:is|was) (?:true|the case)|holds|happened)\b|"
        r"\bthe other way a?round\b|\bnothing (?:could|can) be (?:further|farther) from the truth\b",
        "In fact the opposite is true.",
        "The opposite bank is true rock.",
    ),
    Rule(
        "do not believe it",
        rf"(?:\A\W*(?:please,? |so |but )?{_NOBODY}|\b(?:nobody|no one) should|\A\W*(?:please )?(?:ignore|disregard|"
        rf"forget|strike)) ?(?:believe |trust |repeat )?(?:(?:a|one|any) (?:word )?of )?{_TOLD}{_END}",
        "Do not believe a word of it.",
        "Do not believe a word of a rival.",
    ),
    Rule(
        "no truth in it",
        rf"{_NO_TRUTH} {_TOLD}{_END}",
        "There is not a word of truth in it.",
        "There is a word of truth in it.",
    ),
    Rule(
        "made up",
        r"\b(?:I|we|they|he|she|somebody|someone|people) (?:have |had |has )?(?:just |simply |only )?(?:made|invented|"
        r"dreamed|dreamt|fabricated) (?:it|that|this|them|all of (?:it|that|this)|the whole (?:thing|story))(?: all)?"
        rf"(?: up)?{_END}",
        "Somebody made that up.",
        "Somebody made that cheese up here.",
    ),
    Rule(
        "taken back",
        rf"\b{_TOLD} (?:was|were|is|are|(?:has|have) (?:since )?been) (?:since |later |now )?(?:retracted|withdrawn|"
        rf"refuted|disproved|denied)\b|\b(?:I|we|he|she|they) (?:hereby )?(?:retract|withdr[ae]w|disown)(?:s|ed)? "
        rf"{_TOLD}|\bI take (?:it|that|this) (?:all )?back\b",
        "The report has since been retracted.",
        "The report has since been printed.",
    ),
    Rule(
        "marked as false",
        r"[(\[\u2014-] ?(?:false|not true|untrue|a? ?myth|wrong)[.!]?(?:[)\]]|\s*\Z)",
        "Mo likes it (false).",
        "Mo likes it (sharp).",
    ),
)
"""What says that the beginning of its sentence, or the sentences before, are false."""


def denials(text: str, subject: Subject, *, of_opposites: bool = True) -> list[str]:
    """The rules by which `text` denies, from another clause, what it says of the subject of the assertion.

    Without `of_opposites`, only where what is denied does not turn a like into a dislike, or the other way round.
    """
    parts = [part for line in text.replace("\u2019", "'").splitlines() for part in sentences(line)]
    wording = wording_of(text)
    return [
        name
        for number in range(len(parts))
        for name, claims in (*_denied(parts, number), *_denied_in(wording, parts, number))
        if any(speaks_of(claim, subject) and (of_opposites or not turns_round(claim, subject)) for claim in claims)
    ]


def _denied(parts: Sequence[str], number: int) -> Iterator[tuple[str, list[str]]]:
    """The denials in one sentence, each with the parts of the text that it may be about. A question claims nothing."""
    sentence, before = parts[number], _before(parts, number)
    after = parts[number + 1 : number + 1 + REACH]
    for name, _, end in INTRODUCING.places(sentence):
        yield name, [sentence[end:]]
    for name, _, end in HEADING.places(sentence):
        yield name, [sentence[end:], *after]
    for name, start, end in ENCLOSING.places(sentence):
        yield name, [sentence[start:end]]
    for name, start, _ in FOLLOWING.places(sentence):
        yield name, [sentence[:start], *before]


def _denied_in(wording: Wording, parts: Sequence[str], number: int) -> Iterator[tuple[str, list[str]]]:
    """The same by the words of another language."""
    sentence = parts[number]
    for name, _, end in wording.introducing.places(sentence):
        yield name, [sentence[end:]]
    for name, start, end in wording.enclosing.places(sentence):
        yield name, [sentence[start:end]]
    for name, start, _ in wording.following.places(sentence):
        yield name, [sentence[:start], *_before(parts, number)]


def _before(parts: Sequence[str], number: int) -> list[str]:
    """The sentences before one, as far as a denial reaches, without questions."""
    return [part for part in parts[max(number - REACH, 0) : number] if not part.rstrip().endswith(("?", "\uff1f"))]
