"""What a run gives to the hub, and that nothing in it names a folder of this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from msm_mlx.errors import RecipeError
from msm_mlx.export.repositories import HubUpload, prepare_uploads, without_folders
from msm_mlx.files import make_folder, write_jsonl
from msm_mlx.runs.finished import open_run
from msm_mlx.runs.layout import RECIPE, declared_data
from msm_mlx.settings_file.dump import dump
from msm_mlx.settings_file.load import load_values

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # of the client's own upload

MakeTrained = Callable[..., Path]


def uploads(run: Path, **options: bool) -> list[HubUpload]:
    record = open_run(run)
    return prepare_uploads(record, record.choose([], None), "me/cheese", **options)


def contents(upload: HubUpload) -> dict[str, bytes]:
    return {n: source if isinstance(source, bytes) else source.read_bytes() for n, source in upload.files.items()}


def test_what_a_declared_stage_learns_goes_along(trained_run: MakeTrained) -> None:
    run = trained_run()
    recipe = load_values(run / RECIPE)
    recipe["stages"] = {"after": {"chats": "/home/me/after.jsonl", "documents": None}}
    (run / RECIPE).write_text(dump(recipe))
    make_folder((run / declared_data("after")).parent)
    write_jsonl(run / declared_data("after"), [{"messages": []}])
    data, model = uploads(run)
    assert "stages/after.jsonl" in data.files
    page, pushed = contents(data)["README.md"].decode(), contents(model)[RECIPE].decode()
    assert "config_name: stages-after" in page
    assert "`stages/` has what the recipe's own training stages learn" in page
    assert "chats: after.jsonl" in pushed


def test_nothing_published_names_a_folder_of_this_machine(trained_run: MakeTrained, tmp_path: Path) -> None:
    for run in (trained_run("llama"), trained_run("llama", specs=["one", "two"])):
        for upload in uploads(run):
            text = b"".join(content for name, content in contents(upload).items() if not name.endswith(".safetensors"))
            assert str(tmp_path).encode() not in text
            assert b"/llama" not in text
    assert uploads(run)[-1].files.keys() >= {"specs/one.md", "specs/two.md", "recipe.yaml", "results.json"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/me/My specs/a.md", "a.md"),
        ("~/specs/a.md", "a.md"),
        ("spec=/home/me/a.md", "spec=a.md"),
        ("spec=[/home/me/a.md, ~/b.md]", "spec=[a.md, b.md]"),
        (
            "The profile is laptop because the model is '/home/me/m', not",
            "The profile is laptop because the model is 'm', not",
        ),
        ("mlx-community/Qwen3-8B-4bit", "mlx-community/Qwen3-8B-4bit"),
        ("https://huggingface.co/a/b", "https://huggingface.co/a/b"),
        ("{reasoning} / {reply}", "{reasoning} / {reply}"),
    ],
)
def test_paths_are_cut_to_the_names_of_files(text: str, expected: str) -> None:
    assert without_folders({"a": [text, 3, None]}) == {"a": [expected, 3, None]}


def test_an_unfinished_run_is_not_pushed(trained_run: MakeTrained) -> None:
    run = trained_run()
    (run / "evaluation" / "results.json").unlink()
    with pytest.raises(RecipeError, match="has no finished evaluation; run the recipe's command again to go on"):
        uploads(run)
