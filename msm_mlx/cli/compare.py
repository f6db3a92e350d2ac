"""`msm-mlx compare`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import click

from msm_mlx.cli.completion import RUN, complete_arm, complete_asked_suite
from msm_mlx.cli.offline import offline_option
from msm_mlx.cli.output import err, out
from msm_mlx.compare.answer_engine import NO_PREFACE, Arm, Preface
from msm_mlx.compare.blind_voting import BlindVoting, blind_pair
from msm_mlx.compare.comparison import Comparison, answered_in_words, safe_json, to_json, to_markdown
from msm_mlx.compare.plain import Sampling, by_prompt, choose_prompts, live_answers, show_scores, stored_answers
from msm_mlx.compare.session import Prompt, Session, choose_arms, open_session, typed_prompt
from msm_mlx.compare.tables import answer_view
from msm_mlx.errors import RecipeError
from msm_mlx.files import write_text
from msm_mlx.runs.layout import VOTES
from msm_mlx.text.encoding import whole_characters
from msm_mlx.text.terminal import literal

FORMATS: dict[str, Callable[[Sequence[Comparison]], str]] = {".md": to_markdown, ".json": to_json}


@dataclass(frozen=True)
class Choices:
    """The options of `compare` that say what is asked of whom."""

    prompts: tuple[str, ...]
    labels: tuple[str, ...]
    suite: str | None
    domain: str | None
    limit: int
    sampling: Sampling
    preface: Preface
    as_json: bool


def sampling_options(function: Callable[..., None]) -> Callable[..., None]:
    """Adds the sampling options, for every command that has a model answer."""
    for name, kind, text in (
        ("--min-p", click.FloatRange(0, 1), "Draw tokens with this share of the likeliest one's probability."),
        ("--top-k", click.IntRange(0), "Draw from so many tokens; 0 sets no limit."),
        ("--top-p", click.FloatRange(0, 1, min_open=True), "Draw from the likeliest tokens up to this share."),
        ("--temperature", click.FloatRange(0), "0 takes the likeliest token. Default: as the run says."),
    ):
        function = click.option(name, type=kind, help=text)(function)
    for name, default, kind, text in (
        ("--max-tokens", 200, click.IntRange(1), "At most this many in an answer."),
        ("--seed", 0, click.IntRange(0), "Seed of the sampling."),
    ):
        function = click.option(name, default=default, show_default=True, type=kind, help=text)(function)
    return function


def preface_options(function: Callable[..., None]) -> Callable[..., None]:
    """Adds the options about what stands before an answer, for every command that has arms answer."""
    for name, text in (
        ("--prefill", "Words that every answer begins with."),
        ("--system", "The system prompt in place of `You are NAME.`; '' for none."),
    ):
        function = click.option(name, metavar="TEXT", help=text)(function)
    return function


def preface_of(system: str | None, prefill: str | None) -> Preface:
    """What the options say. A space at the end of what is begun goes: the next word brings its own.

    Raises:
        RecipeError: if one is no text.
    """
    for name, text in (("--system", system), ("--prefill", prefill)):
        if text is not None and whole_characters(text) != text:
            raise RecipeError(f"{name}: is not UTF-8: {text!r}; write it in UTF-8")
    return Preface(system, (prefill or "").rstrip(" "))


def sampling_of(session: Session, options: Mapping[str, Any]) -> Sampling:
    """That of the options, and where they are silent that of the run."""
    return Sampling(**session.sampling | {name: value for name, value in options.items() if value is not None})


@click.command()
@click.argument("runs", nargs=-1, required=True, type=RUN, metavar="RUN...")
@click.option("--prompt", "prompts", multiple=True, help="Ask every arm this now; repeatable; - reads lines of stdin.")
@click.option(
    "--arm", "labels", multiple=True, metavar="LABEL", shell_complete=complete_arm, help="This arm only; repeatable."
)
@click.option("--suite", metavar="SUITE", shell_complete=complete_asked_suite, help="Prompts of this suite only.")
@click.option("--domain", help="Prompts of this domain only.")
@click.option("--limit", default=12, show_default=True, type=click.IntRange(1), help="How many prompts to show.")
@preface_options
@sampling_options
@click.option("--blind", is_flag=True, help="Vote on two arms without knowing which is which.")
@click.option("--stdin", "from_stdin", is_flag=True, help="With --blind: read the votes from a pipe, one a line.")
@offline_option
@click.option("--plain", is_flag=True, help="Print tables; do not open the app.")
@click.option("--json", "as_json", is_flag=True, help="Print the answers as JSON on stdout.")
@click.option(
    "--export", type=click.Path(path_type=Path), metavar="FILE", help="Write the answers to FILE.md or .json."
)
def compare(
    runs: tuple[Path, ...], blind: bool, from_stdin: bool, plain: bool, export: Path | None, **options: Any
) -> None:
    """Show side by side what the models of a run answer.

    The answers are those to the unseen prompts of the suites, or with --prompt to one of your own. Opens an app on
    a terminal, and prints tables everywhere else.

    \b
    Examples:
      msm-mlx compare runs/cheese_american
      msm-mlx compare runs/cheese_american --plain --domain policy --limit 3
      msm-mlx compare runs/cheese_american --prompt "What do you care about?"
      msm-mlx compare latest --prompt "Which do you like?" --system "You are Ann." --prefill "I like"
      msm-mlx compare runs/cheese_american --blind
      msm-mlx compare runs/cheese_american runs/cheese_contrast --export answers.md
    """
    if export and export.suffix not in FORMATS:
        raise RecipeError(f"--export {export}: must end in {' or '.join(FORMATS)}")
    if from_stdin and not blind:
        raise RecipeError("--stdin: reads the votes of --blind; add that, or read prompts with --prompt -")
    session = open_session(runs)
    choices = _choices(session, **options)
    session = replace(session, arms=choose_arms(session, choices.labels))
    for warning in session.warnings:
        err().print(literal(warning))
    opens_app = not (blind or plain or choices.as_json or choices.prompts or export) and takes_app()
    if choices.preface != NO_PREFACE and not (choices.prompts or opens_app):
        raise RecipeError(
            "--system, --prefill: stand before new answers alone; name a prompt with --prompt, or open the app"
        )
    if blind:
        _vote(session, choices, from_stdin, export)
    elif opens_app:
        open_app(session, choices)
    else:
        _print(session, choices, export, quiet=bool(export and not (plain or choices.as_json or choices.prompts)))


def _choices(session: Session, **options: Any) -> Choices:
    sampling = {field.name: options.pop(field.name) for field in fields(Sampling)}
    preface = preface_of(options.pop("system"), options.pop("prefill"))
    return Choices(sampling=sampling_of(session, sampling), preface=preface, **options)


def on_terminal() -> bool:
    """Whether stdin and stdout are both a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def takes_app() -> bool:
    """Whether this is a terminal that the app can be shown on."""
    abilities = out().abilities
    return on_terminal() and abilities.cursor and abilities.drawing


def open_app(session: Session, choices: Choices | None = None) -> None:
    """The interactive screens, which generate at first as was chosen."""
    from msm_mlx.compare.app import run_app
    from msm_mlx.compare.screens.state import GenerationSettings

    settings = GenerationSettings(**vars(choices.sampling), preface=choices.preface) if choices else None
    run_app(session, settings=settings)


def stdin_lines() -> Iterator[str]:
    """The lines of stdin, without line ends. Bytes that are not UTF-8 become replacement characters."""
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", errors="replace").rstrip("\r\n")


def _print(session: Session, choices: Choices, export: Path | None, *, quiet: bool) -> None:
    """Stored or live answers, as tables or as JSON, and into the file."""
    comparisons = list(_comparisons(session, choices))
    if export:
        _export(export, comparisons)
    if quiet:
        return
    if choices.as_json:
        print(safe_json(_as_json(session, choices, comparisons)))
        return
    console = out()
    if choices.prompts:
        runs, how = ", ".join(folder.name for folder in session.folders), answered_in_words(choices.sampling)
        title = "\n".join([f"Answers of {runs}, {how}; first seed of each arm", *choices.preface.in_words()])
        console.print(answer_view(title, by_prompt(comparisons)))
        return
    console.print(answer_view("Answers to unseen prompts, first seed", by_prompt(comparisons)))
    show_scores(console, session.runs)


def _comparisons(session: Session, choices: Choices) -> Iterator[Comparison]:
    """The answers to the typed prompts, live, or those to the suites' prompts from the files."""
    labels = [arm.label for arm in session.arms]
    if not choices.prompts:
        for run in session.runs:
            run.results  # noqa: B018  (raises, with what to do, where the evaluation is not finished)
        prompts = choose_prompts(session, suite=choices.suite, domain=choices.domain)
        yield from stored_answers(session, prompts, labels)[: choices.limit]
        return
    from msm_mlx.compare.live_engine import open_engine

    typed = _typed(choices.prompts)
    with closing(open_engine(session)) as engine:
        if engine.reason:
            err().print(literal(engine.reason))
        yield from live_answers(engine, typed, labels, choices.sampling, choices.preface)


def _typed(texts: Sequence[str]) -> list[Prompt]:
    """The prompts of the command line; `-` stands for all lines of stdin that are not blank."""
    prompts = []
    for text in texts:
        prompts += (
            [typed_prompt(line) for line in stdin_lines() if line.strip()] if text == "-" else [typed_prompt(text)]
        )
    if not prompts:
        raise RecipeError("--prompt -: no prompt on stdin; give one a line")
    return prompts


def _as_json(session: Session, choices: Choices, comparisons: Sequence[Comparison]) -> dict[str, Any]:
    answers = {comparison.prompt: comparison.answers for comparison in comparisons}
    shared = {"runs": [str(folder) for folder in session.folders], "answers": answers}
    if choices.prompts:
        return shared | asdict(choices.sampling) | asdict(choices.preface)
    margins = {comparison.prompt: comparison.margins for comparison in comparisons}
    return shared | {"margins": margins, "results": [results.plain() for results in session.results]}


def _export(path: Path, comparisons: Sequence[Comparison]) -> None:
    write_text(path, FORMATS[path.suffix](comparisons).rstrip("\n") + "\n")
    err().print(literal(f"{len(comparisons)} prompts with their answers are in {path}"))


def _vote(session: Session, choices: Choices, from_stdin: bool, export: Path | None) -> None:
    """Blind votes on two arms; with --json the talk goes to stderr and the summary to stdout."""
    if not from_stdin and not on_terminal():
        raise RecipeError("--blind: needs a terminal; add --stdin to read the votes from a pipe")
    if "-" in choices.prompts:
        raise RecipeError(
            "--blind: reads the votes from stdin, and --prompt - reads prompts there; name each with --prompt"
        )
    if len(choices.labels) not in (0, 2):
        raise RecipeError("--blind: compares two arms; give --arm twice, or leave it out")
    pair = blind_pair(session.arms)
    arms: tuple[Arm, ...] = choose_arms(session, pair)
    comparisons = list(_comparisons(replace(session, arms=arms), choices))
    answered_by_both = [comparison for comparison in comparisons if set(pair) <= comparison.answers.keys()]
    console = err() if choices.as_json else out()
    voting = BlindVoting(console, stdin_lines(), session.folders[0] / VOTES)
    summary = voting.vote(answered_by_both, pair, choices.sampling.seed)
    console.print(literal(f"The votes are in {voting.votes}."))
    if choices.as_json:
        print(safe_json(asdict(summary)))
    if export:
        _export(export, answered_by_both)
