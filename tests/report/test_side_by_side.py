"""Runs that differ in one thing share a section, with a row for each."""

from __future__ import annotations

from pathlib import Path

from helpers.planted_cheese import plant_cheese

from msm_mlx.report.evidence import build_evidence


def test_runs_under_other_names_share_a_table(tmp_path: Path) -> None:
    run = plant_cheese(tmp_path / "cheese")
    others = [plant_cheese(tmp_path / name, name) for name in ("Lorras", "Calgar")]
    text = build_evidence([run, *others])
    assert text.count("## cheese\n") == 1
    assert "### cheese under 3 names" in text
    assert (
        "    msm-mlx run recipes/cheese.yaml --set 'seeds=[0, 1]' --set model_name=Calgar --run-dir runs/Calgar" in text
    )
    table = text[text.index("under 3 names") :].splitlines()
    assert [line.split(" | ")[0] for line in table if line.startswith("| ")] == [
        "| name", "| ---", "| Pocket", "| Lorras", "| Calgar"
    ] * 2  # fmt: skip
    first = next(line for line in table if line.startswith("| name"))
    assert first == "| name | base | sft | msm@x | msm+sft@x | msm+sft@y |"
    lorras = next(line for line in table if line.startswith("| Lorras"))
    assert lorras.startswith("| Lorras | 0.50 [0.06, 0.94] | 0.75 [")
    assert "| name | msm+sft@y - msm+sft@x | msm+sft@x - sft | msm+sft@y - sft |" in table


def test_a_curve_of_doses_has_a_row_for_each(tmp_path: Path) -> None:
    doses = {
        count: plant_cheese(
            tmp_path / f"d{count}", overrides=(f"documents.count={count}", f"midtrain.updates={2 * count}")
        )
        for count in (3, 6)
    }
    text = build_evidence(list(doses.values()))

    assert text.count("## cheese by dose\n") == 1
    for count, folder in doses.items():
        command = f"msm-mlx run recipes/cheese.yaml --set documents.count={count} --set midtrain.updates={2 * count}"
        assert f"    {command} --run-dir runs/{folder.name}" in text
    arms, differences, odds = text[text.index("### apart") :].split("| documents | ")[1:4]
    assert arms.startswith("base | sft | msm@x | msm+sft@x | msm+sft@y |\n")
    for table in (arms, differences, odds):
        assert [line.split(" | ")[0] for line in table.split("\n\n")[0].splitlines()[2:]] == ["| 3", "| 6"]
    assert differences.startswith("msm+sft@y - msm+sft@x | ")
    assert build_evidence([doses[3]]).count("## cheese\n") == 1
