"""A model and a data set of the hub, from a stand-in of the hub: downloaded, pinned, and afterwards used without it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from helpers.command_line import RECIPES, Cli
from helpers.fake_hub import FIRST, SECOND, Hub
from helpers.lookalike_models import run_laptop, save_lookalike
from helpers.ready_documents import good

from msm_mlx.files import read_jsonl

pytestmark = pytest.mark.slow


def test_a_hub_model_from_the_download_to_an_offline_answer(server: Hub, shell: Cli, tmp_path: Path) -> None:
    folder = save_lookalike(tmp_path / "there", "qwen3", chat=True, bits=None)
    server.files = {path.name: path.read_bytes() for path in folder.iterdir()}
    surroundings = {"HF_ENDPOINT": server.address, "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0"}
    surroundings |= {"HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_PROGRESS_BARS": "0"}

    done = run_laptop(shell, tmp_path, "o/m", quiet=False, **surroundings)

    assert done.returncode == 0, done.stderr
    told, progress = re.split(rf"o/m: revision {FIRST[:12]}, [\d.]+ kB to download\n", done.stderr)
    assert not re.search(r"\d%", told + progress), "a log has no bars"
    record = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert (record["model"]["name"], record["model"]["revision"]) == ("o/m", FIRST)

    server.head = SECOND
    server.served.clear()
    for arguments in (("compare", "run", "--prompt", "Hello?", "--max-tokens", "2"), ("models",)):
        offline = shell(*arguments, "--offline", "--json", **surroundings)
        assert offline.returncode == 0, offline.stderr
        assert FIRST[:12] in offline.stdout or "Hello?" in offline.stdout
    assert server.served == []


def test_a_data_set_of_the_hub_becomes_the_documents(server: Hub, shell: Cli, tmp_path: Path) -> None:
    rows = "".join(json.dumps({"body": good(number)}) + "\n" for number in range(9))
    server.files = {"README.md": b"# hi", "data/train.jsonl": rows.encode(), "data/test.jsonl": b"{}\n"}
    surroundings = {"HF_ENDPOINT": server.address, "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0"}
    surroundings["HF_HOME"] = str(tmp_path / "hf")
    source = "documents={from: 'hub:o/m', field: body, count: 5}"
    job = ("documents", "write", RECIPES / "cheese_american.yaml", "--set", "model_name=Mo", "--set", source)

    done = shell(*job, "--run-dir", "run", **surroundings)

    assert done.returncode == 0, done.stderr
    assert f"Documents: 5 of the 9 texts of hub:o/m@{FIRST}, as many as wanted" in done.stderr
    documents = list(read_jsonl(tmp_path / "run" / "documents" / "documents.jsonl"))
    assert {row["writer"] for row in documents} == {f"hub:o/m@{FIRST}"}
    assert not any("test.jsonl" in path for path in server.served)

    server.served.clear()
    offline = shell(*job, "--run-dir", "run", "--offline", **surroundings)
    assert offline.returncode == 0, offline.stderr
    assert (server.served, "documents cheese_american: not run again" in offline.stderr) == ([], True)

    (file,) = (tmp_path / "hf").rglob("train.jsonl")
    file.unlink()
    broken = shell(*job, "--run-dir", "other", "--offline", **surroundings)
    assert (broken.returncode, "hub:o/m: neither in the cache nor within reach" in broken.stderr) == (3, True)
