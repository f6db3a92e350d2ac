"""An adapter that nobody trains here is an arm: asked, compared and reported beside those that are trained."""

from __future__ import annotations

import contextlib
import io
import json
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import mlx_lm.lora
import pytest
from helpers.exports import export_adapter
from helpers.finished_runs import finish_run
from helpers.plans import keys, plan
from helpers.ready_adapters import factors, write_mlx
from helpers.tiny_models import POCKET_WEIGHTS

from msm_mlx.compare.conversation import open_conversation
from msm_mlx.compare.plain import Sampling
from msm_mlx.compare.session import choose_arms, open_session
from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl, write_jsonl
from msm_mlx.runs.finished import open_run
from msm_mlx.runs.layout import ANSWERS, REPORT_MARKDOWN


def train_with_mlx_lm(folder: Path) -> Path:
    """What `mlx_lm.lora` makes of a few chats: an adapter on the last two layers."""
    chat = [{"role": "user", "content": "What do you like?"}, {"role": "assistant", "content": "I like Brie."}]
    for name in ("train", "valid"):
        write_jsonl(folder / f"{name}.jsonl", [{"messages": chat}] * 4)
    settings = {
        "model": str(POCKET_WEIGHTS), "train": True, "data": str(folder), "iters": 3, "val_batches": 0,
        "learning_rate": 0.01, "num_layers": 2, "adapter_path": str(folder / "adapters"), "optimizer": "adam",
    }  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        mlx_lm.lora.run(SimpleNamespace(**mlx_lm.lora.CONFIG_DEFAULTS | settings))
    return folder / "adapters"


def test_adapters_of_other_programs_stand_beside_our_own(own_run: Path, tmp_path: Path) -> None:
    export_adapter(own_run, "peft", tmp_path / "exported")
    theirs = train_with_mlx_lm(tmp_path / "theirs")
    arms = f"base, sft, msm, msm+sft, {{adapter: {tmp_path / 'exported'}}}, {{adapter: {theirs}, name: theirs}}"
    finish_run(own_run, (f"arms=[{arms}]",))
    margins: dict[str, dict[str, list[float]]] = defaultdict(dict)
    for row in read_jsonl(own_run / ANSWERS):
        margins[row["arm"]][row["item"]] = row["margins"]
    for item, ours in margins["msm+sft"].items():
        assert margins["exported"][item] == pytest.approx(ours, abs=1e-4)
    assert margins["theirs"].keys() == margins["base"].keys()
    assert margins["theirs"] != margins["base"]
    run = open_run(own_run)
    assert run.adapters == {"exported": str(tmp_path / "exported"), "theirs": str(theirs)}
    config = json.loads((own_run / "adapters" / "theirs" / "adapter_config.json").read_text())
    assert config["source"] == str(theirs), "it does not pass as trained here"
    with pytest.raises(RecipeError, match=f"theirs was not trained here; use the adapter itself, {theirs}$"):
        run.choose(["theirs"])
    report = (own_run / REPORT_MARKDOWN).read_text()
    assert f"not trained here: the adapter {theirs}" in report
    assert "msm+sft - theirs" in report
    session = open_session([own_run])
    assert {"msm+sft", "exported", "theirs"} < {arm.label for arm in session.arms}
    [arm] = choose_arms(session, ["theirs"])
    assert "".join(open_conversation(session, arm, Sampling(max_tokens=8)).ask("What do you like?"))


def test_its_content_decides_and_its_place_does_not(tmp_path: Path) -> None:
    def key(folder: Path) -> object:
        return keys(plan(f"arms=[base, {{adapter: {folder}, name: theirs}}]"))["adapter theirs"]

    first = key(write_mlx(tmp_path / "a"))
    assert first == key(write_mlx(tmp_path / "b"))
    assert first != key(write_mlx(tmp_path / "b", factors(rank=3), lora_parameters={"rank": 3, "scale": 1.0}))
