"""A model of the hub, from a stand-in of the hub: downloaded, pinned, trained on, and afterwards used without it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from fake_hub import FIRST, SECOND, Hub
from lookalikes import run_laptop, save_lookalike
from running import Cli


def test_a_hub_model_from_the_download_to_an_offline_answer(server: Hub, cli: Cli, tmp_path: Path) -> None:
    folder = save_lookalike(tmp_path / "there", "qwen3", chat=True, bits=None)
    server.files = {path.name: path.read_bytes() for path in folder.iterdir()}
    surroundings = {"HF_ENDPOINT": server.address, "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0"}
    surroundings["HF_HOME"] = str(tmp_path / "hf")

    done = run_laptop(cli, tmp_path, "o/m", quiet=False, **surroundings)

    assert done.returncode == 0, done.stderr
    told, progress = re.split(rf"o/m: revision {FIRST[:12]}, [\d.]+ kB to download\n", done.stderr)
    assert ("100%" in told, "100%" in progress) == (False, True)
    record = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert (record["model"]["name"], record["model"]["revision"]) == ("o/m", FIRST)

    server.head = SECOND
    server.served.clear()
    for arguments in (("compare", "run", "--prompt", "Hello?", "--max-tokens", "2"), ("models",)):
        offline = cli(*arguments, "--offline", "--json", **surroundings)
        assert offline.returncode == 0, offline.stderr
        assert FIRST[:12] in offline.stdout or "Hello?" in offline.stdout
    assert server.served == []
