"""A run goes to a hub that runs in this process, whole, privately, and without a token in sight."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.command_line import Cli
from helpers.fake_hub import Hub, Repository, use

from msm_mlx.errors import RecipeError, SetupError
from msm_mlx.export.push import check_repo, push
from msm_mlx.export.repositories import HubUpload, prepare_uploads
from msm_mlx.runs.finished import open_run
from msm_mlx.settings_file.parse import parse

TOKEN = "hf_thisIsASecretOfSomebody"

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # of the client's own upload

MakeTrained = Callable[..., Path]


def uploads(run: Path, **options: bool) -> list[HubUpload]:
    record = open_run(run)
    return prepare_uploads(record, record.choose([], None), "me/cheese", **options)


@pytest.fixture
def hub(server: Hub, client: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return server


def contents(upload: HubUpload) -> dict[str, bytes]:
    return {n: source if isinstance(source, bytes) else source.read_bytes() for n, source in upload.files.items()}


def test_everything_arrives(hub: Hub, trained_run: MakeTrained) -> None:
    data, model = uploads(trained_run())
    said: list[str] = []
    commits = push([data, model], public=False, say=said.append)
    assert hub.pushed["models/me/cheese"].files == contents(model)
    assert hub.pushed["datasets/me/cheese-data"].files == contents(data)
    assert all(repository.private and repository.commits == 1 for repository in hub.pushed.values())
    assert hub.pushed["models/me/cheese"].lfs == {name for name in model.files if name.endswith(".safetensors")}
    assert hub.tokens == {f"Bearer {TOKEN}"}
    assert [commit.split("/", 3)[3] for commit in commits] == [
        f"datasets/me/cheese-data/commit/{'2' * 40}",
        f"models/me/cheese/commit/{'2' * 40}",
    ]
    assert said == ["me/cheese-data (dataset): 3 files", "me/cheese (model): 10 files"]


def test_the_same_again_sends_no_weights_twice(hub: Hub, trained_run: MakeTrained) -> None:
    run = trained_run()
    push(uploads(run), public=False, say=print)
    stored = dict(hub.stored)
    hub.served.clear()
    push(uploads(run), public=False, say=print)
    assert hub.stored == stored
    assert hub.pushed["models/me/cheese"].commits == 2
    assert not any(path.strip("/") in stored for path in hub.served)


def test_public_has_to_be_said(hub: Hub, trained_run: MakeTrained) -> None:
    packed = uploads(trained_run(), with_data=False)
    hub.pushed["models/me/cheese"] = Repository(private=False)
    with pytest.raises(RecipeError, match="--repo me/cheese: is public already; add --public"):
        push(packed, public=False, say=print)
    assert hub.pushed["models/me/cheese"].commits == 0
    push(packed, public=True, say=print)
    assert hub.pushed["models/me/cheese"].commits == 1


def test_new_repositories_are_public_on_request(hub: Hub, trained_run: MakeTrained) -> None:
    push(uploads(trained_run()), public=True, say=print)
    assert not any(repository.private for repository in hub.pushed.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "status", "message"),
    [
        *(
            (where, 403, "the hub refuses")
            for where in ("repos/create", "validate-yaml", "preupload", "batch", "verify")
        ),
        ("commit", 401, "the hub refuses; use a token that may write"),
        ("commit", 400, "answered with status 400"),
    ],
)
def test_what_the_hub_refuses(
    where: str, status: int, message: str, hub: Hub, trained_run: MakeTrained, caplog: pytest.LogCaptureFixture
) -> None:
    packed = uploads(trained_run(), with_data=False)
    hub.failures[where] = (status, "")
    with caplog.at_level(0), pytest.raises(SetupError, match=r"^me/cheese: ") as caught:
        push(packed, public=False, say=print)
    if where != "validate-yaml":  # whose answer is read before its status
        assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert TOKEN not in f"{caught.value!r} {caught.value.__cause__!r} {caplog.text}"


def test_a_hub_out_of_reach(hub: Hub, trained_run: MakeTrained, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        use(monkeypatch, f"http://127.0.0.1:{probe.getsockname()[1]}")
    with pytest.raises(SetupError, match=r"me/cheese-data: the hub cannot be reached \(ConnectError"):
        push(uploads(trained_run()), public=False, say=print)


def test_without_a_token_nothing_is_tried(server: Hub, client: Path, trained_run: MakeTrained) -> None:
    with pytest.raises(SetupError, match="hub: there is no token; run `hf auth login`, or set HF_TOKEN"):
        push(uploads(trained_run()), public=False, say=print)
    assert server.served == []


@pytest.mark.parametrize(
    "repo", ["cheese", "a/b/c", "", "me/", "me/a--b", "me/../x", "https://huggingface.co/me/x", "me/é"]
)
def test_names_that_no_repository_has(repo: str) -> None:
    with pytest.raises(RecipeError, match=f"^--repo {repo}: "):
        check_repo(repo)


@pytest.mark.slow
def test_the_command_lists_and_sends(server: Hub, trained_run: MakeTrained, tmp_path: Path, shell: Cli) -> None:
    run = trained_run()
    surroundings = {"HF_ENDPOINT": server.address, "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0", "HF_TOKEN": TOKEN}
    surroundings |= {"HF_HOME": str(tmp_path / "hf"), "HF_HUB_VERBOSITY": "debug"}
    arguments = ["push", run, "--repo", "me/cheese", "--arm", "msm+sft"]
    listed = shell(*arguments, "--dry-run", **surroundings)
    assert listed.returncode == 0, listed.stderr
    assert server.served == []
    assert "adapters/msm+sft-s0/adapters.safetensors" in listed.stdout
    assert "adapters/sft-s0" not in listed.stdout
    sent = shell(*arguments, "--json", **surroundings)
    assert sent.returncode == 0, sent.stderr
    outcome = json.loads(sent.stdout)
    assert outcome["private"] is True
    assert {entry["repo"]: set(entry["files"]) for entry in outcome["repositories"]} == {
        key.partition("/")[2]: set(repository.files) for key, repository in server.pushed.items()
    }
    assert TOKEN not in listed.stdout + listed.stderr + sent.stdout + sent.stderr
    assert not any(TOKEN.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    front = server.pushed["models/me/cheese"].files["README.md"].decode().split("---")[1]
    assert parse(front).value["datasets"] == ["me/cheese-data"]
