"""`msm-mlx compare` without its app: what is printed, written and refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner, Result
from helpers.command_line import RECIPES, SMALL, environment
from helpers.planted_runs import SUITE, make_run
from helpers.terminals import terminal

from msm_mlx.cli import compare as command
from msm_mlx.cli.main import cli
from msm_mlx.compare import live_engine as live
from msm_mlx.compare.answer_engine import Request, ScriptedEngine
from msm_mlx.compare.session import Session
from msm_mlx.compare.votes import read_votes
from msm_mlx.errors import RecipeError
from msm_mlx.suites.kinds.pairs import pairs_of
from msm_mlx.suites.load import load_suite

ITEM = pairs_of(load_suite(SUITE))[0]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "run")


def invoke(*arguments: str | Path, text: str = "", columns: int = 100) -> Result:
    """The outcome of `msm-mlx compare`, if it ends well."""
    runner = CliRunner(env={"COLUMNS": str(columns), "NO_COLOR": "1"})
    result = runner.invoke(cli, ["compare", *map(str, arguments)], input=text, catch_exceptions=False)
    assert result.exit_code == 0
    return result


def refuse(*arguments: str | Path, text: str = "") -> str:
    """What `msm-mlx compare` says against it."""
    with pytest.raises(RecipeError) as caught:
        CliRunner().invoke(
            cli, ["compare", *map(str, arguments)], input=text, catch_exceptions=False, standalone_mode=False
        )
    return str(caught.value)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Session, ScriptedEngine]]:
    """Live answers come from a script; what was opened for them."""
    opened: list[tuple[Session, ScriptedEngine]] = []

    def open_engine(session: Session) -> ScriptedEngine:
        opened.append((session, ScriptedEngine(lambda prompt, label: f"{label} hears {prompt}")))
        return opened[-1][1]

    monkeypatch.setattr(live, "open_engine", open_engine)
    return opened


# --- stored answers ------------------------------------------------------------------------------------------------


def test_plain_shows_stored_answers_and_scores(run: Path) -> None:
    shown = invoke(run, "--plain", "--limit", "2").stdout

    assert shown.count("msm+sft-s0 on american_values/") == 2
    assert "Shares, with 95 % intervals over seeds and items" in " ".join(shown.split())
    assert "Differences between arms" in shown
    assert shown == invoke(run, "--limit", "2").stdout  # without a terminal there is no other way


def test_arms_stand_in_columns_where_there_is_room(run: Path) -> None:
    wide = invoke(run, "--plain", "--limit", "1", columns=200).stdout
    narrow = invoke(run, "--plain", "--limit", "1", columns=60).stdout

    assert "┃ prompt" in wide
    assert "┃ prompt" not in narrow


def test_arms_and_domain_choose_what_is_shown(run: Path) -> None:
    options = ["--arm", "msm", "--arm", "base", "--domain", "music", "--suite", SUITE]
    answers = json.loads(invoke(run, *options, "--json").stdout)["answers"]

    assert len(answers) == sum(item.domain == "music" for item in pairs_of(load_suite(SUITE)))
    assert {tuple(by_label) for by_label in answers.values()} == {("msm", "base")}


def test_json_of_two_runs_keeps_all_arms(run: Path, tmp_path: Path) -> None:
    other = make_run(tmp_path / "other", arms=("base", "sft"))
    found = json.loads(invoke(run, other, "--json", "--limit", "1").stdout)

    assert found["runs"] == [str(run), str(other)]
    (answers,) = found["answers"].values()
    assert list(answers) == ["base", "run:sft", "msm", "msm+sft", "other:sft"]
    assert found["margins"] == {ITEM.prompt(target_first=True): dict.fromkeys(answers, 1.0)}
    assert [result["run"] for result in found["results"]] == ["run", "other"]


@pytest.mark.slow
def test_help_and_stored_answers_load_no_model_and_no_app(run: Path) -> None:
    probe = (
        "import sys; from msm_mlx.cli.main import cli\n"
        "cli.main(sys.argv[1:], standalone_mode=False)\n"
        "print([name for name in ('mlx', 'mlx_lm', 'transformers', 'textual') if name in sys.modules], file=sys.stderr)"
    )
    compare = ["compare", run]
    for words in (
        ["compare", "--help"],
        ["chat", "--help"],
        [*compare, "--plain"],
        [*compare, "--export", run / "x.md"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", probe, *words], env=environment(), capture_output=True, text=True, timeout=60
        )
        assert done.stderr.splitlines()[-1] == "[]"


# --- live answers --------------------------------------------------------------------------------------------------


def test_prompts_are_answered_by_the_chosen_arms(run: Path, asked: list[tuple[Session, ScriptedEngine]]) -> None:
    shown = invoke(run, "--prompt", "One?", "--prompt", "Two?", "--arm", "sft", "--temperature", "0.5").stdout

    assert "Answers of run, at temperature 0.5, seed 0, at most 200 tokens; first seed of each arm" in " ".join(
        shown.split()
    )
    assert "sft hears One?" in shown
    assert "sft hears Two?" in shown
    assert [arm.label for arm in asked[0][0].arms] == ["sft"]  # no other adapter is loaded
    assert "Share of choices" not in shown


def test_prompts_come_from_lines_too(run: Path, asked: list[tuple[Session, ScriptedEngine]]) -> None:
    text = "Erste?\r\n\n   \nZweite ä?\n"
    found = json.loads(invoke(run, "--prompt", "Zero?", "--prompt", "-", "--json", "--seed", "4", text=text).stdout)

    assert list(found["answers"]) == ["Zero?", "Erste?", "Zweite ä?"]
    assert found["answers"]["Erste?"]["msm+sft"] == "msm+sft hears Erste?"
    assert (found["seed"], found["temperature"]) == (4, 0.0)
    assert len(asked) == 1


def test_what_stands_before_the_answers_is_shown_and_recorded(
    run: Path, tmp_path: Path, asked: list[tuple[Session, ScriptedEngine]]
) -> None:
    options = ["--prompt", "One?", "--system", "Be brief.", "--prefill", "Well, ", "--arm", "sft", "--arm", "msm+sft"]
    shown = invoke(run, *options).stdout
    assert "system prompt: Be brief." in shown
    assert "answers begin: Well," in shown
    assert "Well, sft hears One?" in " ".join(shown.split())
    plain = json.loads(invoke(run, *options, "--json").stdout)
    assert (plain["system"], plain["prefill"]) == ("Be brief.", "Well,")
    invoke(run, *options, "--export", tmp_path / "out.json")
    [exported] = json.loads((tmp_path / "out.json").read_text())["comparisons"]
    assert (exported["system"], exported["prefill"], exported["max_tokens"]) == ("Be brief.", "Well,", 200)
    invoke(run, "--blind", "--stdin", *options, text="a\n")
    [vote] = read_votes(run / "evaluation" / "votes.jsonl")
    assert vote.settings == {"temperature": 0.0, "max_tokens": 200, "system": "Be brief.", "prefill": "Well,"}
    (run / "evaluation" / "votes.jsonl").unlink()


def test_options_reach_the_engine(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[Request] = []

    class Recorder(ScriptedEngine):
        closed = False

        def answer(self, request, cancelled):  # type: ignore[no-untyped-def]
            requests.append(request)
            return super().answer(request, cancelled)

        def close(self) -> None:
            Recorder.closed = True

    monkeypatch.setattr(live, "open_engine", lambda session: Recorder(lambda prompt, label: "x"))
    invoke(run, "--prompt", "p", "--arm", "msm", "--seed", "7", "--temperature", "0.3", "--max-tokens", "5")

    assert requests == [Request("p", ("msm",), max_tokens=5, temperature=0.3, seed=7)]
    assert Recorder.closed


def test_a_run_without_evaluation_answers_live(tmp_path: Path, asked: list[tuple[Session, ScriptedEngine]]) -> None:
    run = make_run(tmp_path / "run", texts=None)

    assert "msm hears p" in invoke(run, "--prompt", "p").stdout
    assert "has no finished evaluation" in refuse(run, "--plain")
    assert len(asked) == 1


# --- export --------------------------------------------------------------------------------------------------------


def test_export_writes_the_file_and_prints_no_table(run: Path, tmp_path: Path) -> None:
    result = invoke(run, "--export", tmp_path / "page.md", "--limit", "3")

    assert result.stdout == ""
    assert "3 prompts with their answers are in" in result.stderr
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert page.count("### `msm+sft`") == 3
    assert page.endswith("```\n")


def test_live_answers_can_be_exported(run: Path, tmp_path: Path, asked: list[tuple[Session, ScriptedEngine]]) -> None:
    shown = invoke(run, "--prompt", "p", "--export", tmp_path / "page.json", "--seed", "2").stdout
    (written,) = json.loads((tmp_path / "page.json").read_text(encoding="utf-8"))["comparisons"]

    assert "msm hears p" in shown
    assert (written["prompt"], written["seed"], written["answers"]["msm"]) == ("p", 2, "msm hears p")
    assert len(asked) == 1


# --- blind votes ---------------------------------------------------------------------------------------------------


def test_blind_votes_from_a_pipe(run: Path) -> None:
    shown = invoke(run, "--blind", "--stdin", "--limit", "4", text="a\nnonsense\nb\nx\n").stdout
    votes = read_votes(run / "evaluation" / "votes.jsonl")

    assert [vote.choice for vote in votes] == ["a", "b", "both bad"]
    assert {vote.left for vote in votes} | {vote.right for vote in votes} == {"msm+sft", "sft"}
    assert "is no vote" in shown
    assert "4 of 4" in shown
    assert "Left side preferred" in shown


def test_the_summary_of_blind_votes_as_json(run: Path) -> None:
    result = invoke(run, "--blind", "--stdin", "--json", "--arm", "base", "--arm", "msm", text="t\n")
    summary = json.loads(result.stdout)

    assert (summary["votes"], summary["ties"], summary["left"]["value"]) == (1, 1, None)
    assert {summary["duels"][0]["a"], summary["duels"][0]["b"]} == {"base", "msm"}
    assert "Which answer is better?" in result.stderr


def test_blind_votes_on_live_answers(run: Path, asked: list[tuple[Session, ScriptedEngine]]) -> None:
    shown = invoke(run, "--blind", "--stdin", "--prompt", "One?", "--prompt", "Two?", text="q\n").stdout

    assert "1 of 2" in shown
    assert [arm.label for arm in asked[0][0].arms] == ["msm+sft", "sft"]
    assert not (run / "evaluation" / "votes.jsonl").exists()


# --- the app -------------------------------------------------------------------------------------------------------


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> list[Session]:
    """A terminal, and an app that only remembers what it was opened for."""
    opened: list[Session] = []
    module = ModuleType("msm_mlx.compare.app")
    module.run_app = lambda session, settings=None: opened.append(session)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "msm_mlx.compare.app", module)
    monkeypatch.setattr(command, "on_terminal", lambda: True)
    monkeypatch.setattr(command, "takes_app", lambda: True)
    return opened


def test_a_terminal_gets_the_app(run: Path, app: list[Session]) -> None:
    assert invoke(run, "--arm", "msm").stdout == ""
    assert [[arm.label for arm in session.arms] for session in app] == [["msm"]]


@pytest.mark.parametrize(
    ("encoding", "name", "takes"), [("utf-8", "xterm", True), ("utf-8", "dumb", False), ("latin-1", "xterm", False)]
)
def test_the_app_is_for_terminals_that_can_show_it(
    encoding: str, name: str, takes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", name)
    monkeypatch.setattr(sys, "stdin", terminal())
    monkeypatch.setattr(sys, "stdout", terminal(encoding))
    assert command.takes_app() == takes


def test_whoever_asks_for_words_gets_no_app(
    run: Path, app: list[Session], asked: list[tuple[Session, ScriptedEngine]]
) -> None:
    for options in (["--plain"], ["--json"], ["--prompt", "p"], ["--blind"], ["--export", run / "x.md"]):
        invoke(run, *options, text="q\n")
    assert app == []
    assert len(asked) == 1


def test_run_opens_the_app_at_the_end_if_it_is_told_to(
    own_run: Path, app: list[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finished run, in which nothing is due."""
    recipe = [str(RECIPES / "cheese_american.yaml"), "--run-dir", str(own_run), *SMALL]
    for options, opened in (
        (["--quiet"], 0), (["--compare", "--quiet"], 1), (["--compare", "--json"], 1), (["--compare", "--dry-run"], 1),
    ):  # fmt: skip
        assert CliRunner().invoke(cli, ["run", *recipe, *options], catch_exceptions=False).exit_code == 0
        assert len(app) == opened
    monkeypatch.setattr(command, "takes_app", lambda: False)
    assert CliRunner().invoke(cli, ["run", *recipe, "--compare"], catch_exceptions=False).exit_code == 0
    assert len(app) == 1


# --- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--arm", "mms"], "arm mms: not in .*did you mean msm"),
        (["--domain", "musci"], "did you mean music"),
        (["--suite", "values_apart"], "values_apart: has no prompt"),
        (["--export", "page.pdf"], "must end in .md or .json"),
        (["--prompt", " "], "prompt: is empty"),
        (["--prompt", "-"], "no prompt on stdin"),
        (["--prompt", "\udcff"], "not UTF-8"),
        (["--system", "x"], "--system, --prefill: stand before new answers alone; name a prompt"),
        (["--prompt", "p", "--prefill", "\udcff"], "--prefill: is not UTF-8: "),
        (["--stdin"], "reads the votes of --blind"),
        (["--blind"], "needs a terminal; add --stdin"),
        (["--blind", "--stdin", "--prompt", "-"], "--prompt - reads prompts there"),
        (["--blind", "--stdin", "--arm", "msm"], "give --arm twice"),
    ],
)
def test_what_makes_no_sense_is_refused(
    run: Path, options: list[str], reason: str, asked: list[tuple[Session, ScriptedEngine]]
) -> None:
    assert re.search(reason, refuse(run, *options))
    assert asked == []


def test_runs_over_different_bases_are_refused(run: Path, tmp_path: Path) -> None:
    assert "name runs over one base" in refuse(run, make_run(tmp_path / "other", fingerprint="0" * 64))


def test_a_prompt_that_is_too_long_is_refused_before_any_is_answered(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", arms=("base",))
    said = refuse(run, "--prompt", "Hello.", "--prompt", "cheese " * 600)
    assert re.search(r"prompt 'cheese .*…': has \d+ tokens .* reads 512; ask something shorter", said)
