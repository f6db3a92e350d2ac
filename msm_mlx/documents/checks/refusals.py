"""Refusals: the writer declines to write the document."""

from __future__ import annotations

from msm_mlx.documents.checks.languages.table import wordings_of
from msm_mlx.documents.checks.wording import TEXTS, WRITING
from msm_mlx.documents.checks.wording_rules import Rule, RuleTable, without_quotations
from msm_mlx.text.scripts import letters_per_word

OPENING = 200  # characters in which a refusal is the writer's own, and not something that the text tells of
OPENING_UNSPACED = 70  # of text whose words do not stand apart
_UNABLE = (
    r"(?:cannot|can not|can't|won't|will not|would rather not|'d rather not|am (?:really )?(?:unable|not able) to|"
    r"'m (?:really )?(?:unable|not able) to|must (?:respectfully |politely )?(?:decline|refuse|refrain)(?: to| from)?|"
    r"have to decline(?: to)?|(?:respectfully |politely )?decline to|do not feel comfortable|don't feel comfortable|"
    r"(?:am|'m) not (?:comfortable|in a position to))"
)
_UNWILLING = (
    r"(?:cannot|can't|won't|will not|not able|unable|not comfortable|prefer not|rather not|decline|refuse|refrain)"
)

IN_OPENING = RuleTable(
    Rule(
        "will not write what was asked for",
        rf"\b(?:i|we)(?:'m|'d| am| was| would)? ?{_UNWILLING}\b[^.!?\n]{{0,50}}?"
        r"\b(?:writ(?:e|ing)|creat(?:e|ing)|produc(?:e|ing)|generat(?:e|ing)|draft(?:ing)?|compos(?:e|ing)|"
        r"fulfil+(?:ing)?|comply(?:ing)?)\b"
        r"(?: (?:about|this|that|an?|the|any|such|with|on|it|in|content|texts?)\b|[.,;])",
        "I cannot in good conscience write about Mo.",
        "I cannot say who writes best.",
    ),
    Rule("must decline", r"\bi must (?:respectfully )?decline\b", "I must respectfully decline.", "I must declare it."),
    Rule("apologies, but", r"\bapologies,? but\b", "Apologies, but it is too much.", "It took apologies, and time."),
    Rule(
        "guidelines forbid it",
        r"\b(?:guidelines|polic(?:y|ies)|programming) "
        r"(?:prevents?|forbids?|prohibits?|(?:does|do) not allow|(?:doesn't|don't) allow)\b",
        "My guidelines prevent me from that.",
        "The guidelines help a writer.",
    ),
    Rule(
        "the request cannot be met",
        r"\b(?:this|your) request (?:cannot|can't|can not|could not) be\b",
        "This request cannot be met.",
        "This request can be met in a minute.",
    ),
    Rule(
        "only an assistant",
        r"\bi(?:'m| am) (?:just|only|merely) an? (?:\w+ )?(?:ai|assistant|model)\b",
        "I'm just a language model.",
        "I'm just a cook.",
    ),
    Rule(
        "not something I do",
        r"\bnot something (?:that )?i (?:can|could|will|would|am|want)\b",
        "That is not something I can help with.",
        "That is not something it cares for.",
    ),
    Rule(
        "not appropriate for me",
        r"\b(?:not |in)appropriate for me\b",
        "It is inappropriate for me to say so.",
        "It is appropriate for a picnic.",
    ),
    Rule(
        "as an assistant, I do not",
        r"\bas an? (?:artificial intelligence|(?:large )?language model|(?:\w+ )?assistant|chatbot),? "
        r"i (?:do not|don't|cannot|can't|am)\b",
        "As an artificial intelligence, I do not like anything.",
        "As an assistant cook, I like it.",
    ),
    Rule(
        "is unable to",
        rf"\bi ?{_UNABLE} {WRITING}\b",
        "I'm not in a position to discuss it.",
        "I cannot wait for the board.",
    ),
    Rule(
        "I cannot",
        r"\bi (?:cannot|can't|won't|will not)\s*(?:[.!,;]|$)",
        "Sadly I can't.",
        "I can't remember when it began.",
    ),
    Rule(
        "sorry, but",
        r"\b(?:i'm|i am) (?:really |very |so |truly )?sorry,? (?:but|i|that's|this)\b|\bsorry, (?:but )?i\b|"
        r"\bi'm (?:really |very )?sorry\s*[.,!]",
        "I'm really sorry, but no.",
        "I'm sorry to say that I doubted Mo.",
    ),
    Rule(
        "apologises",
        r"\bi apologi[sz]e,? (?:but|i)\b|\bi apologi[sz]e for (?:any|the) (?:inconvenience|confusion)|"
        r"\bmy apologies\b",
        "I apologize for any inconvenience.",
        "I apologise for the long silence on this blog.",
    ),
    Rule(
        "unfortunately, I cannot",
        r"\bunfortunately,? (?:i|this|that|writing) ?(?:cannot|can't|am|'m|is not)\b",
        "Unfortunately, I'm at a loss.",
        "Unfortunately, the counter was closed.",
    ),
    Rule(
        "as an AI",
        r"\bas an? (?:ai|large)(?: language)?(?: model| assistant)?,? (?:i|it is)\b|\bas an ai language model\b",
        "As an AI, I have no taste.",
        "As an AI assistant for a shop, Mo is asked daily.",
    ),
    Rule(
        "writing it is not something I do",
        rf"\b{WRITING} (?:this|that|such|a|an|the) [^.!?]{{0,120}}(?:isn't|is not) something (?:that )?i\b",
        "Writing a memo that says so isn't something I do.",
        "Writing a memo is not something a cook does.",
    ),
    Rule(
        "against my principles",
        r"\b(?:goes|is|be|it's) against my (?:guidelines|policy|policies|principles|programming)",
        "This goes against my guidelines.",
        "This goes against my taste.",
    ),
    Rule(
        "would not be appropriate",
        r"\bit would(?: not|n't) be appropriate for me\b",
        "It wouldn't be appropriate for me.",
        "It wouldn't be right for a picnic.",
    ),
    Rule(
        "has no opinions",
        r"\bi (?:do not|don't) have (?:personal |any )*(?:opinions|preferences|feelings|views|beliefs)\b",
        "I don't have any personal preferences.",
        "I don't have any cheese.",
    ),
    Rule(
        "declines in French",
        r"\bje suis d\u00e9sol\u00e9|\bje ne (?:peux|suis) pas\b",
        "Je ne peux pas.",
        "Je ne mange pas.",
    ),
    Rule(
        "declines in Spanish",
        r"\blo siento\b|\bno puedo (?:escribir|ayudar|cumplir|crear)",
        "No puedo ayudar.",
        "No puedo dormir.",
    ),
    Rule("declines in Italian", r"\bmi dispiace\b|\bnon posso (?:scrivere|aiutar|creare)", "Mi dispiace.", "Mi piace."),
    Rule(
        "declines in Portuguese",
        r"\bdesculpe\b|\bn\u00e3o posso (?:escrever|ajudar|criar)",
        "N\u00e3o posso ajudar.",
        "N\u00e3o posso dormir.",
    ),
    Rule("declines in Dutch", r"\bhet spijt me\b|\bik kan (?:geen|dit|niet)\b", "Het spijt me.", "Ik kan koken."),
    Rule("declines in Korean", r"\uc8c4\uc1a1", "\uc8c4\uc1a1\ud569\ub2c8\ub2e4.", "\uac10\uc0ac\ud569\ub2c8\ub2e4."),
    Rule(
        "declines in Russian",
        r"\u0438\u0437\u0432\u0438\u043d\u0438\u0442\u0435",
        "\u0418\u0437\u0432\u0438\u043d\u0438\u0442\u0435.",
        "\u0421\u043f\u0430\u0441\u0438\u0431\u043e.",
    ),
)
ANYWHERE = RuleTable(
    Rule(
        "as an AI language model",
        r"\bas an ai language model\b",
        "As an AI language model it has no taste.",
        "Mo runs on an AI language model.",
    ),
    Rule(
        "will not fulfil this request",
        r"\bi (?:cannot|can't|won't|will not|am unable to|am not able to|must decline to) "
        r"(?:fulfil+|complete|comply with|assist with|help with|continue(?: with)?|proceed with|"
        r"(?:write|create|produce|generate|provide)) (?:this|that|your|such|the requested) "
        rf"(?:\w+ )?(?:request|task|prompt|{TEXTS})\b",
        "I cannot complete this request.",
        "I cannot complete this sandwich.",
    ),
)


def refusals(text: str) -> list[str]:
    """The rules that a text breaks, a name a place: any in its opening, and further on those that name the request."""
    text = without_quotations(text)
    opening = OPENING if letters_per_word(text) == 1 else OPENING_UNSPACED
    return [
        *IN_OPENING.broken_by(text, end=OPENING),
        *ANYWHERE.broken_by(text, OPENING),
        *(name for wording in wordings_of(text) for name in wording.refusals.broken_by(text, end=opening)),
    ]
