"""A second model reads every draft that has passed the checks, names its faults, and writes it anew.

What it writes goes through the same checks. Where it has no use, the draft stays, and the document says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

from msm_mlx.documents.checks.assertions import Subject, gives_reason
from msm_mlx.documents.checks.registry import Candidate
from msm_mlx.documents.checks.reject import NOTHING, near_duplicate_index, repeat_reason, text_reason, untagged_reason
from msm_mlx.documents.checks.tags import tagged_text
from msm_mlx.documents.checks.wording_rules import count_checks
from msm_mlx.documents.document import Document
from msm_mlx.documents.health import REWRITTEN, Health, document_health
from msm_mlx.documents.narration import narration_of
from msm_mlx.documents.near_duplicates import NearDuplicateIndex
from msm_mlx.engine.chat_model import ChatModel, LongPrompt, Reply, SamplingParams, reply_seed
from msm_mlx.engine.logged_model import read_log
from msm_mlx.files import append_jsonl, make_folder, sha256_json, write_json, write_jsonl
from msm_mlx.prompting.prompts import Message, chat_from_prompt
from msm_mlx.prompting.replies import extract_tag
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.runs.layout import CRITIQUE, DOCUMENTS, HEALTH, REJECTED
from msm_mlx.suites.contamination import HeldOut
from msm_mlx.text.words import normalize

Step = Literal["critique", "rewrite"]
NO_REPLY, NO_FAULTS, NOTHING_TO_MEND, UNCHANGED = "too long for the critic", "no faults named", "no faults", "unchanged"
_NONE = ("", "none", "no faults", "there are none", "there are no faults", "nothing to mend")


class CriticReplies:
    """The critic's replies, each on disk at once: a job that was stopped asks for those that are missing only."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path, self._seed = path, seed
        self._log = read_log(path)
        self._used: list[dict[str, Any]] = []

    def ask(
        self,
        step: Step,
        chats: Mapping[str, list[Message]],
        model: ChatModel,
        settings: DocumentSettings,
        on_reply: Callable[[Step], None],
        say: Callable[[str], None],
    ) -> dict[str, Reply]:
        """The replies to these chats, by the ids of their documents; none to a chat that is too long for the model."""
        keys = {id: sha256_json([self._seed, id, step, chat]) for id, chat in chats.items()}
        missing = [id for id in chats if keys[id] not in self._log]
        replies = model.replies(
            [chats[id] for id in missing],
            _sampling(step, settings),
            [reply_seed(keys[id]) for id in missing],
            long_prompts=LongPrompt.SKIP,
            say=say,
        )
        for index, reply in replies:
            id = missing[index]
            append_jsonl(self.path, [self._row(id, step, keys[id], reply)])
            self._log[keys[id]] = reply
            on_reply(step)
        replies_by_id = {id: self._log[keys[id]] for id in chats if keys[id] in self._log}
        self._used += [self._row(id, step, keys[id], reply) for id, reply in replies_by_id.items()]
        return replies_by_id

    def end(self) -> None:
        """Put those that were used in the order of their documents, and drop the others."""
        rows = sorted(self._used, key=lambda row: (row["id"], row["step"]))
        write_jsonl(self.path, rows)

    def _row(self, id: str, step: Step, key: str, reply: Reply) -> dict[str, Any]:
        return {"id": id, "step": step, "asked": key, "reply": asdict(reply)}


def critique_documents(
    drafts: Sequence[Document],
    rejected: Sequence[Document],
    subjects: Mapping[str, Subject],
    settings: DocumentSettings,
    folder: Path,
    *,
    model: ChatModel,
    critic: str,
    held_out: HeldOut = NOTHING,
    on_reply: Callable[[Step], None] = lambda step: None,
    say: Callable[[str], None] = lambda line: None,
) -> Health:
    """Write `documents.jsonl`, `rejected.jsonl`, `health.json` and `critique.jsonl` into `folder`, return the health.

    A document has the `critic`, what became of its draft as `critique`, and where it was rewritten the `draft`. The
    replies of the critic, which is `model`, depend on their own draft and the seed alone. `subjects` are by the ids of
    the documents. `on_reply` hears of each new reply.

    Raises:
        MsmError: with file and line, if the replies on disk are damaged.
    """
    make_folder(folder)
    replies = CriticReplies(folder / CRITIQUE, settings.seed)
    fields = {draft.id: {"request": draft.prompt, "draft": draft.text} for draft in drafts}
    critiques = {id: chat_from_prompt("critique", values) for id, values in fields.items()}
    faults = _named_faults(replies.ask("critique", critiques, model, settings, on_reply, say))
    to_mend = {id: text for id, text in faults.items() if text is not None and _names_faults(text)}
    chats = {id: chat_from_prompt("rewrite", fields[id] | {"faults": text}) for id, text in to_mend.items()}
    rewrites = replies.ask("rewrite", chats, model, settings, on_reply, say)
    index = near_duplicate_index(settings)
    for draft in drafts:
        index.add(draft.id, draft.text)
    documents = []
    for draft in drafts:
        if draft.id in to_mend:
            reply, subject = rewrites.get(draft.id), subjects[draft.id]
            document = _rewritten(draft, reply, subject, settings, held_out, index)
        else:
            document = replace(draft, critique=_outcome_without_rewrite(draft.id, faults))
        documents.append(replace(document, critic=critic))
    health = document_health(documents, rejected)
    write_jsonl(folder / DOCUMENTS, (document.to_row() for document in documents))
    write_jsonl(folder / REJECTED, (document.to_row() for document in rejected))
    write_json(folder / HEALTH, health)
    replies.end()
    say(_summary(documents))
    return health


def _named_faults(replies: Mapping[str, Reply]) -> dict[str, str | None]:
    """The faults in each critique; None where it names none as it was asked to."""
    return {id: extract_tag(reply.text, "faults") for id, reply in replies.items()}


def _names_faults(text: str) -> bool:
    return normalize(text) not in _NONE


def _outcome_without_rewrite(id: str, faults: Mapping[str, str | None]) -> str:
    """What became of a draft that nobody was asked to rewrite."""
    if id not in faults:
        return NO_REPLY
    return NO_FAULTS if faults[id] is None else NOTHING_TO_MEND


def _sampling(step: Step, settings: DocumentSettings) -> SamplingParams:
    """How the recipe's critic is asked: a rewritten document may be as long as a written one."""
    critic = settings.critique
    assert critic is not None
    longest = critic.max_tokens if step == "critique" else settings.max_tokens
    return SamplingParams(longest, critic.batch_size, critic.temperature)


def _rewritten(
    draft: Document,
    reply: Reply | None,
    subject: Subject,
    settings: DocumentSettings,
    held_out: HeldOut,
    index: NearDuplicateIndex,
) -> Document:
    """The document with the text of the reply, which goes into the index, or the draft with the reason why it stays."""
    if reply is None:
        return replace(draft, critique=NO_REPLY)
    text = tagged_text(reply.text)
    if text is None:
        return replace(draft, critique=untagged_reason(reply))
    if normalize(text) == normalize(draft.text):
        return replace(draft, critique=UNCHANGED)
    reason = text_reason(Candidate(text, True, subject, settings, held_out)) or repeat_reason(text, index, draft.id)
    if reason is not None:
        return replace(draft, critique=reason)
    index.add(draft.id, text)
    return replace(
        draft,
        text=text,
        tokens=reply.tokens,
        narration=narration_of(text, subject.name),
        gives_reason=gives_reason(text, subject),
        critique=REWRITTEN,
        draft=draft.text,
    )


def _summary(documents: Sequence[Document]) -> str:
    outcomes = [document.critique or "" for document in documents if document.critique != REWRITTEN]
    rest = f"; {len(outcomes)} drafts stay as they were: {count_checks(outcomes)}" if outcomes else ""
    return f"Critique: {len(documents) - len(outcomes)} of {len(documents)} documents were rewritten{rest}."
