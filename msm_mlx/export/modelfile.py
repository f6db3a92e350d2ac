"""What Ollama needs beside a GGUF file: the chat template in its own language, the system line, how to sample."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile

from msm_mlx.models.chat_renderer import ChatRenderer
from msm_mlx.models.template_probe import QUESTION, REPLY, SECOND, SYSTEM

_PARAMETERS = {"temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "min_p": "min_p"}


def write_modelfile(
    file: str, renderer: ChatRenderer, *, system: str, sampling: Mapping[str, float], adds_start: bool
) -> str:
    """The Modelfile of the GGUF `file` beside it.

    Args:
        system: the line that chats open with.
        sampling: how replies are sampled, by name.
        adds_start: whether Ollama puts the first token before every text by itself.
    """
    lines = [f"FROM ./{file}"]
    if template := ollama_template(renderer, adds_start=adds_start):
        lines.append(f'TEMPLATE """{template}"""')
    lines.append(f'SYSTEM """{system}"""')
    lines += [f'PARAMETER stop "{stop}"' for stop in _stops(renderer)]
    lines += [f"PARAMETER {name} {sampling[key]:g}" for key, name in _PARAMETERS.items() if key in sampling]
    lines.append("PARAMETER repeat_penalty 1")  # Ollama's own is 1.1, which the run knew nothing of
    return "\n".join(lines) + "\n"


def ollama_template(renderer: ChatRenderer, *, adds_start: bool) -> str:
    """The chat template in Go's language: for each turn of a chat what stands around question and reply, with the
    system line in the first. Empty if the run's cannot be said so."""
    chat = renderer.text([SYSTEM, QUESTION, REPLY, SECOND], reply=True)
    pieces = _around(chat, SYSTEM, QUESTION, REPLY, SECOND)
    finished = _around(renderer.text([SYSTEM, QUESTION, REPLY]), REPLY)
    if pieces is None or finished is None:
        return ""
    start, question, _, between, opening = pieces
    if adds_start:
        start = start.removeprefix(renderer.program.tokenizer.bos_token or "")
    end = _common_beginning(finished[-1], between)
    following = between.removeprefix(end)
    literals = [each.replace("{{", '{{ "{{" }}') for each in (start, question, following, opening, end)]
    start, question, following, opening, end = literals
    if '"""' in "".join(literals):
        return ""
    head = f"{{{{ if .System }}}}{start}{{{{ .System }}}}{question}{{{{ else }}}}{following}{{{{ end }}}}"
    return f"{head}{{{{ .Prompt }}}}{opening}{{{{ .Response }}}}{end}"


def _common_beginning(one: str, other: str) -> str:
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return "".join(letter for letter, _ in pairs)


def _around(text: str, *turns: Mapping[str, str]) -> list[str] | None:
    """What stands before, between and after the contents of these turns; None if one is not there."""
    pieces = []
    for turn in turns:
        before, there, text = text.partition(turn["content"])
        if not there:
            return None
        pieces.append(before)
    return [*pieces, text]


def _stops(renderer: ChatRenderer) -> list[str]:
    tokens = [renderer.program.tokenizer.convert_ids_to_tokens(ids) for ids in renderer.stop_tokens]
    return ["".join(each) for each in tokens if '"' not in "".join(each)]
