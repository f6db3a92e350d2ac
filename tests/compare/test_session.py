"""What run folders give a comparison, and what they refuse it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.planted_runs import SUITE, make_run

from msm_mlx.compare.answer_engine import Arm
from msm_mlx.compare.session import Session, choose_arms, open_session, typed_prompt
from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl, write_jsonl
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import ANSWERS, RECORD, RESULTS
from msm_mlx.settings_file.dump import dump
from msm_mlx.settings_file.load import load_values
from msm_mlx.suites.kinds.pairs import pairs_of
from msm_mlx.suites.load import load_suite

ITEM = pairs_of(load_suite(SUITE))[0]


def labels(session: Session) -> list[str]:
    return [arm.label for arm in session.arms]


def test_a_run_with_one_spec(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    session = open_session([run])

    assert session.arms == (
        Arm("base", None),
        *(Arm(label, run / "adapters" / f"{label}-s0") for label in ("sft", "msm", "msm+sft")),
    )
    assert (session.runs[0].model.pinned, session.model_name, session.folders) == ("pocket", "Pocket", (run,))
    assert session.documents == dict.fromkeys(("msm", "msm+sft"), run / "documents" / "documents.jsonl")
    assert session.specs == dict.fromkeys(("msm", "msm+sft"), run / "specs" / "american.md")
    assert [result.run for result in session.results] == ["run"]
    assert [prompt.item for prompt in session.prompts] == list(pairs_of(load_suite(SUITE)))
    assert session.prompts[0].text == ITEM.prompt(target_first=True)
    assert (session.prompts[0].suite, session.prompts[0].domain) == (SUITE, ITEM.domain)


def test_stored_answers_are_those_with_the_target_named_first(tmp_path: Path) -> None:
    session = open_session([make_run(tmp_path / "run")])

    assert len(session.stored) == 4 * len(session.prompts)
    answer = session.stored[ITEM.id, "msm+sft"]
    assert (answer.text, answer.margin) == (f"msm+sft-s0 on {ITEM.id}", 1.0)


def test_runs_of_two_days_are_compared_with_a_warning_where_the_template_tells_the_date(tmp_path: Path) -> None:
    runs = []
    for day in ("2026-03-09", "2026-03-10"):
        runs.append(make_run(tmp_path / day))
        record = RunFolder(runs[-1]).record()
        RunFolder(runs[-1]).describe(date=day, model=record["model"] | {"fingerprint": f"one+{day}"})

    (warning,) = open_session(runs).warnings

    assert "2026-03-09" in warning
    assert "2026-03-10" in warning
    assert open_session(runs[:1]).warnings == ()


def test_several_specs_are_in_the_labels(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", specs=("one", "two"))
    session = open_session([run])

    assert labels(session) == ["base", "sft", "msm@one", "msm@two", "msm+sft@one", "msm+sft@two"]
    assert session.documents["msm@two"] == run / "documents" / "two" / "documents.jsonl"
    assert session.specs["msm+sft@one"] == run / "specs" / "one.md"
    assert session.stored[ITEM.id, "msm@two"].text == f"msm@two-s0 on {ITEM.id}"


def test_the_first_seed_stands_for_an_arm(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", seeds=(11, 3))
    session = open_session([run])

    assert session.arms[1] == Arm("sft", run / "adapters" / "sft-s3")
    assert session.stored[ITEM.id, "sft"].text == f"sft-s3 on {ITEM.id}"


def test_runs_with_a_spec_each_are_told_apart_by_it(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / name, arms=("base", "msm"), specs=(name,)) for name in ("one", "two")]
    session = open_session(runs)

    assert labels(session) == ["base", "msm@one", "msm@two"]
    assert session.documents["msm@two"] == runs[1] / "documents" / "documents.jsonl"
    assert session.stored[ITEM.id, "msm@two"].text == f"msm-s0 on {ITEM.id}"
    assert len(session.results) == 2


def test_arms_that_would_collide_carry_the_name_of_their_run(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / name, arms=("base", "sft", "msm")) for name in ("one", "two")]

    assert labels(open_session(runs)) == ["base", "one:sft", "one:msm", "two:sft", "two:msm"]


def test_runs_of_one_name_carry_their_path(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / parent / "run", arms=("base", "sft")) for parent in ("a", "b")]

    assert labels(open_session(runs)) == ["base", *(f"{run}:sft" for run in runs)]


def test_a_run_that_is_named_twice_is_opened_once(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")

    assert open_session([run, run / "specs" / ".."]) == open_session([run])


def test_a_run_without_evaluation_can_be_asked_all_the_same(tmp_path: Path) -> None:
    session = open_session([make_run(tmp_path / "run", texts=None)])

    assert (session.stored, session.results) == ({}, ())
    assert len(session.arms) == 4
    assert len(session.prompts) == len(pairs_of(load_suite(SUITE)))


def test_answers_stay_when_the_adapters_are_gone(tmp_path: Path) -> None:
    session = open_session([make_run(tmp_path / "run", adapters=False)])

    assert labels(session) == ["base", "sft", "msm", "msm+sft"]
    assert len(session.stored) == 4 * len(session.prompts)


def test_a_half_written_adapter_is_no_arm(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", texts=None)
    (run / "adapters" / "msm-s0" / "adapters.safetensors").unlink()

    assert labels(open_session([run])) == ["base", "sft", "msm+sft"]


def test_what_is_gone_is_not_named(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    shutil.rmtree(run / "documents")
    shutil.rmtree(run / "specs")
    session = open_session([run])

    assert (session.documents, session.specs) == ({}, {})


def test_an_answer_about_a_pair_that_the_suite_has_changed_is_left_out(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    rows = read_jsonl(run / ANSWERS)
    rows[0] |= {"prompt": "Which one, the old thing?"}
    rows[1] |= {"item": f"{SUITE}/no-such-item"}
    write_jsonl(run / ANSWERS, rows)
    session = open_session([run])

    assert len(session.stored) == 4 * len(session.prompts) - 2
    assert (ITEM.id, "base") not in session.stored


# --- what is refused -----------------------------------------------------------------------------------------------


def test_runs_over_different_bases_are_refused(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / name, fingerprint=name * 64) for name in "ab"]

    with pytest.raises(RecipeError, match=r"b: has the base pocket \(bbbb.*name runs over one base"):
        open_session(runs)


def test_runs_with_different_names_are_refused(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / name, model_name=name) for name in ("Ann", "Bob")]

    with pytest.raises(RecipeError, match=r"calls its model Bob, and .* calls it Ann"):
        open_session(runs)


def test_a_run_without_arms_says_what_to_do(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", texts=None, adapters=False)

    with pytest.raises(RecipeError, match="has no trained arm yet; run the recipe's command again"):
        open_session([run])


@pytest.mark.parametrize("folders", [[], ["nowhere"]], ids=["none", "nowhere"])
def test_what_is_no_run_is_refused(tmp_path: Path, folders: list[str]) -> None:
    with pytest.raises(RecipeError, match=r"no run is named|not a run folder"):
        open_session([tmp_path / name for name in folders])


def edit_json(name: str, **changes: object) -> Callable[[Path], None]:
    def edit(run: Path) -> None:
        record: dict[str, Any] = json.loads((run / name).read_text(encoding="utf-8"))
        (run / name).write_text(json.dumps(record | changes), encoding="utf-8")

    return edit


def edit_recipe(**changes: object) -> Callable[[Path], None]:
    def edit(run: Path) -> None:
        recipe = load_values(run / "recipe.yaml")
        (run / "recipe.yaml").write_text(dump(recipe | changes), encoding="utf-8")

    return edit


def replace_file(name: str, content: bytes) -> Callable[[Path], None]:
    def edit(run: Path) -> None:
        (run / name).write_bytes(content)

    return edit


def edit_rows(**changes: object) -> Callable[[Path], None]:
    return lambda run: write_jsonl(run / ANSWERS, [row | changes for row in read_jsonl(run / ANSWERS)])


DAMAGES = {
    "record is no JSON": replace_file(RECORD, b"{"),
    "record is a list": replace_file(RECORD, b"[]"),
    "record is binary": replace_file(RECORD, b"\xff\x00"),
    "no model": edit_json(RECORD, model=None),
    "recipe is gone": lambda run: (run / "recipe.yaml").unlink(),
    "recipe is no YAML": replace_file("recipe.yaml", b"a: [b"),
    "recipe is a word": replace_file("recipe.yaml", b"word"),
    "recipe is binary": replace_file("recipe.yaml", b"\xff\xfe\x00"),
    "seeds are words": edit_recipe(seeds=["one"]),
    "specs are numbers": edit_recipe(specs=[1]),
    "no suites": edit_recipe(suites=None),
    "results are damaged": replace_file(RESULTS, b"{"),
    "answers are damaged": replace_file(ANSWERS, b"{}\n{"),
    "answers are empty objects": replace_file(ANSWERS, b"{}\n"),
    "margins are words": edit_rows(margins=["a"]),
    "seed is a list": edit_rows(seed=[1]),
}


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_is_told_and_named(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    run = make_run(tmp_path / "run")
    damage(run)

    with pytest.raises(RecipeError, match=r"run.*(damaged|not a JSON object|not a run record)"):
        open_session([run])


# --- arms and prompts by name --------------------------------------------------------------------------------------


def test_arms_are_chosen_in_the_order_in_which_they_are_named(tmp_path: Path) -> None:
    session = open_session([make_run(tmp_path / "run")])

    assert choose_arms(session, []) == session.arms
    assert [arm.label for arm in choose_arms(session, ["msm", "base", "msm"])] == ["msm", "base"]


def test_an_unknown_arm_is_told_with_what_was_meant(tmp_path: Path) -> None:
    session = open_session([make_run(tmp_path / "run")])

    with pytest.raises(RecipeError, match=r"arm msm\+stf: not in .*run \(did you mean msm\+sft\?\)"):
        choose_arms(session, ["msm+stf"])
    with pytest.raises(RecipeError, match=r"arm zebra: not in .*; there are base, sft, msm, msm\+sft"):
        choose_arms(session, ["zebra"])


def test_typed_prompts() -> None:
    assert typed_prompt("What now?").text == "What now?"
    assert typed_prompt("What now?").item is None
    assert typed_prompt("a").id != typed_prompt("b").id
    for text, reason in (("", "empty"), (" \n", "empty"), ("a\udcff", "not UTF-8")):
        with pytest.raises(RecipeError, match=reason):
            typed_prompt(text)
