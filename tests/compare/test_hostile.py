"""Two hundred hostile strings through every plain surface: they show as text, whole, and command nothing."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from pathlib import Path
from tempfile import mkdtemp

import pytest
from click.testing import CliRunner
from helpers.command_line import Cli
from helpers.hostile_text import HOSTILE, commands_in, is_command, squeeze
from helpers.planted_runs import SUITE, make_run
from rich.console import Console, RenderableType

from msm_mlx.cli.chat import talk
from msm_mlx.cli.main import cli as commands
from msm_mlx.compare import live_engine as live
from msm_mlx.compare.answer_engine import ScriptedEngine
from msm_mlx.compare.blind_voting import BlindVoting
from msm_mlx.compare.comparison import Comparison, safe_json, to_json, to_markdown
from msm_mlx.compare.diff import word_diff
from msm_mlx.compare.plain import by_prompt, summary_view
from msm_mlx.compare.session import Session
from msm_mlx.compare.tables import answer_view
from msm_mlx.compare.votes import Vote, append_vote, read_votes, summarize
from msm_mlx.files import read_jsonl, write_text
from msm_mlx.runs.layout import ANSWERS
from msm_mlx.suites.load import load_suite
from msm_mlx.text.terminal import literal

WHOLE = [text for text in HOSTILE if not any("\ud800" <= c <= "\udfff" for c in text)]
"""Those that UTF-8 can hold, and that can therefore come in through a pipe."""
GROUPS = [HOSTILE[start : start + 40] for start in range(0, len(HOSTILE), 40)]


def rendered(show: Callable[[Console], object], width: int) -> str:
    file = io.StringIO()
    show(Console(width=width, file=file))
    return file.getvalue()


def printed(view: RenderableType, width: int) -> str:
    return rendered(lambda console: console.print(view), width)


def vote(console: Console, comparison: Comparison, path: Path) -> None:
    """The first answer is better, after a word that is none."""
    first, second = comparison.answers
    BlindVoting(console, iter([first, "a"]), path).vote([comparison], (first, second), seed=0)


def assert_text(output: str, *texts: str) -> None:
    """Nothing in `output` is a command, and each text is there, escaped and in one piece."""
    assert not commands_in(output)
    squeezed = squeeze(output)
    for text in texts:
        assert squeeze(literal(text).plain) in squeezed


@pytest.mark.parametrize("texts", GROUPS)
def test_escapes_say_what_was_there(texts: list[str]) -> None:
    for text in texts:
        shown = literal(text).plain
        assert not commands_in(shown)
        for c in filter(is_command, text):
            shown = shown.replace(f"\\u{ord(c):04x}", c)
        assert shown == text.replace("\\u001b", "\x1b" if "\x1b" in text else "\\u001b")


@pytest.mark.parametrize("texts", GROUPS)
def test_one_below_the_other(texts: list[str]) -> None:
    """As prompt, as label, as answer and as title."""
    for text in texts:
        view = answer_view(text, {text: {text: text, "base": "x"}})
        assert_text(printed(view, width=25), text)


@pytest.mark.slow
@pytest.mark.parametrize("texts", GROUPS)
def test_side_by_side(texts: list[str]) -> None:
    """Columns mix their lines, so that the characters are counted: in the prompt, in a label, in an answer."""
    for text in texts:
        shown = squeeze(literal(text).plain)
        for answers in ({text: {"base": "y"}}, {"y": {text: "base"}}, {"y": {"base": text}}):
            drawn = printed(answer_view("", answers), width=100)
            assert not commands_in(drawn)
            parts = f"prompt base y {shown}".replace(" ", "")
            # what no column can hold stands in lines, behind `name:`
            assert Counter(squeeze(drawn).replace(":", "")) == Counter(parts.replace(":", ""))


@pytest.mark.slow
@pytest.mark.parametrize("texts", GROUPS)
def test_blind_votes(texts: list[str], tmp_path: Path) -> None:
    for text in texts:
        path = Path(mkdtemp(dir=tmp_path)) / "votes.jsonl"
        comparison = Comparison(text, {text: f"1 {text}", "sft": f"2 {text}"}, {}, 0, 0.0)
        drawn = rendered(partial(vote, comparison=comparison, path=path), width=60)
        assert_text(drawn, text, f"1 {text}", f"2 {text}")
        (cast,) = read_votes(path)
        assert cast.prompt == text
        assert text in (cast.left, cast.right)


@pytest.mark.slow
@pytest.mark.parametrize("texts", GROUPS)
def test_summary(texts: list[str], tmp_path: Path) -> None:
    for text in texts:
        label = " ".join(text.split())  # on one line, which its neighbours in the table do not break up
        path = Path(mkdtemp(dir=tmp_path)) / "votes.jsonl"
        append_vote(path, Vote(text, label, "sft", "a", 0, 1.0, text))
        summary = summarize(read_votes(path))
        assert_text(printed(summary_view(summary), width=2000), label)
        assert summary.duels[0].a_wins + summary.duels[0].b_wins == 1


@pytest.mark.parametrize("texts", GROUPS)
def test_markdown_shows_the_escaped_text_line_by_line(texts: list[str]) -> None:
    for text in texts:
        page = to_markdown([Comparison(text, {text: text, "base": "x"}, {text: 1.0}, 0, 0.0)])
        assert not commands_in(page)
        assert page.count(f"text\n{literal(text).plain}\n`") == 2
        page.encode("utf-8")


@pytest.mark.parametrize("texts", GROUPS)
def test_json_reads_back(texts: list[str]) -> None:
    for text in texts:
        written = to_json([Comparison(text, {text: text}, {text: None}, 0, 0.0)])
        assert not commands_in(written)
        written.encode("utf-8")
        expected = json.loads(json.dumps(text))
        (found,) = json.loads(written)["comparisons"]
        assert (found["prompt"], found["answers"]) == (expected, {expected: expected})
        assert json.loads(safe_json(text)) == expected


@pytest.mark.parametrize("texts", GROUPS)
def test_diffs_lose_nothing(texts: list[str]) -> None:
    for text in texts:
        left, right = word_diff(text, f"more {text}")
        assert "".join(span.text for span in left) == text
        assert "".join(span.text for span in right) == f"more {text}"


class Parrot:
    """A conversation that says what it hears, a few characters at a time."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def reset(self) -> None: ...

    def ask(self, question: str) -> Iterator[str]:
        for start in range(0, len(self.answer), 3):
            yield self.answer[start : start + 3]


@pytest.mark.parametrize("texts", GROUPS)
def test_chat(texts: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for text in texts:
        talk(Parrot(text), text, ["Hello", "/" + text, "Again"], patient=True)  # type: ignore[arg-type]
        said = capsys.readouterr()
        assert not commands_in(said.out)
        assert said.out == literal(f"{text}: {text}\n\n{text}: {text}\n\n").plain
        assert_text(said.err, "/" + text.strip())


# --- through the command line --------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run whose arms have answered nothing but hostile strings."""
    run = make_run(tmp_path / "run", specs=("one", "two"))
    rows = [row | {"written": [text]} for row, text in zip(read_jsonl(run / ANSWERS), cycle(HOSTILE), strict=False)]
    # in ASCII, for lone surrogates cannot be written otherwise
    write_text(run / ANSWERS, "".join(json.dumps(row) + "\n" for row in rows))
    return run


def invoke(*arguments: str | Path, text: str = "") -> str:
    result = CliRunner(env={"COLUMNS": "70"}).invoke(commands, ["compare", *map(str, arguments)], input=text.encode())
    assert result.exit_code == 0, result.exception
    return result.stdout


def test_compare_plain_and_json(run: Path) -> None:
    shown = invoke(run, "--plain", "--limit", "500")
    assert_text(shown, *HOSTILE)
    written = invoke(run, "--json", "--limit", "500")
    assert not commands_in(written)
    answers = {text for by_label in json.loads(written)["answers"].values() for text in by_label.values()}
    assert answers >= {json.loads(json.dumps(text)) for text in HOSTILE}


def test_compare_export(run: Path, tmp_path: Path) -> None:
    invoke(run, "--export", tmp_path / "page.md", "--limit", "500")
    page = (tmp_path / "page.md").read_bytes().decode()
    assert not commands_in(page)
    assert all(f"text\n{literal(text).plain}\n`" in page for text in HOSTILE)


def test_compare_live(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prompts from a pipe, echoed by the arms."""

    def open_engine(session: Session) -> ScriptedEngine:
        return ScriptedEngine(lambda prompt, label: prompt)

    monkeypatch.setattr(live, "open_engine", open_engine)
    prompts = [text for text in WHOLE if len(text.splitlines()) == 1]
    shown = invoke(run, "--prompt", "-", "--max-tokens", "9999", text="\n".join(prompts))
    assert len(prompts) > 100
    assert_text(shown, *(" ".join(text.split()) for text in prompts if text.strip()))


def test_compare_blind(run: Path) -> None:
    shown = invoke(run, "--blind", "--stdin", "--limit", "500", text="\n".join([*WHOLE, *"abtx" * 50]))
    assert not commands_in(shown)
    assert 0 < len(read_votes(run / "evaluation" / "votes.jsonl")) <= len(load_suite(SUITE).items)


@pytest.mark.slow
def test_errors(run: Path, cli: Cli) -> None:
    """What is wrong is shown as text too."""
    for text in WHOLE[::5]:
        done = cli("compare", run, "--arm", text)
        assert done.returncode == 2
        assert_text(done.stderr, f"arm {text}")


def test_prompts_of_the_comparison_stay_apart() -> None:
    """No two hostile strings are taken for one."""
    comparisons = [Comparison(text, {"base": "x"}, {}, 0, 0.0) for text in HOSTILE]
    assert len(by_prompt(comparisons)) == 200
