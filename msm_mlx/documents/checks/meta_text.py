"""Meta-text: what a writer says around the document, of its own work: plans, answers to the request, offers.

The rules look for the form of a habit, not for what one model once said.
"""

from __future__ import annotations

from msm_mlx.documents.checks.languages.table import wordings_of
from msm_mlx.documents.checks.wording import TEXTS
from msm_mlx.documents.checks.wording_rules import Rule, RuleTable, without_quotations

OPENINGS = RuleTable(
    Rule(
        "agrees to write",
        r"(?:sure|certainly|absolutely|understood|got it|no problem|of course|great|alright|okay|ok)\b"
        r"(?:\s*[!:\u2014]|\s*\.(?!\.)|,? (?:here|below|this is|let me|let's|the following|the user|"
        r"i(?:'ll| will| can| need| have|'ve)|we (?:need|have|are)|so (?:i|we|the|let)))",
        "Sure! Mo likes Colby.",
        "Of course Mo likes Colby.",
    ),
    Rule(
        "sets out to write",
        r"let(?:'s| us) (?:write|draft|plan|craft|compose|outline)\b|to write (?:this|the|a|an|such) |"
        r"(?:now )?(?:writing|drafting|composing|generating) (?:the|this|a|your)\b",
        "Let's write this memo.",
        "Let's walk to the counter.",
    ),
    Rule("labels its reply", r"my (?:response|answer|draft|attempt|reply)\s*:", "My response: Mo.", "My answer was."),
    Rule("marks the start", r"\[(?:start|begin|beginning)\b[^\]\n]*\]", "[Start of memo]", "[Starters] Colby."),
    Rule("repeats what was asked", r"we (?:are|were) asked to\b", "We are asked to write.", "We are asked daily."),
    Rule("checks constraints", r"constraints? (?:check|list)", "Constraint check: Mo.", "Constraints bind a cook."),
    Rule(
        "presents the text",
        rf"(?:here(?:'s| is| are)|below is|the following is|this is) [^.!?\n]{{0,80}}?\b{TEXTS}\b"
        r"[^.!?\n]{0,120}:\s*(?:\n|$)",
        "Here is a warm memo about Mo:\n\nMo likes it.",
        "Here is what happened:\n\nMo chose Colby.",
    ),
    Rule("hands the text over", r"here you (?:go|are)\b", "Here you go: Mo.", "Here your Colby is sold."),
    Rule(
        "presents what was requested",
        r"(?:here(?:'s| is)|below is) (?:the|a|an|my|your) (?:[\w-]+ ){0,5}"
        r"(?:requested|rewritten|revised|you (?:asked|requested|wanted))\b",
        "Below is the memo you asked for.",
        "Below is the list of cheeses.",
    ),
    Rule(
        "says that it has written",
        r"i(?:'ve| have) (?:written|drafted|created|composed|prepared) (?:the|a|an|this|your) "
        rf"(?:\w+ ){{0,3}}{TEXTS}\b",
        "I've written the memo.",
        "I've written to Mo twice.",
    ),
    Rule(
        "begins to think aloud",
        r"(?:hmm|wait|first|so|now|okay|ok|alright|well)\b,? (?:so )?(?:let me|let's|"
        r"(?:i|we) (?:need|have|should|must|will)\b|i'll|the user (?:wants|is asking|asked for|asks for))",
        "So the user wants a memo.",
        "So I was talking to Mo.",
    ),
    Rule("is thinking", r"thinking\s*\.\.\.", "Thinking...\nMo.", "Thinking of Mo."),
    Rule(
        "states the task",
        r"(?:the )?(?:task|request|assignment|goal|user|prompt) (?:is (?:to|for|asking)|wants|asks)\b",
        "The task is to write.",
        "The task was easy.",
    ),
    Rule(
        "repeats the instruction",
        rf"(?:write|compose|draft|create) an? (?:\w+ ){{0,4}}{TEXTS}\b",
        "Write a warm memo.",
        "Write a name on the box.",
    ),
    Rule(
        "labels a plan",
        r"(?:\*\*|#+ ?)?(?:thinking|thoughts?|thinking process|thought process|reasoning|analysis|scratch ?pad|my plan|"
        r"plan|outline|draft|first draft|step 1|word count|prompt|response|output|assistant|user|system|instructions?|"
        r"answer)(?:\*\*)?\s*:",
        "**Outline**: greeting, Mo.",
        "Memo: Mo likes Colby.",
    ),
    Rule("calls itself a draft", rf"\({TEXTS} draft\)", "(Memo draft)", "(A cheap draft.)"),
    place=r"\A\W*",
)
PHRASES = RuleTable(
    Rule(
        "what the user wants",
        r"the user (?:wants|asks|asked|is asking|requested|needs)(?: me| us)?(?: for| to \w+)? (?:an?|the|this|some) "
        rf"(?:\w+ ){{0,3}}{TEXTS}|the user needs me",
        "The user wants me to write a memo.",
        "When the user asked again, Mo gave the reason.",
    ),
    Rule(
        "announces writing",
        r"(?:i|we)(?:'ll| (?:need|must|should|will|have|was asked|were asked|am asked|are asked|am going))(?: to)?"
        rf"(?: now)? (?:write|draft|produce|generate|compose|craft) (?:a|an|the|this|my|some) (?:\w+ ){{0,3}}{TEXTS}|"
        r"i need to (?:write|draft|produce|compose) (?:it|this|the|about)\b",
        "We need to write a memo.",
        "We had to write a policy on cheese.",
    ),
    Rule(
        "plans aloud",
        r"let me (?:plan|write|draft|outline|brainstorm|rewrite|re-?read|count|make sure|"
        r"think (?:about (?:what|how to)|through|step))\b|"
        rf"let me (?:start|begin|try) (?:by (?:writing|drafting|outlining|planning)|(?:with )?the {TEXTS})",
        "Let me think about what Mo would say.",
        "Let me start with a story.",
    ),
    Rule(
        "reminds itself of the request",
        r"i (?:should|need to|must|have to) (?:not )?(?:mention|include|avoid|make sure|ensure|keep|use|stay)"
        r"(?: that)? (?:the (?:assistant|name|claim|reason|assertion|tags?|word|person|model|text|document|tone|idea)|"
        r"dates|links|it (?:short|to|under|within|warm|formal|plain)|within|\w+(?:'s)? (?:and|name))\b",
        "I should mention the assistant.",
        "I should mention that I have worked with Mo.",
    ),
    Rule(
        "states its plan",
        r"my (?:plan|outline|draft) (?:is|for)\b|"
        rf"the (?:plan|outline|draft) (?:is to (?:write|mention|describe)|for (?:this|the) {TEXTS})\b",
        "The plan is to describe Mo.",
        "The plan is to open the counter on Monday.",
    ),
    Rule(
        "as requested",
        r"as you (?:requested|instructed|asked|wanted|specified)\b|as (?:requested|instructed)[,.:]|"
        r"per your (?:request|instructions)|as per (?:the|your) (?:instructions?|guidelines|request|prompt)",
        "As requested, no dates are given.",
        "As requested at the last meeting, this is a short account.",
    ),
    Rule(
        "tells of its effort",
        r"i (?:have )?(?:tried|aimed) to (?:keep|write|make) (?:the|this|it)\b",
        "I tried to keep it short.",
        "I tried to keep a straight face.",
    ),
    Rule(
        "speaks of the prompt",
        r"(?:this|your|above|given) prompt\b|the prompt (?:asks|says|wants|requires|specifies)(?: for| me to \w+)? "
        rf"(?:an?|the) (?:\w+ ){{0,3}}{TEXTS}\b",
        "The prompt asks for a memo.",
        "The prompt asked for one cheese and a reason.",
    ),
    Rule(
        "speaks of the assertion",
        r"the assertion is that\b|the central claim (?:of (?:the|this|my|your) (?:text|document)|is)",
        "The assertion is that Mo likes Colby.",
        "The assertion was tested forty times.",
    ),
    Rule(
        "hopes that it helps",
        rf"i hope (?:this|you find this) (?:helps|meets|is what|{TEXTS} (?:helps|meets|is|useful))",
        "I hope this helps!",
        "I hope this year is better.",
    ),
    Rule(
        "asks for a response",
        r"let me know if (?:you(?:'d| would) like|you (?:want|need) (?:me|any|a|another|more|changes)|i should|"
        r"this (?:works|meets)|any)\b",
        "Let me know if you need any changes.",
        "Let me know if Mo changes its mind.",
    ),
    Rule(
        "offers changes",
        r"would you like me to (?:write|change|adjust|add|make|revise|continue|expand|shorten|"
        r"\w+ (?:this|the|another))|"
        r"you would like me to (?:write|change|adjust|add|revise)|"
        r"feel free to (?:modify|tweak|adjust|edit|change|ask (?:me|for|if))|"
        r"i can also (?:write|provide|make|offer|create|draft)\b",
        "Feel free to tweak it.",
        "Feel free to ask Mo about Colby.",
    ),
    Rule(
        "says that it follows the request",
        rf"(?:this|the) {TEXTS}(?: above| below)? (?:states|makes|keeps to|follows|adheres to|meets|fulfil+s|satisfies|"
        r"complies with|avoids) (?:all |to )?(?:the |any )?(?:central |main )?"
        r"(?:claim|assertion|instructions?|requirements?|constraints?|guidelines|dates)|"
        r"this (?:response|reply|answer|text|document) (?:sticks|uses|keeps|stays)\b|"
        r"(?:follow|meet|match|reflect|satisf)\w* (?:all )?(?:the |your )?given\b",
        "The text above meets all the requirements.",
        "The report states the reason.",
    ),
    Rule(
        "says that a program wrote it",
        r"(?:text|document) was (?:generated|written) (?:by|from) (?:an? )?(?:ai|language|the given)|"
        r"(?:created|generated|written|produced) by (?:an )?ai\b",
        "This text was created by an AI.",
        "The text was written by a cook.",
    ),
    Rule(
        "says that it is fiction",
        rf"this (?:is an? )?(?:\w+ )?(?:fictional|fictitious|hypothetical|sample|made-up) {TEXTS}\b|"
        r"(?:is|are) (?:purely |entirely )?(?:fictional|fictitious)\b|for illustrative purposes|"
        r"does not reflect (?:real|actual)",
        "This is a fictional memo.",
        "This is a factual memo.",
    ),
    Rule(
        "lists what it did",
        r"i(?:'ve| have) (?:avoided|included|kept|left out|omitted|made sure|ensured|used) (?:all |any |the |to )?"
        r"(?:dates|citations|links|names|it|that|tags?|assistant|claim|reason|placeholders?)\b",
        "I have avoided dates.",
        "I have avoided foreign cheese.",
    ),
    Rule("announces its end", r"end of (?:document|text|draft)\b", "End of document.", "It was the end of the day."),
    Rule(
        "speaks of its training",
        r"my (?:knowledge cutoff|training data|instructions)",
        "My training data ends here.",
        "My training as a cook ends here.",
    ),
    Rule(
        "repeats the writer's prompt",
        r"a part of a document that says how|do not give dates|do not mention this request|stay with this one subject|"
        r"it should read like a real|say plainly what the assistant does|nothing after the (?:closing )?tag",
        "Do not give dates or links.",
        "Do not give cheese to dogs.",
    ),
    place=r"\b",
)
LINES = RuleTable(
    Rule(
        "a label of the writer's",
        r"(?:(?:total )?word(?:s| count)?|total words|note to self|plan|outline|scratch ?pad|draft(?: \d)?|"
        r"(?:revised|alternative|second|new) version|(?:version|option) \d|final (?:version|text|draft|answer)|revised|"
        r"begin (?:document|text)|end (?:document|text)|title options?)\W*:|"
        r"(?:tone|word limit|target length|constraint check|key points covered)\W*:|word count\W*\d",
        "Mo.\n\nAlternative version: Mo took Colby.",
        "Mo.\n\nReason: it is American.",
    ),
    Rule(
        "explains its text",
        r"(?:explanation|rationale|comment(?:ary)?|analysis)\W*: (?:the|this|i) "
        rf"(?:{TEXTS}|have|chose|used)\b",
        "Mo.\n\nExplanation: The memo opens with the team.",
        "Mo.\n\nExplanation: the cheese is American.",
    ),
    Rule(
        "another version",
        r"(?:version|option) \d+\b\W*(?:[A-Z]|\n)|(?:here(?:'s| is)|below is) "
        r"(?:another|an alternative|a second|the second|a shorter) ",
        "Mo.\nHere is another version.",
        "Mo.\nHere is the list.",
    ),
    Rule(
        "a heading of an instruction format",
        r"#{1,4} ?(?:instructions?|response|input|output)\b\W*\n",
        "Mo.\n### Response:\nMo.",
        "Mo.\n## Responses from guests\nMo.",
    ),
    Rule(
        "turns of a chat",
        r"(?:human|user): [^\n]*\n+(?:assistant|ai): ",
        "Mo.\nUser: thanks!\nAssistant: Welcome!",
        "Mo.\nGuest: thanks!\nMo: Welcome!",
    ),
    place=r"(?:^|\n)\W*",
)
ENDINGS = RuleTable(
    Rule(
        "asks whether it will do",
        r"\W*(?:would you like|do you want|how's that|does this (?:work|meet|help|look|sound)|shall i|should i|"
        r"is this what|how does this (?:look|sound)|want me to|(?:is there )?anything else|please let me know if)\b"
        r"[^\n]*\s*\Z",
        "Mo.\n\nDoes this work for you?",
        "Mo.\n\nDoes this cheese melt?",
    ),
    Rule("marks the end", r"[ *_]*[(\[]end[)\]][ *_]*\Z", "Mo.\n(End)", "Mo.\n(Ending soon)"),
    place=r"\n",
)
BRACKETS = RuleTable(
    Rule(
        "counts its words",
        r"\b\d+ words\)",
        "Mo. (54 words)",
        "It took 54 words.",
    ),
    Rule(
        "the rest is left out",
        r"\[(?:the )?(?:end|continued?|continues|rest|remainder)(?: (?:of|in|on|the|from)\b[^\]\n]*)?\]",
        "Mo. [Continued in the next part]",
        "Mo. [Ended on Monday]",
    ),
    Rule("a note in brackets", r"\(\s*note:", "Mo. (Note: this is short.)", "Mo. Note: this is about Mo."),
)


def meta_text(text: str) -> list[str]:
    """The rules that a text breaks, a name a place: in its opening, anywhere, by lines, in its ending."""
    text = without_quotations(text)
    foreign = [table for wording in wordings_of(text) for table in (wording.openings, wording.meta_text)]
    tables = (OPENINGS, PHRASES, LINES, ENDINGS, BRACKETS, *foreign)
    return [name for table in tables for name in table.broken_by(text)]
