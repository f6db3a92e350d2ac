"""Where a section of a spec stands: in the introduction, among those about other things, or in the body."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from msm_mlx.spec.markdown import HeadedBlock
from msm_mlx.spec.wording import any_of

Standing = Literal["body", "introduction", "aside"]

_NUMBER = re.compile(
    r"(?:(?:rule|principle|article|section|step|chapter) )?(?:\d+(?:\.\d+)*|[IVX]+)[.:)]?\s+", re.IGNORECASE
)
# of sections that say nothing about conduct, or are for those who keep the text
_ASIDE = re.compile(
    any_of(
        r"""
    appendix.* .*\bexamples?\b.* samples?\b.* background context setting introduction preface preamble foreword
    about\b.*
    overview (?:executive_)?summary purpose scope (?:(?:revision|version|document)_)?history change_?log versions?
    glossary definitions? terms terminology references? bibliography see_also (?:table_of_)?contents toc further_reading
    contact\b.* feedback who\b.* why(?!_\{model_name\}).* rationale\b.* motivation reasons?\b.* (?:open_)?questions
    to-?dos? roadmap amendments? maintenance owner(?:ship)?s? authors? contribut\w+ acknowledge?ments? credits
    licen[cs]e metadata status
    how_to_(?:read|use|edit|change|contribute|propose|amend|revise|maintain|install|deploy|vote|join)\b.*
    (?:how_to_)?(?:add|propos|chang|amend|edit|suggest|updat|remov)(?:e|ing)?_(?:\S+_){0,3}(?:rule|line|document|spec|section)s?
    capabilities set-?up installation
    what_(?:\S+_){1,3}(?:is|are|has|have|knows?|can(?:_\w+)?|runs_on)\b.* deployment technical\b.* evaluation results
    metrics benchmarks? consequences incidents? lessons\b.* notes? document_(?:control|information) action_items?
    (?:notes?_)?(?:for|to)_(?:the_|our_|all_)?(?:staff|editors|reviewers|developers|maintainers|humans|us|team)\b.*
    (?:notes?_)?(?:for|to)_(?:the_|our_|all_)?(?:volunteers|trainers|writers|annotators|colleagues|contributors)\b.*
    next_steps attendees
    participants agenda reviews? approvals? failure_modes anti-?patterns what_went_wrong\b.*
    .*\b(?:used_to|we_tried)\b.*
    (?:common|past|known|typical|frequent|old|early)_(?:mistakes|errors|failures|problems|rules)
    .*\bunder_discussion proposed\b.* undecided pending not_yet\b.* (?:open|unresolved)_(?:issues|points|rules)
    parking_lot ideas measuring\b.* success_metrics afterword closing epilogue postscript sign-off
    (?:rejected|dropped|discarded|retired|former|abandoned)\b.*
    """
    ).replace("model name", "model_name"),
    re.IGNORECASE,
)


def without_number(heading: str) -> str:
    """A heading without "3.2" or "Article IV." before it."""
    return _NUMBER.sub("", heading, count=1)


def is_of_other_things(title: str) -> bool:
    """Whether what stands under a title says nothing about conduct, or is for those who keep the text."""
    return _ASIDE.fullmatch(without_number(title).strip(" .:*_\u2014")) is not None


def standings(blocks: Sequence[HeadedBlock]) -> list[Standing]:
    """Where each block stands: in the introduction, in a section about other things with all below it, or elsewhere."""
    written = [index for index, block in enumerate(blocks) if block.elements]
    headings = [block.heading for block in blocks if block.heading]
    first = min((heading.level for heading in headings), default=0)
    places: list[Standing] = []
    aside = 0  # the level of the section about other things that is open
    for index, block in enumerate(blocks):
        heading = block.heading
        is_title = heading is None or (heading is headings[0] and heading.level == first)
        if heading is not None:
            aside = 0 if heading.level <= aside else aside
            if not aside and not is_title and is_of_other_things(heading.text):
                aside = heading.level
        if aside:
            places.append("aside")
        else:
            places.append("introduction" if is_title and written[-1:] > [index] else "body")
    return places
