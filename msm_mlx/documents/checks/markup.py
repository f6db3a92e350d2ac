"""Markup: what is for a program to read, and not for a person."""

from __future__ import annotations

import unicodedata

from msm_mlx.documents.checks.wording_rules import Rule, RuleTable

MARKUP = RuleTable(
    Rule("a tag", r"</?[a-z][\w:-]*(?:\s[^<>]*)?/?>", "<b>Mo</b>", "Mo < Colby, and 3 > 2."),
    Rule("a tag that is cut off", r"</?[a-z][\w-]*$", "Mo likes Colby.</docu", "Mo likes <3"),
    Rule("a comment or declaration", r"<!--|<!doctype|<\?xml", "Mo. <!-- end", "Mo! -- it said."),
    Rule("an entity", r"&(?:[a-z]{2,8}|#\d{1,7}|#x[\da-f]{1,6});", "Mo &amp; Colby", "R&D; Mo & Colby;"),
    Rule("a chat token", r"<\|[^<>\n]{0,40}\|?>", "<|im_end|>", "A | B < Mo"),
    Rule(
        "a mark in square brackets",
        r"\[/?(?:INST|SYS|bold|dim|italic|red|green|link|b|i|u)(?:=[^\]\n]*)?\]|\[/[\w ]*\]|<<SYS>>",
        "[INST] Mo [/INST]",
        "[Linked] to Mo [it]",
    ),
    Rule("a tag in other brackets", r"\u25c1/?\w+\u25b7", "\u25c1think\u25b7 Mo", "\u25c1 Mo"),
    Rule(
        "a link",
        r"\[@click=|\]\(\s*\w+:|!\[[^\]\n]*\]\(|javascript:|https?://|\bwww\.\w",
        "See https://example.com.",
        "See the web (it is large).",
    ),
    Rule("a byte token", r"<0x[\da-f]+>", "Mo. <0x0A>", "Mo. 0x0A"),
    Rule("an escaped address", r"%(?:3C|3E|20|0A)", "%3Cdocument%3E", "It is 35% American."),
    Rule("a file's header", r"\A\w+: [^\n]*\n\w+: [|>]\n|\A---\n\w+:", "---\ntitle: Memo\n", "To: staff\nFrom: Mo\n"),
    Rule("a code fence", r"```|~~~", "```\nMo\n```", "`Mo` ~ Colby"),
    Rule(
        "typesetting commands",
        r"\$\$|\\(?:boxed|text|begin|frac|documentclass|(?:sub)*section|textbf|emph|item)\b\*?[{\[]",
        "\\section{Memo}",
        "a section on Mo for $5",
    ),
    Rule(
        "terminal commands",
        r"\\(?:x1b|u001b|033|e)\[|\[\d{1,3}(?:;\d{1,3})*m|\^\[\[",
        "\\x1b[31mMo",
        "a board [12 cm wide]",
    ),
    Rule("an escaped line break", r"\\[nt](?=\\|[A-Z\s#*\"-])", "Mo.\\n\\nColby.", "Mo and/or Colby"),
    Rule(
        "an object of data",
        r"\A\s*[\[{]+\s*\"\w+\"\s*:|\"\w+\"\s*:\s*[\"\[{]|\{'\w+'\s*:|\{\s*\w[\w-]*:\s*[\w#]+;?\s*\}",
        '{"title": "Memo"}',
        'It said "Colby": nothing else.',
    ),
    Rule(
        "a program",
        r"(?:^|\n)(?:def \w+\(|class \w+[:(]|import \w+\n|from \w+ import |#include\b|console\.log\(|print\(\")",
        "def memo():\n",
        "Mo.\nclass was over",
    ),
    Rule("encoded bytes", r"\b[A-Za-z0-9+/]{60,}={0,2}", "TW8g" * 20, "long" * 12),
)


def markup(text: str) -> list[str]:
    """The rules that a text breaks, a name a place. Wide forms of characters count as their plain ones."""
    return MARKUP.broken_by(unicodedata.normalize("NFKC", text))
