"""Models are found in folders, in the cache, and on a hub that runs in this process."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.fake_hub import FILES, FIRST, SECOND, WEIGHTS, Hub, make_model, use

from msm_mlx.errors import SetupError
from msm_mlx.models.chat_template import AS_IT_STANDS, TemplateChoice
from msm_mlx.models.hub import ModelRef, describe_model, human_size, resolve_model, tokenizer_folder

# folders


def test_a_folder_is_a_model(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "m")
    ref = resolve_model(str(folder))
    assert (ref.name, ref.folder, ref.revision) == (str(folder), folder, None)
    assert len(ref.fingerprint) == 64


def test_a_folder_written_by_mlx_is_a_model(tmp_path: Path) -> None:
    import mlx.core as mx

    make_model(tmp_path)
    mx.save_safetensors(
        str(tmp_path / "model.safetensors"), {"a": mx.zeros((3, 4)), "b": mx.zeros(5)}, {"format": "mlx"}
    )
    assert resolve_model(str(tmp_path)).folder == tmp_path


def test_paths_are_understood_as_in_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_model(tmp_path / "m")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert resolve_model("~/m").folder == resolve_model("m").folder == resolve_model("./m/").folder == folder
    assert describe_model("m") == f"local folder {folder}"


def test_pocket_is_the_embedded_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded = make_model(tmp_path / "weights")
    make_model(tmp_path / "pocket", config__json=b'{"other": 1}')
    monkeypatch.chdir(tmp_path)
    assert resolve_model("pocket", embedded=embedded).folder == embedded
    assert resolve_model("./pocket").folder == tmp_path / "pocket"
    assert describe_model("pocket") == "pocket (embedded)"


def test_an_installation_without_pocket_says_so(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"none: does not exist; install msm-mlx again$"):
        resolve_model("pocket", embedded=tmp_path / "none")


# names


@pytest.mark.parametrize("name", ["./missing", "../x", "/x/y", "~/none/such", "a/b/", "C:\\models\\x"])
def test_a_path_without_a_folder(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    for function in (describe_model, resolve_model):
        with pytest.raises(SetupError, match="no such folder"):
            function(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "foo bar",
        "a/b/c",
        "qwen",
        "a/b@",
        "a/b@x y",
        "a/..b",
        "https://huggingface.co/a/b",
        "é/x",
        "a\0/b",
        "x" * 9999,
    ],
)
def test_a_name_of_nothing(name: str) -> None:
    for function in (describe_model, resolve_model):
        with pytest.raises(SetupError, match="neither an existing folder nor a model of the hub"):
            function(name)


def test_hub_models_are_described_without_asking() -> None:
    assert describe_model("a/b@main") == "hub model a/b@main, resolved when the run starts"


def test_a_model_with_another_template_or_date_is_another_base(tmp_path: Path) -> None:
    ref = ModelRef("m", tmp_path, None, "repo@1234")
    own, dated = TemplateChoice(text="{{ messages }}"), TemplateChoice(date="2026-03-09")

    assert ref.rendering(AS_IT_STANDS) == ref
    assert ref.rendering(dated).fingerprint == "repo@1234+2026-03-09"
    fingerprints = {ref.rendering(choice).fingerprint for choice in (AS_IT_STANDS, own, dated, TemplateChoice("x"))}
    assert len(fingerprints) == 4
    assert ref.rendering(own).rendering(AS_IT_STANDS) == ref


def test_sizes_are_readable() -> None:
    assert [human_size(n) for n in (0, 999, 3400, 2.1e9, 5e15)] == ["0 B", "999 B", "3.4 kB", "2.1 GB", "5000.0 TB"]


def test_importing_is_cheap() -> None:
    code = "import sys, msm_mlx.models.hub as h; h.describe_model('a/b'); sys.exit('huggingface_hub' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# the hub


def unplug(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    use(monkeypatch, f"http://127.0.0.1:{port}")


def test_a_model_is_pinned_announced_and_downloaded(server: Hub, client: Path) -> None:
    said: list[str] = []
    ref = resolve_model("o/m", say=said.append)
    assert (ref.revision, ref.fingerprint) == (FIRST, f"o/m@{FIRST}")
    assert {path.name: path.read_bytes() for path in ref.folder.iterdir()} == FILES
    assert said == [f"o/m: revision {FIRST[:12]}, {human_size(sum(map(len, FILES.values())))} to download"]
    assert not any("main" in path or "code.py" in path for path in server.served)

    server.served.clear()
    assert resolve_model(f"o/m@{FIRST}", say=said.append) == ModelRef(
        f"o/m@{FIRST}", ref.folder, FIRST, ref.fingerprint
    )
    assert said[1:] == [f"o/m@{FIRST}: revision {FIRST[:12]}, already downloaded"]
    assert not any("resolve" in path for path in server.served)


@pytest.mark.parametrize("name", ["o/m", "o/m@main", f"o/m@{FIRST}"])
def test_what_was_downloaded_is_found_offline(name: str, client: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    online = resolve_model(name)
    assert resolve_model(name, offline=True) == online
    unplug(monkeypatch)
    said: list[str] = []
    assert resolve_model(name, say=said.append) == online
    assert "ConnectError" in said[0]
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert resolve_model(name) == online


def test_offline_the_latest_download_is_used(server: Hub, client: Path) -> None:
    resolve_model("o/m")
    server.head = SECOND
    assert resolve_model("o/m", offline=True).revision == FIRST
    assert resolve_model("o/m").revision == SECOND
    assert resolve_model("o/m", offline=True).revision == SECOND


@pytest.mark.parametrize("how", ["offline", "unplugged", "variable", "down"])
def test_what_is_nowhere_is_one_clear_error(
    how: str, server: Hub, client: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "unplugged":
        unplug(monkeypatch)
    if how == "variable":
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    if how == "down":
        server.failures["/api"] = (501, "")
    message = r"model o/m: neither a local folder nor in the cache, and the hub cannot be reached .*--model pocket"
    with pytest.raises(SetupError, match=message) as caught:
        resolve_model("o/m", offline=how == "offline")
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)


def test_a_cached_copy_with_a_hole_is_not_used(client: Path) -> None:
    (resolve_model("o/m").folder / "tokenizer.json").unlink()
    with pytest.raises(SetupError, match="its cached copy is incomplete"):
        resolve_model("o/m", offline=True)
    assert resolve_model("o/m").folder.joinpath("tokenizer.json").exists()


def test_a_tokenizer_comes_without_the_weights(server: Hub, client: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tokenizer_folder("o/m")
    assert (folder / "tokenizer.json").exists()
    assert not any("model.safetensors" in path for path in server.served)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert tokenizer_folder("o/m") == folder


def test_a_folder_without_a_tokenizer_has_none(tmp_path: Path) -> None:
    make_model(tmp_path / "m", tokenizer__json=None)
    with pytest.raises(SetupError, match="holds no tokenizer"):
        tokenizer_folder(str(tmp_path / "m"))
    assert tokenizer_folder(str(make_model(tmp_path / "n"))) == (tmp_path / "n").resolve()


def test_an_interrupted_download_goes_on(server: Hub, client: Path) -> None:
    server.failures["resolve/" + FIRST + "/model.safetensors"] = (501, "")
    with pytest.raises(SetupError, match="the hub cannot be reached"):
        resolve_model("o/m")
    server.failures.clear()
    assert resolve_model("o/m").revision == FIRST


@pytest.mark.slow
def test_a_file_that_breaks_off_goes_on_where_it_was(
    server: Hub, client: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 10)  # what is kept is whole chunks
    server.cuts["model.safetensors"] = 30
    folder = resolve_model("o/m").folder
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert server.ranges == ["bytes=30-"]


@pytest.mark.parametrize(
    ("where", "status", "code", "message"),
    [
        ("/api/models/o/m", 404, "RepoNotFound", "neither a local folder nor a public model of the hub"),
        ("/api/models/o/m", 404, "", "neither a local folder nor a public model of the hub"),
        ("/api/models/o/m", 401, "RepoNotFound", "neither a local folder nor a public model of the hub"),
        ("/api/models/o/m", 401, "", "the hub refuses access"),
        ("/api/models/o/m", 403, "", "the hub refuses access"),
        ("/api/models/o/m", 404, "RevisionNotFound", "the hub has no such revision"),
        ("/api/models/o/m", 403, "GatedRepo", "access has to be granted first"),
        ("/api/models/o/m/tree", 403, "GatedRepo", "access has to be granted first"),
        ("/o/m/resolve", 401, "GatedRepo", "access has to be granted first"),
        ("/o/m/resolve", 403, "GatedRepo", "access has to be granted first"),
    ],
)
def test_what_the_hub_refuses(where: str, status: int, code: str, message: str, server: Hub, client: Path) -> None:
    server.failures[where] = (status, code)
    with pytest.raises(SetupError, match=f"^model o/m: {message}.*--model pocket") as caught:
        resolve_model("o/m")
    assert "\n" not in str(caught.value)


def test_a_model_that_is_not_on_the_hub(client: Path) -> None:
    with pytest.raises(SetupError, match="nor a public model of the hub"):
        resolve_model("somebody/else")
    with pytest.raises(SetupError, match="no such revision"):
        resolve_model("o/m@v9")


@pytest.mark.parametrize("offline", [False, True])
def test_names_that_only_the_hub_knows_to_be_wrong(offline: bool, client: Path) -> None:
    with pytest.raises(SetupError, match="not a name that the hub allows"):
        resolve_model("a/b--c.git", offline=offline)


def test_a_page_instead_of_an_answer(server: Hub, client: Path) -> None:
    """As the sign-in page of a hotel."""
    server.failures["/"] = (200, "")
    with pytest.raises(SetupError, match=r"the hub cannot be reached \(JSONDecodeError"):
        resolve_model("o/m")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_repository_without_the_needed_files(name: str, server: Hub, client: Path) -> None:
    del server.files[name]
    server.files |= {"pytorch_model.bin": b"pickle", "adapters.safetensors": b""}
    with pytest.raises(SetupError, match=r"not both a config\.json and model\*\.safetensors"):
        resolve_model("o/m")
    assert not any("resolve" in path for path in server.served)


def test_no_room_for_a_model(server: Hub, client: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 10

    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage)
    with pytest.raises(SetupError, match=r"there is no room for the model: .* are needed, 10 B are free"):
        resolve_model("o/m")
    assert not any("resolve" in path for path in server.served)


def test_a_full_disk_while_downloading(client: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, **options: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("huggingface_hub.snapshot_download", full)
    with pytest.raises(SetupError, match=r"cannot be stored \(No space left on device\)"):
        resolve_model("o/m")
