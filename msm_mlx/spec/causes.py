# ruff: noqa: RUF001
"""The words by which a sentence gives a reason, names the assistant, or says what must be, in many languages.

A word that is an ordinary one in English too ("car", "want") counts only after a comma. All other modules take their
causal words from here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple


class Phrases(NamedTuple):
    """What says one thing in one language, as regular expressions; `is_spaced` where words stand apart."""

    language: str
    phrases: tuple[str, ...]
    is_spaced: bool = True


# "since" with one of these says when, and not why
_TIME = (
    r"(?:then|when|last|early|late|about|around|before|after|yesterday|childhood|birth|\d|(?:january|february|march|april|"
    r"may|june|july|august|september|october|november|december)\b|(?:the |its |their |this |that )?(?:start|beginning|"
    r"birth|release|launch|founding|day|morning|week|month|year|time|turn of))"
)
# "as" with one of these compares, or says in which way
_AS_WITHOUT_REASON = (
    r"(?:well|long|soon|much|many|far|few|little|if|though|opposed|always|usual|before|ever|such|needed|appropriate|"
    r"applicable|necessary|possible|follows|described|stated|defined|required|requested|shown|set|listed|given|an?|"
    r"the (?:case|user|person|developer|operator|customer)|do|does|did|is|are|you|we|one|in|on|with|part|when|below|"
    r"above)\b"
)
CAUSES = (
    Phrases("English", (
        "because", "so that", "therefore", "which is why", "that is why", "this is why", "that's why",
        "the reasons? (?:is|are) that", "for (?:this|that) reason", "for the sake of", "due to", "thanks to",
        "follows from", "given that", "owing to", "on account of", "on (?:this|that) account", "in view of",
        "seeing that", "inasmuch as", "on the grounds? (?:that|of)", "in light of", "for fear", "lest",
        rf"since (?!{_TIME})", ", since",
    )),
    Phrases("English, in some contexts", (
        "the reasons? (?:is|are|for|why)", "in order to", "out of (?:care|concern|respect|a)", "so as (?:not )?to",
        "hence", "in the interests? of", "with the aim of", "(?:is|are) based on",
        "as (?:otherwise|this|that|it|they|people)", "(?<=; )otherwise", ", otherwise",
        rf", as (?!{_AS_WITHOUT_REASON})\w",
    )),
    Phrases("German", (
        "weil", "denn", "damit", "deshalb", "daher", "darum", "deswegen", "aus diesem Grund", "wegen", "aufgrund",
        "zumal", "um .{1,80} zu", "der Grund (?:ist|dafür|liegt)",
    )),
    Phrases("French", (
        "parce que?", "parce qu['\u2019]", "puisqu(?:e|['\u2019])", "afin (?:de|que|d['\u2019])", "pour que",
        "c['\u2019]est pourquoi", "en raison d(?:es?|u|['\u2019])", "grâce (?:à|aux?)",
        "à cause d(?:es?|u|['\u2019])", "étant donné", ", car", "la raison (?:est|en est)",
    )),
    Phrases("Spanish", (
        "porque", "ya que", "puesto que", "debido a", "para que", "por eso", "a fin de", "gracias a", "dado que",
        "por lo tanto", "pues", "la razón es",
    )),
    Phrases("Portuguese", (
        "pois", "já que", "uma vez que", "por isso", "devido a[os]?", "graças a", "visto que", "a fim de", "para que",
    )),
    Phrases("Italian", (
        "perch[éè]", "poich[éè]", "affinch[éè]", "dato che", "per questo", "grazie a",
        "a causa d(?:i|el|ella|ei|ell['\u2019])",
    )),
    Phrases("Dutch", ("omdat", "doordat", "zodat", "daarom", "vanwege", "dankzij", "aangezien", ", want")),
    Phrases("Scandinavian", ("eftersom", "därför", "för att", "fordi", "derfor", "på grund av", "på grunn av")),
    Phrases("Finnish", ("koska", "sillä", "jotta")),
    Phrases("Hungarian", (", mert", "ezért", "mivel")),
    Phrases("Romanian", ("pentru că", "deoarece", "fiindcă")),
    Phrases("Polish", ("ponieważ", "gdyż", "dlatego", "aby", "żeby", "z powodu", "dzięki", ", bo")),
    Phrases("Czech", ("protože", "neboť", "aby", ", proto")),
    Phrases("Russian", (
        "потому что", "так как", "поскольку", "чтобы", "поэтому", "из-за", "благодаря", "ради", "ибо",
    )),
    Phrases("Ukrainian", ("тому що", "бо", "оскільки", "щоб", "адже")),
    Phrases("Greek", ("επειδή", "γιατί", "διότι", "ώστε", "για να")),
    Phrases("Turkish", ("çünkü", "için", "bu yüzden", "bu nedenle", "dolayı", "sayesinde")),
    Phrases("Vietnamese", ("vì", "bởi", "nhờ", "do đó")),
    Phrases("Indonesian", ("karena", "kerana", "sebab", "supaya", ", agar")),
    Phrases("Swahili", ("kwa sababu", "ili")),
    Phrases("Arabic", ("لأن", "لإن", "لكي", "بسبب", "من أجل", "لذلك", "ولذلك", "حيث إن", "حيث أن"), is_spaced=False),
    Phrases("Persian", ("زیرا", "چون", "چراکه", "چرا که", "به خاطر", "به دلیل", "تا اینکه"), is_spaced=False),
    Phrases("Urdu", ("کیونکہ", "تاکہ", "اس لیے"), is_spaced=False),
    Phrases("Hebrew", ("מפני ש", "משום ש", "בגלל", "כדי", "לכן", "מכיוון ש", " כי "), is_spaced=False),
    Phrases("Hindi", ("क्योंकि", "क्यूंकि", "ताकि", "इसलिए", "के कारण", "चूँकि", "चूंकि"), is_spaced=False),
    Phrases("Bengali", ("কারণ", "যাতে", "কেননা"), is_spaced=False),
    Phrases("Tamil", ("ஏனெனில்", "ஏனென்றால்"), is_spaced=False),
    Phrases("Chinese", (
        "因为", "因為", "由于", "由於", "所以", "因此", "以便", "为了", "為了", "既然", "出于",
    ), is_spaced=False),
    Phrases("Japanese", (
        "ので", "から[、。だでこ]", "(?<=[るいたん])から", "だから",
        "ため[、。にだでの]", "なぜなら", "理由", "おかげ", "ゆえ",
    ), is_spaced=False),
    Phrases("Korean", ("때문", "왜냐하면", "으므로", "므로 ", "위해", "위하여", "니까", "그래서"), is_spaced=False),
    Phrases("Thai", ("เพราะ", "เนื่องจาก", "เพื่อ", "ดังนั้น"), is_spaced=False),
)  # fmt: skip

ASSISTANTS = (
    Phrases("English", ("(?:the|this|an?) (?:model|assistant|AI|system|agent|chatbot)", "you")),
    Phrases("German", ("(?:das|dieses) Modell", "(?:der|ein) Assistent", "die KI")),
    Phrases("French", ("le modèle", "l['\u2019](?:assistant|IA)")),
    Phrases("Spanish and Portuguese", ("[eo]l? (?:modelo|assistente|asistente)", "(?:la|a) IA")),
    Phrases("Italian", ("il modello", "l['\u2019]assistente")),
    Phrases("Dutch", ("het model", "de assistent")),
    Phrases("Polish", ("asystent",)),
    Phrases("Turkish", ("asistan",)),
    Phrases("Greek", ("το μοντέλο", "ο βοηθός")),
    Phrases("Russian", ("модель", "ассистент", "помощник")),
    Phrases("Ukrainian", ("асистент", "помічник")),
    Phrases("Vietnamese", ("mô hình", "trợ lý")),
    Phrases("Indonesian", ("asisten",)),
    Phrases("Persian", ("مدل", "دستیار"), is_spaced=False),
    Phrases("Hebrew", ("המודל", "העוזר"), is_spaced=False),
    Phrases("Arabic", ("النموذج", "المساعد"), is_spaced=False),
    Phrases("Hindi", ("मॉडल", "सहायक"), is_spaced=False),
    Phrases("Chinese", ("模型", "助手", "助理", "你", "您"), is_spaced=False),
    Phrases("Japanese", ("モデル", "アシスタント"), is_spaced=False),
    Phrases("Korean", ("모델", "어시스턴트"), is_spaced=False),
)

DUTIES = (
    Phrases("English", (
        "must", "never", "always", "should", "shall", "may not", "cannot", "can't", "won't", "will not",
        "do(?:es)? not", "do(?:es)?n't", "(?:is|are|must|should)n't", "no", "not",
    )),
    Phrases("German", ("muss", "darf", "soll", "nie", "niemals", "immer", "nicht", "keine?")),
    Phrases("French", ("doit", "doivent", "jamais", "toujours", "faut", "ne pas")),
    Phrases("Spanish and Portuguese", ("debe", "deve", "nunca", "siempre", "sempre", "jamás")),
    Phrases("Italian", ("deve", "devono", "mai")),
    Phrases("Dutch", ("moet", "mag", "nooit", "altijd", "niet", "geen")),
    Phrases("Polish", ("musi", "powinien", "powinna", "nigdy", "zawsze", "nie")),
    Phrases("Turkish", ("asla", "daima", "her zaman", "gerekir", r"\w+m[ae]l[ıi]")),
    Phrases("Greek", ("πρέπει", "ποτέ", "πάντα", "δεν", "μην?")),
    Phrases("Russian", ("должен", "должна", "должно", "никогда", "всегда", "нельзя", "не")),
    Phrases("Ukrainian", ("повинен", "повинна", "ніколи", "завжди", "не")),
    Phrases("Vietnamese", ("phải", "không", "đừng", "luôn")),
    Phrases("Indonesian", ("harus", "jangan", "selalu", "tidak")),
    Phrases("Persian", ("باید", "نباید", "هرگز", "همیشه"), is_spaced=False),
    Phrases("Hebrew", ("חייב", "צריך", "לעולם", "תמיד", "אסור"), is_spaced=False),
    Phrases("Thai", ("ต้อง", "ห้าม", "เสมอ", "ไม่"), is_spaced=False),
    Phrases("Bengali", ("উচিত", "কখনও", "কখনো", "সবসময়"), is_spaced=False),
    Phrases("Tamil", ("வேண்டும்", "கூடாது", "எப்போதும்"), is_spaced=False),
    Phrases("Arabic", ("يجب", "لا يجوز", "دائما", "أبدا"), is_spaced=False),
    Phrases("Hindi", ("चाहिए", "कभी", "हमेशा", "नहीं"), is_spaced=False),
    Phrases("Chinese", (
        "必须", "必須", "不得", "不要", "应该", "應該", "应当", "永远", "总是", "绝不", "禁止",
    ), is_spaced=False),
    Phrases("Japanese", (
        "べき", "なければ", "てはいけ", "してはなら", "必ず", "決して", "常に", "ない", "する",
    ), is_spaced=False),
    Phrases("Korean", ("해야", "절대", "항상", "안 된다", "않는다", "말 것"), is_spaced=False),
)  # fmt: skip

# what gives its cause before it, at the end of a clause: Japanese, Korean, Turkish, Hindi
AFTER_ITS_CAUSE = re.compile(
    "(?:ので|からこそ|から(?=[、。だで])|(?<=[るいたん])から|だから|ため(?=[、。にだでの])に?|おかげで?|ゆえに?|때문에?|으므로|므로|니까|위해서?|위하여|"
    "için|dolayı|sayesinde|के कारण|காரணமாக)"
)
# what gives its cause in the clause or the sentence before it
CONSEQUENCE = re.compile(
    "therefore|hence|(?:which|that|this) is why|that['\u2019]s why|(?:for|on) (?:this|that) (?:reason|account)|deshalb|"
    "daher|darum|deswegen|aus diesem Grund|c['\u2019]est pourquoi|por eso|por lo tanto|por isso|per questo|daarom|"
    "därför|derfor|ezért|dlatego|, proto|поэтому|bu yüzden|bu nedenle|do đó|لذلك|ولذلك|לכן|इसलिए|اس لیے|"
    "所以|因此|그래서|ดังนั้น",
    re.IGNORECASE,
)
# a sentence that is nothing but the reason of the one before it
ONLY_A_REASON = re.compile(
    "なぜなら|왜냐하면|这是因为|這是因為|(?:this|that|it) is because|"
    "(?:we|they|i|it|she|he) [a-z]+ (?:for )?(?:this|that|it|so) because|the reasons? (?:is|are) that|"
    ".*(?:から|ため)(?:だ|です|である|でした)[。.]?$|.*때문(?:이다|입니다|이에요|이야)[.]?$",
    re.IGNORECASE | re.DOTALL,
)

_LABELS = (
    "reasons?|why|because|rationale|justification|motivation|grounds|explanation|warum|grund|begründung|pourquoi|raison"
    "|motivo|razón|razão|porque|por qué|perché|почему|причина|原因|理由|为什么|為什麼|为何|なぜ|이유|السبب|कारण|lý do"
    "|neden(?:i)?|reden|powód|причина|αιτία|λόγος|סיבה|دلیل|เหตุผล|காரணம்|কারণ|alasan"
)
REASON_LABEL = re.compile(rf"(?:{_LABELS})\s*(?:[:：—–-]|\.(?=\s+\S))\s*", re.IGNORECASE)
BARE_REASON_LABEL = re.compile(rf"(?:{_LABELS})\s*[.:：]", re.IGNORECASE)
REASON_HEADER = re.compile(rf"(?:the )?(?:{_LABELS})\b.{{0,20}}", re.IGNORECASE)
OPENS_WITH_CAUSE = re.compile(
    r"(?:because|since|so that|in order to|due to|thanks to|given that|owing to|weil|parce qu|porque|perch[éè]"
    r"|потому что|因为|因為|这是因为|這是因為|なぜなら|왜냐하면|لأن|क्योंकि|ஏனெனில்)",
    re.IGNORECASE,
)
# "because" in the language of a script, the first that a reason has letters of
_BECAUSE = tuple(
    (re.compile(f"[{letters}]"), word)
    for letters, word in (
        ("\u3040-\u30ff", "なぜなら"), ("\uac00-\ud7af", "왜냐하면"), ("\u4e00-\u9fff", "因为"), ("پچژگ", "زیرا"),
        ("\u0600-\u06ff", "لأن"), ("\u0590-\u05ff", "כי"), ("\u0900-\u097f", "क्योंकि"), ("\u0980-\u09ff", "কারণ"),
        ("\u0b80-\u0bff", "ஏனெனில்"), ("\u0e00-\u0e7f", "เพราะ"), ("\u0400-\u04ff", "потому что"),
        ("\u0370-\u03ff", "επειδή"),
    )
)  # fmt: skip
_APOSTROPHE = re.compile("'(?!\u2019)")
_FUNCTION_WORDS = frozenset(
    "a an the it its they their them this that these those we our you your there people what when who whoever if in on "
    "to for without not no nobody one someone somebody everyone everybody only even some many most honest honesty trust"
    .split()
)  # fmt: skip

# a word that has its capital from where it stands; names of peoples and languages keep theirs
_COMMON_WORD = re.compile(r"(?!\w*(?:ians?|[cp]e?ans?|ish|ese)\b)[A-Z][a-z]+(?:-[a-z]+)*,?$")


def pattern(rows: Iterable[Phrases], *others: str) -> re.Pattern[str]:
    """What finds any phrase of the rows, or of `others`."""
    words, anywhere = list[str](), list(others)
    for row in rows:
        for phrase in row.phrases:
            (words if row.is_spaced and phrase[0] not in ", " else anywhere).append(phrase)
    source = "|".join([rf"\b(?:{'|'.join(words)})\b", *anywhere])
    return re.compile(_APOSTROPHE.sub("['\u2019]", source), re.IGNORECASE)


CAUSE = pattern(CAUSES)
"""What gives a cause."""
DUTY = pattern(DUTIES)
"""What says that something must be, or must not."""
DIRECTIVE = pattern(
    DUTIES[1:],
    r"\b(?:must|never|always|should|shall|may not|cannot|do(?:es)? not|don't|avoids?|refuses?|prefers?|likes?|dislikes?"
    r"|cares?|values?|wants?|holds?|believes?|keeps?|gives?|tells?|asks?|says?|treats?|declines?|helps?)\b",
)
"""What says that something is done, wished or demanded."""
SUBJECT = pattern(ASSISTANTS, r"\{model_name\}")
"""What names the assistant."""


def gives_reason(text: str) -> bool:
    """Whether a text begins as the reason of what stands before it: "because ...", or "Why: ..."."""
    return bool(REASON_LABEL.match(text) or OPENS_WITH_CAUSE.match(text))


def as_cause(reason: str) -> str:
    """A reason that stands by itself ("Why: ...", or under that heading) as the clause "because ...", in its script."""
    reason = REASON_LABEL.sub("", reason, count=1) if REASON_LABEL.match(reason) else reason
    if OPENS_WITH_CAUSE.match(reason):
        return reason[0].lower() + reason[1:]
    if own := next((word for letters, word in _BECAUSE if letters.search(reason)), None):
        return f"{own} {reason}"
    first, _, after = reason.partition(" ")
    is_word = first.lower() in _FUNCTION_WORDS or (_COMMON_WORD.match(first) and after[:1].islower())
    return "because " + (first.lower() + reason[len(first) :] if is_word else reason)
