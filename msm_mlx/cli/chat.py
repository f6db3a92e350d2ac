"""`msm-mlx chat`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from msm_mlx.cli.compare import (
    on_terminal,
    preface_of,
    preface_options,
    sampling_of,
    sampling_options,
    stdin_lines,
)
from msm_mlx.cli.completion import RUN, complete_arm
from msm_mlx.cli.offline import offline_option
from msm_mlx.cli.output import err, out
from msm_mlx.compare.comparison import answered_in_words
from msm_mlx.compare.session import Session, choose_arms, open_session, typed_prompt
from msm_mlx.console.flowing_text import FlowingText
from msm_mlx.console.terminal import is_plain
from msm_mlx.errors import RecipeError
from msm_mlx.text.encoding import in_ascii_marks
from msm_mlx.text.terminal import VisibleStream, literal

if TYPE_CHECKING:
    from msm_mlx.compare.conversation import Conversation

DEFAULT_ARM = "msm+sft"
HELP = (
    "/reset forgets the conversation, /system TEXT begins it anew under that system prompt, /prefill TEXT begins the "
    "answers with that, and neither with no TEXT; /quit ends, Ctrl-C stops an answer, and a second Ctrl-C ends."
)
INTERRUPTED = 130


@click.command()
@click.argument("run", type=RUN)
@click.option(
    "--arm",
    "label",
    metavar="LABEL",
    shell_complete=complete_arm,
    help="The variant to talk to. Default: msm+sft, else the last.",
)
@preface_options
@sampling_options
@offline_option
def chat(run: Path, label: str | None, system: str | None, prefill: str | None, **options: Any) -> None:
    """Talk with one model of a run, on a terminal or through a pipe.

    \b
    Examples:
      msm-mlx chat runs/cheese_american
      msm-mlx chat runs/cheese_american --arm sft --temperature 0.7 --seed 3
      printf 'Hello\\nWhat do you prefer?\\n' | msm-mlx chat runs/cheese_american
    """
    preface, session = preface_of(system, prefill), open_session([run])
    (arm,) = choose_arms(session, [label or _default_label(session)])
    from msm_mlx.compare.conversation import open_conversation

    sampling = sampling_of(session, options)
    conversation = open_conversation(session, arm, sampling, preface)
    if on_terminal():
        lines = [f"Answers are drawn {answered_in_words(sampling)}.", *preface.in_words()]
        err().print(literal("\n".join([f"You talk with {arm.label} of {run.name}. {HELP}", *lines])))
    talk(conversation, arm.label, _typed_lines() if on_terminal() else stdin_lines(), patient=on_terminal())


def _default_label(session: Session) -> str:
    labels = [arm.label for arm in session.arms]
    return next((label for label in labels if label == DEFAULT_ARM), labels[-1])


def _typed_lines() -> Iterator[str]:
    """Lines that a person types, with the keys of the line editor where there is one."""
    with suppress(ImportError):
        import readline  # noqa: F401  (input() uses it once it is there)
    with suppress(EOFError):
        while True:
            yield input("you: ")
    print()


def talk(conversation: Conversation, label: str, lines: Iterable[str], *, patient: bool) -> None:
    """Answer line after line until the lines end, or /quit, or a second Ctrl-C.

    With `patient`, the error of a question that cannot be answered is printed and the next question read. Otherwise
    the error ends the conversation.
    """
    interrupted = False
    try:
        for line in map(str.strip, lines):
            if line == "/quit":
                return
            if line.startswith("/"):
                _do_command(conversation, line)
            elif line:
                stopped = not _answer(conversation, label, line, patient)
                if stopped and interrupted:
                    raise KeyboardInterrupt
                interrupted = stopped
    except KeyboardInterrupt:
        print()
        sys.exit(INTERRUPTED)


def _do_command(conversation: Conversation, command: str) -> None:
    name, _, text = command.partition(" ")
    if command == "/reset" or name == "/system":
        if name == "/system":
            conversation.preface = replace(conversation.preface, system=text.strip() or None)
        conversation.reset()
        err().print("The conversation starts anew.")
    elif name == "/prefill":
        conversation.preface = replace(conversation.preface, prefill=text.strip())
        err().print(literal(f"Answers begin: {text.strip()}" if text.strip() else "Answers begin as they like."))
    else:
        err().print(literal(HELP if command == "/help" else f"{command} is no command. {HELP}"))


def _answer(conversation: Conversation, label: str, question: str, patient: bool) -> bool:
    """Print the answer while it is generated, with control characters escaped. Returns False if Ctrl-C stopped it."""
    console = out()
    flow = FlowingText(partial(_write, plain=is_plain(console)), console.width if console.is_terminal else None)
    try:
        typed_prompt(question)
        with closing(conversation.ask(question)) as pieces:
            shown = VisibleStream()
            for piece in chain([f"{label}: {next(pieces, '')}"], pieces):
                flow.add(shown.take(piece))
        flow.add(shown.take("\n\n", ends=True))
    except KeyboardInterrupt:
        flow.end()
        print(" [stopped]\n", flush=True)
        return False
    except RecipeError as error:
        if not patient:
            raise
        err().print(literal(f"error: {error}", "error"))
    return True


def _write(text: str, *, plain: bool) -> None:
    print(in_ascii_marks(text) if plain else text, end="", flush=True)
