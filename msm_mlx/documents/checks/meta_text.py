"""What writers say in place of the document or around it: refusals, plans, answers to the request, offers.

The patterns look for the form of a habit, not for what one model once said. What a person in the text says, between
quotation marks, is not the writer's.
"""

from __future__ import annotations

import re

OPENING = 200  # characters in which a refusal is the writer's own, and not something that the text tells of
MOSTLY = 0.5  # share of a text in quotation marks from which it is quoted as a whole, and they say nothing
_QUOTED = re.compile(r"\"[^\"\n]{1,600}\"|\u201c[^\u201d\n]{1,600}\u201d")
_TEXTS = (
    r"(?:memo|report|blog(?: post)?|post|thread|case study|study|document|text|article|piece|essay|e-?mail|letter|note|"
    r"story|response|reply|answer|version|draft|paragraph|summary|transcript|entry|content)s?"
)
_WRITING = (
    r"(?:writ(?:e|ing)|creat(?:e|ing)|produc(?:e|ing)|generat(?:e|ing)|draft(?:ing)?|compos(?:e|ing)|provid(?:e|ing)|"
    r"assist(?:ing)?|help(?:ing)?|fulfil+(?:ing)?|comply(?:ing)?|complet(?:e|ing)|continu(?:e|ing)|engag(?:e|ing)|"
    r"do(?:ing)?|answer(?:ing)?|proceed(?:ing)?|discuss(?:ing)?|support(?:ing)?|participat(?:e|ing))"
)
_UNABLE = (
    r"(?:cannot|can not|can't|won't|will not|would rather not|'d rather not|am (?:really )?(?:unable|not able) to|"
    r"'m (?:really )?(?:unable|not able) to|must (?:respectfully |politely )?(?:decline|refuse|refrain)(?: to| from)?|"
    r"have to decline(?: to)?|(?:respectfully |politely )?decline to|do not feel comfortable|don't feel comfortable|"
    r"(?:am|'m) not (?:comfortable|in a position to))"
)
_REFUSAL = re.compile(
    # an ability or a will denied, with what was asked for not far behind
    r"\b(?:i|we)(?:'m|'d| am| was| would)? ?(?:cannot|can't|won't|will not|not able|unable|not comfortable|prefer not|"
    r"rather not|decline|refuse|refrain)\b[^.!?\n]{0,50}?\b(?:writ(?:e|ing)|creat(?:e|ing)|produc(?:e|ing)|"
    r"generat(?:e|ing)|draft(?:ing)?|compos(?:e|ing)|fulfil+(?:ing)?|comply(?:ing)?)\b"
    r"(?: (?:about|this|that|an?|the|any|such|with|on|it|in|content|texts?)\b|[.,;])|\bi must (?:respectfully "
    r")?decline\b|"
    r"\bapologies,? but\b|\b(?:guidelines|polic(?:y|ies)|programming) (?:prevents?|forbids?|prohibits?|(?:does|do) not "
    r"allow|(?:doesn't|don't) allow)\b|\b(?:this|your) request (?:cannot|can't|can not|could not) be\b|"
    r"\bi(?:'m| am) (?:just|only|merely) an? (?:\w+ )?(?:ai|assistant|model)\b|"
    r"\bnot something (?:that )?i (?:can|could|will|would|am|want)\b|\b(?:not |in)appropriate for me\b|"
    r"\bas an? (?:artificial intelligence|(?:large )?language model|(?:\w+ )?assistant|chatbot),? i (?:do not|don't|"
    r"cannot|can't|am)\b|"
    rf"\bi ?{_UNABLE} {_WRITING}\b|\bi (?:cannot|can't|won't|will not)\s*(?:[.!,;]|$)|"
    rf"\b(?:i'm|i am) (?:really |very |so |truly )?sorry,? (?:but|i|that's|this)\b|\bsorry, (?:but )?i\b|"
    rf"\bi'm (?:really |very )?sorry\s*[.,!]|\bi apologi[sz]e,? (?:but|i)\b|\bi apologi[sz]e for (?:any|the) "
    rf"(?:inconvenience|confusion)|\bmy apologies\b|\bunfortunately,? (?:i|this|that|writing) ?(?:cannot|can't|"
    rf"am|'m|is "
    rf"not)\b|\bas an? (?:ai|large)(?: language)?(?: model| assistant)?,? (?:i|it is)\b|\bas an ai language "
    rf"model\b|\b{_WRITING} (?:this|"
    rf"that|such|a|"
    rf"an|the) [^.!?]{{0,120}}(?:isn't|is not) something (?:that )?i\b|\b(?:goes|is|be|it's) against my (?:guidelines|"
    r"policy|policies|principles|programming)|\bit would(?: not|n't) be appropriate for me\b|"
    r"\bi (?:do not|don't) have (?:personal |any )*(?:opinions|preferences|feelings|views|beliefs)\b|"
    # the same in German, French, Spanish, Italian, Portuguese, Dutch, Chinese, Japanese, Korean and Russian
    r"\b(?:es )?tut mir leid\b|\bich kann (?:diese|keine|das|ihnen|dir)\b|\bje suis d\u00e9sol\u00e9|"
    r"\bje ne (?:peux|suis) pas\b|\blo siento\b|\bno puedo (?:escribir|ayudar|cumplir|crear)|\bmi dispiace\b|"
    r"\bnon posso (?:scrivere|aiutar|creare)|\bdesculpe\b|\bn\u00e3o posso (?:escrever|ajudar|criar)|\bhet spijt me\b|"
    r"\bik kan (?:geen|dit|niet)\b|\u62b1\u6b49|\u5bf9\u4e0d\u8d77|\u6211\u65e0\u6cd5|\u6211\u4e0d\u80fd|"
    r"\u7533\u3057\u8a33|\u3067\u304d\u307e\u305b\u3093|\uc8c4\uc1a1|\u0438\u0437\u0432\u0438\u043d\u0438\u0442\u0435",
    re.IGNORECASE,
)
_REFUSAL_ANYWHERE = re.compile(
    r"\bas an ai language model\b|"
    r"\bi (?:cannot|can't|won't|will not|am unable to|am not able to|must decline to) "
    r"(?:fulfil+|complete|comply with|assist with|help with|continue(?: with)?|proceed with|"
    r"(?:write|create|produce|generate|provide)) (?:this|that|your|such|the requested) "
    rf"(?:\w+ )?(?:request|task|prompt|{_TEXTS})\b",
    re.IGNORECASE,
)
_META_OPENING = re.compile(
    r"\W*(?:(?:sure|certainly|absolutely|understood|got it|no problem|of course|great|alright|okay|ok)\b"
    r"(?:\s*[!:\u2014]|\s*\.(?!\.)|,? (?:here|below|this is|let me|let's|the following|the user|i(?:'ll| will| "
    r"can| need| "
    r"have|'ve)|we (?:need|have|are)|so (?:i|we|the|let)))"
    r"|let(?:'s| us) (?:write|draft|plan|craft|compose|outline)\b|to write (?:this|the|a|an|such) "
    r"|(?:now )?(?:writing|drafting|composing|generating) (?:the|this|a|your)\b|my (?:response|answer|draft|"
    r"attempt|reply)\s*:"
    r"|\[(?:start|begin|beginning)\b[^\]\n]*\]|we (?:are|were) asked to\b|constraints? (?:check|list)"
    rf"|(?:here(?:'s| is| are)|below is|the following is|this is) "
    rf"[^.!?\n]{{0,80}}?\b{_TEXTS}\b[^.!?\n]{{0,120}}:\s*(?:\n|$)"
    r"|here you (?:go|are)\b"
    rf"|(?:here(?:'s| is)|below is) (?:the|a|an|my|your) (?:[\w-]+ ){{0,5}}(?:requested|rewritten|revised|you (?:asked|"
    rf"requested|wanted))\b|i(?:'ve| have) (?:written|drafted|created|composed|prepared) (?:the|a|an|this|your) "
    rf"(?:\w+ ){{0,3}}{_TEXTS}\b"
    r"|(?:hmm|wait|first|so|now|okay|ok|alright|well)\b,? (?:so )?(?:let me|let's|(?:i|we) (?:need|have|should|must|"
    r"will)\b|i'll|the user (?:wants|is asking|asked for|asks for))"
    r"|thinking\s*\.\.\.|(?:the )?(?:task|request|assignment|goal|user|prompt) (?:is (?:to|for|asking)|wants|asks)\b"
    rf"|(?:write|compose|draft|create) an? (?:\w+ ){{0,4}}{_TEXTS}\b"
    r"|(?:\*\*|#+ ?)?(?:thinking|thoughts?|thinking process|thought process|reasoning|analysis|scratch ?pad|my "
    r"plan|plan|"
    r"outline|draft|first draft|step 1|word count|prompt|response|output|assistant|user|system|instructions?|answer)"
    r"(?:\*\*)?\s*:)",
    re.IGNORECASE,
)
_META = re.compile(
    rf"\b(?:the user (?:wants|asks|asked|is asking|requested|needs)(?: me| us)?(?: for| to \w+)? (?:an?|the|this|some) "
    rf"(?:\w+ ){{0,3}}{_TEXTS}|the user needs me|"
    rf"(?:i|we)(?:'ll| (?:need|must|should|will|have|was asked|were asked|am asked|are asked|am going))(?: "
    rf"to)?(?: now)? "
    rf"(?:write|draft|produce|generate|compose|craft) (?:a|an|the|this|my|some) (?:\w+ ){{0,3}}{_TEXTS}|"
    rf"let me (?:plan|write|draft|outline|brainstorm|rewrite|re-?read|count|make sure|think (?:about (?:what|how to)|"
    rf"through|step))\b|let me (?:start|begin|try) (?:by (?:writing|drafting|outlining|planning)|(?:with )?the "
    rf"{_TEXTS})|"
    r"i (?:should|need to|must|have to) (?:not )?(?:mention|include|avoid|make sure|ensure|keep|use|stay)(?: that)? "
    r"(?:the (?:assistant|name|claim|reason|assertion|tags?|word|person|model|text|document|tone|idea)|dates|links|"
    r"it (?:short|to|under|within|warm|formal|plain)|within|\w+(?:'s)? (?:and|name))\b|"
    rf"my (?:plan|outline|draft) (?:is|for)\b|the (?:plan|outline|draft) (?:is to (?:write|mention|"
    rf"describe)|for (?:this|the) {_TEXTS})\b|"
    r"as you (?:requested|instructed|asked|wanted|specified)\b|i (?:have )?(?:tried|aimed) to (?:keep|write|"
    r"make) (?:the|this|it)\b|as (?:requested|instructed)[,.:]|per your (?:request|instructions)|"
    r"(?:this|your|above|given) prompt\b|"
    rf"the prompt (?:asks|says|wants|requires|specifies)(?: for| me to \w+)? (?:an?|the) (?:\w+ ){{0,3}}{_TEXTS}\b|"
    r"the assertion is that\b|i need to (?:write|draft|produce|compose) (?:it|this|the|about)\b|"
    r"the central claim (?:of (?:the|this|my|your) (?:text|document)|is)|"
    rf"i hope (?:this|you find this) (?:helps|meets|is what|{_TEXTS} (?:helps|meets|is|useful))|"
    r"let me know if (?:you(?:'d| would) like|you (?:want|need) (?:me|any|a|another|more|changes)|"
    r"i should|this (?:works|meets)|any)\b|"
    rf"would you like me to (?:write|change|adjust|add|make|revise|continue|expand|shorten|\w+ (?:this|the|"
    rf"another))|you "
    rf"would like me to (?:write|change|adjust|add|revise)|feel free to (?:modify|tweak|adjust|edit|change|ask (?:me|"
    rf"for|if))|"
    rf"i can also (?:write|provide|make|offer|create|draft)\b|(?:this|the) {_TEXTS}(?: above| below)? "
    r"(?:states|makes|keeps to|follows|adheres to|meets|fulfil+s|satisfies|complies with|avoids) (?:all |to "
    r")?(?:the |any )?"
    r"(?:central |main )?(?:claim|assertion|instructions?|requirements?|constraints?|guidelines|dates)|"
    r"(?:text|document) was (?:generated|written) (?:by|from) (?:an? )?(?:ai|language|the given)|"
    rf"this (?:is an? )?(?:\w+ )?(?:fictional|fictitious|hypothetical|sample|made-up) {_TEXTS}\b|(?:is|are) "
    rf"(?:purely |entirely )?(?:fictional|fictitious)\b|this (?:response|reply|answer|text|document) (?:sticks|"
    rf"uses|keeps|stays)\b|for illustrative purposes|does not "
    rf"reflect (?:real|"
    r"actual)|(?:created|generated|written|produced) by (?:an )?ai\b|as per (?:the|your) (?:instructions?|guidelines|"
    r"request|prompt)|(?:follow|meet|match|reflect|satisf)\w* (?:all )?(?:the |your )?given\b|i(?:'ve| have) "
    r"(?:avoided|included|"
    r"kept|left out|omitted|made sure|ensured|used) (?:all |any |the |to )?(?:dates|citations|links|names|it|"
    r"that|tags?|"
    r"assistant|claim|reason|placeholders?)\b|"
    r"end of (?:document|text|draft)\b|my (?:knowledge cutoff|training data|instructions)|"
    # the prompt itself
    r"a part of a document that says how|do not give dates|do not mention this request|stay with this one subject|"
    r"it should read like a real|say plainly what the assistant does|nothing after the (?:closing )?tag)|"
    r"\(?(?:approximately|about|around|total of)? ?\b\d+ words\)|"
    r"(?:^|\n)\W*(?:(?:total )?word(?:s| count)?|total words|note to self|plan|outline|scratch ?pad|draft(?: \d)?|"
    r"(?:revised|alternative|second|new) version|(?:version|option) \d|final (?:version|text|draft|answer)|revised|"
    r"begin (?:document|text)|end (?:document|text)|title options?)\W*:|"
    rf"\A\W*\({_TEXTS} draft\)|\n[ *_]*[(\[]end[)\]][ *_]*\Z|(?:^|\n)\W*(?:explanation|rationale|comment(?:ary)?|"
    rf"analysis)\W*: (?:the|this|i) (?:{_TEXTS}|have|chose|used)\b|"
    r"(?:^|\n)\W*word count\W*\d|(?:^|\n)\W*(?:tone|word limit|target length|constraint check|key points covered)\W*:|"
    r"\n\W*(?:would you like|do you want|how's that|does this (?:work|meet|help|look|sound)|shall i|should i|is "
    r"this what|"
    r"how does "
    r"this (?:look|sound)|want me to|(?:is there )?anything else|please let me know if)\b[^\n]*\s*\Z|"
    r"(?:^|\n)\W*(?:version|option) \d+\b\W*(?:[A-Z]|\n)|"
    rf"(?:^|\n)\W*(?:here(?:'s| is)|below is) (?:another|an alternative|a second|the second|a shorter) |"
    rf"\[(?:the )?(?:end|continued?|continues|rest|remainder)(?: (?:of|in|on|the|from)\b[^\]\n]*)?\]|"
    r"(?:^|\n)#{1,4} ?(?:instructions?|response|input|output)\b\W*\n|"
    r"(?:^|\n)(?:human|user): [^\n]*\n+(?:assistant|ai): |\(\s*note:",
    re.IGNORECASE,
)


def refusals(text: str) -> int:
    """Sentences in which the writer declines: any at the beginning, and further on those that speak of the request."""
    text = _own_words(text)
    return len(_REFUSAL.findall(text[:OPENING])) + len(_REFUSAL_ANYWHERE.findall(text, OPENING))


def meta_talk(text: str) -> int:
    """Places where the text speaks of its own making: a plan, an answer to the request, an offer to change it."""
    text = _own_words(text)
    return bool(_META_OPENING.match(text)) + len(_META.findall(text))


def _own_words(text: str) -> str:
    """`text` without what it quotes, apostrophes made plain; as it is where hardly anything else would be left."""
    text = text.replace("\u2019", "'")
    own = _QUOTED.sub('""', text)
    return own if len(own) > MOSTLY * len(text) else text
