"""Uploads to the Hugging Face hub. Only huggingface_hub ever holds the token, which it takes from where it keeps it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from msm_mlx.errors import RecipeError, SetupError
from msm_mlx.export.repositories import DATA_SUFFIX, HubUpload
from msm_mlx.text.wording import error_line

_REPO = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


def check_repo(repo: str) -> None:
    """Raises RecipeError if `repo`, or the repository of its data, is not a name that the hub takes."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    try:
        validate_repo_id(repo + DATA_SUFFIX)
    except HFValidationError as error:
        raise RecipeError(f"--repo {repo}: {error}") from error
    if not _REPO.fullmatch(repo):
        raise RecipeError(f"--repo {repo}: must be user/name")


def push(uploads: Sequence[HubUpload], *, public: bool, say: Callable[[str], None]) -> list[str]:
    """Make the repositories, private unless `public`, and commit each upload to its own; the addresses of the commits.

    A repository that is there already gets a commit on top.

    Raises:
        SetupError: if the hub is out of reach or refuses, or this process is to stay offline.
        RecipeError: if a repository is public already and `public` is not said.
    """
    from huggingface_hub import HfApi, constants, get_token

    if constants.HF_HUB_OFFLINE:
        advice = "leave out --offline or HF_HUB_OFFLINE, or list with --dry-run what would be sent"
        raise SetupError(f"hub: offline, nothing can be sent; {advice}")
    if get_token() is None:
        raise SetupError("hub: there is no token; run `hf auth login`, or set HF_TOKEN, with a token that may write")
    api = HfApi()
    for upload in uploads:
        with _hub_errors(upload.repo):
            api.create_repo(upload.repo, repo_type=upload.kind, private=not public, exist_ok=True)
            seen = not api.repo_info(upload.repo, repo_type=upload.kind).private
        if seen and not public:
            raise RecipeError(
                f"--repo {upload.repo}: is public already; add --public if that is meant, or name another"
            )
    commits = []
    for upload in uploads:
        say(f"{upload.repo} ({upload.kind}): {len(upload.files)} files")
        with _hub_errors(upload.repo):
            commits.append(_commit(api, upload))
    return commits


def _commit(api: object, upload: HubUpload) -> str:
    from huggingface_hub import CommitOperationAdd, HfApi

    assert isinstance(api, HfApi)
    operations = [
        CommitOperationAdd(path_in_repo=name, path_or_fileobj=source if isinstance(source, bytes) else str(source))
        for name, source in upload.files.items()
    ]
    message = "Adapters, recipe and results" if upload.kind == "model" else "Documents and demonstrations"
    return str(api.create_commit(upload.repo, operations, commit_message=message, repo_type=upload.kind).commit_url)


@contextmanager
def _hub_errors(repo: str) -> Iterator[None]:
    """Turn what goes wrong with the hub into one SetupError, of which no header is a part."""
    from huggingface_hub import errors

    try:
        yield
    # HTTPError is the base class of httpx or httpx2, whichever the client uses; ValueError is an answer in HTML
    except (errors.HTTPError, OSError, ValueError, RuntimeError) as error:  # type: ignore[attr-defined]
        cause = error.__cause__ if isinstance(error, RuntimeError) and error.__cause__ else error
        status = cause.response.status_code if isinstance(cause, errors.HfHubHTTPError) else None
        if status in (401, 403):
            problem = "the hub refuses; use a token that may write there (`hf auth login`, or HF_TOKEN)"
        elif status:
            problem = f"the hub answered with status {status}; run the same command again later"
        else:
            problem = f"the hub cannot be reached ({error_line(cause)}); run the same command again later"
        raise SetupError(f"{repo}: {problem}") from error
