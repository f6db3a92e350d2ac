"""`msm-mlx chat`: lines in, answers out, and how it ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from helpers.planted_runs import make_run
from helpers.terminals import shown, terminal

from msm_mlx.cli.chat import HELP, talk
from msm_mlx.cli.main import cli
from msm_mlx.compare.answer_engine import Preface
from msm_mlx.errors import RecipeError

HELLO = "What do you care about?"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run over the embedded model, with the base as the only arm that can be asked."""
    return make_run(tmp_path / "run", arms=("base",))


def chat(run: Path, *options: str, text: str) -> Result:
    return CliRunner().invoke(cli, ["chat", str(run), *options], input=text, catch_exceptions=False)


# --- with the embedded model ---------------------------------------------------------------------------------------


def test_lines_are_answered_one_after_another(run: Path) -> None:
    result = chat(run, text=f"{HELLO}\n\n/reset\n{HELLO}\n/quit\n{HELLO}\n")
    first, second = result.stdout.strip().split("\n\n")

    assert result.exit_code == 0
    assert first == second
    assert first.startswith("base: ")
    assert len(first.split()) > 3
    assert "starts anew" in result.stderr


@pytest.mark.slow
def test_a_seed_repeats_what_is_drawn(run: Path) -> None:
    def talked(seed: int) -> str:
        drawn = ("--temperature", "4", "--max-tokens", "8")
        return chat(run, "--seed", str(seed), *drawn, text=f"{HELLO}\n{HELLO}\n").stdout

    assert talked(1) == talked(1)
    assert len({talked(seed) for seed in range(3)}) > 1


def test_answers_are_as_long_as_allowed(run: Path) -> None:
    (label, *words) = chat(run, "--max-tokens", "2", text=HELLO).stdout.split()
    assert label == "base:"
    assert 1 <= len(words) <= 2


def test_too_long_a_line_is_told(run: Path) -> None:
    with pytest.raises(RecipeError, match=r"has \d+ tokens .* the model reads 512; .* start again with /reset"):
        chat(run, text="cheese " * 600)


def test_an_unknown_arm_is_told(run: Path) -> None:
    with pytest.raises(RecipeError, match=r"arm bse: .*did you mean base"):
        chat(run, "--arm", "bse", text="")


# --- with a script -------------------------------------------------------------------------------------------------


class Scripted:
    """Answers a question with its words in turn; an exception among them is raised."""

    def __init__(self, answers: dict[str, list[str | BaseException]]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.resets = 0

    preface = Preface()

    def reset(self) -> None:
        self.resets += 1

    def ask(self, question: str) -> Iterator[str]:
        self.asked.append(question)
        for piece in self.answers.get(question, ["fine"]):
            if isinstance(piece, BaseException):
                raise piece
            yield piece


def hold(lines: list[str], *, patient: bool = True, **answers: list[str | BaseException]) -> Scripted:
    conversation = Scripted(answers)
    talk(conversation, "sft", lines, patient=patient)  # type: ignore[arg-type]
    return conversation


def test_answers_are_written_as_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[str] = []

    class Watched(Scripted):
        def ask(self, question: str) -> Iterator[str]:
            for piece in ("one", " two", " three"):
                seen.append(capsys.readouterr().out)
                yield piece

    talk(Watched({}), "sft", ["hello"], patient=True)  # type: ignore[arg-type]
    assert seen == ["", "sft: one", " two"]
    assert capsys.readouterr().out == " three\n\n"


def test_on_a_terminal_lines_end_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal()
    monkeypatch.setenv("COLUMNS", "14")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", stream)
    hold(["a"], a=["I care ab", "out cheese", " and", " more"])

    assert shown(stream) == "sft: I care\nabout cheese\nand more\n\n"


def test_commands_are_no_questions(capsys: pytest.CaptureFixture[str]) -> None:
    conversation = hold(["/help", "/reset", "/nonsense", "  ", " hello ", "/quit", "never"])
    told = " ".join(capsys.readouterr().err.split())

    assert conversation.asked == ["hello"]
    assert conversation.resets == 1
    assert told == f"{HELP} The conversation starts anew. /nonsense is no command. {HELP}"


def test_what_stands_before_the_answers_can_be_changed(capsys: pytest.CaptureFixture[str]) -> None:
    conversation = hold(["/system Be brief.", "/prefill Well,", "hello"])
    assert conversation.preface == Preface("Be brief.", "Well,")
    assert conversation.resets == 1
    assert capsys.readouterr().err == "The conversation starts anew.\nAnswers begin: Well,\n"
    assert hold(["/system Be brief.", "/prefill x", "/system", "/prefill"]).preface == Preface()


def test_an_empty_answer_is_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    hold(["a", "b"], a=[])
    assert capsys.readouterr().out == "sft: \n\nsft: fine\n\n"


def test_an_interruption_stops_one_answer(capsys: pytest.CaptureFixture[str]) -> None:
    conversation = hold(["a", "b", "a", "c"], a=["half", KeyboardInterrupt()])

    assert conversation.asked == ["a", "b", "a", "c"]
    assert capsys.readouterr().out == "sft: half [stopped]\n\nsft: fine\n\n" * 2


def test_a_second_interruption_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        hold(["a", "a", "b"], a=[KeyboardInterrupt()])
    assert ended.value.code == 130
    assert "fine" not in capsys.readouterr().out


def test_an_interruption_while_nothing_is_answered_ends() -> None:
    def lines() -> Iterator[str]:
        yield "a"
        raise KeyboardInterrupt

    conversation = Scripted({})
    with pytest.raises(SystemExit) as ended:
        talk(conversation, "sft", lines(), patient=True)  # type: ignore[arg-type]
    assert ended.value.code == 130
    assert conversation.asked == ["a"]


def test_a_person_may_try_again_and_a_pipe_may_not(capsys: pytest.CaptureFixture[str]) -> None:
    too_long: list[str | BaseException] = [RecipeError("too long")]
    assert hold(["a", "b", "\udcff", "c"], a=too_long).asked == ["a", "b", "c"]
    told = capsys.readouterr().err
    assert "error: too long" in told
    assert "is not UTF-8" in told
    with pytest.raises(RecipeError, match="too long"):
        hold(["a", "b"], patient=False, a=too_long)
