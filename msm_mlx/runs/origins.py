"""Where a file of a run comes from: a stage made it for something, or somebody put it there, or changed it since.

The run's record has an origin for each file that it has made or kept. What was made for another spec, model or file is
made anew; what a person has put there or changed is never overwritten, and never taken for what it is not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from msm_mlx.files import sha256_json

REMEDY = "delete it to have it made anew, or choose another folder with --run-dir"


@dataclass(frozen=True)
class Claim:
    """What a stage says of the files that it writes.

    Args:
        about: in words, what they are about.
        subject: the inputs that decide that; none stands for all. The others only decide how the files are made.
        grows_with: the inputs after whose change the stage goes on from what it had.
        keeps: the files that it then goes on from.
    """

    about: str = "this run"
    subject: Collection[str] = ()
    grows_with: Collection[str] = ()
    keeps: Collection[str] = ()

    def subject_in(self, inputs: Mapping[str, object]) -> dict[str, str]:
        """The inputs that decide what the files are about, each as a short hash."""
        return {name: sha256_json(inputs.get(name))[:16] for name in self.subject or inputs}


@dataclass(frozen=True)
class Origin:
    """Where one file comes from.

    `stage` made it, or would have and kept it. `sha256` is the hash of what was made or kept; None while it is made.
    """

    stage: str
    about: str
    made: bool
    subject: Mapping[str, str]
    sha256: str | None = None

    def plain(self) -> dict[str, Any]:
        """As the record holds it."""
        return asdict(self)


@dataclass(frozen=True)
class PresentFile:
    """A file that is there now, with its hash and, if the run knows it, its origin."""

    name: str
    sha256: str
    origin: Origin | None

    @property
    def is_unchanged(self) -> bool:
        """Whether it is what the run has made or kept."""
        return self.origin is not None and self.origin.sha256 in (None, self.sha256)

    def is_foreign(self, stage: str) -> bool:
        """Whether the run made it in another stage."""
        return self.origin is not None and self.origin.made and self.origin.stage != stage

    @property
    def is_from_elsewhere(self) -> bool:
        """Whether somebody has put it there: before the run knew of it, or in place of what had been put there."""
        return self.origin is None or not self.origin.made


def refusal(
    files: Iterable[PresentFile], stage: str, inputs: Mapping[str, object], claim: Claim, changed: Collection[str]
) -> str | None:
    """Why `stage` may neither take nor overwrite one of the files, or None.

    `changed` are the names of the inputs that differ from those that the stage was done with, if it was.
    """
    for file in files:
        how = _mismatch(file, stage, inputs, claim, changed)
        if how and file.origin:
            differ = _differ(file.origin, inputs, claim) or sorted(changed)
            what = f" (another {', '.join(differ)})" if differ else ""
            return f"{file.name} {how} {file.origin.about}, and here it would be for {claim.about}{what}; {REMEDY}"
    return None


def _mismatch(
    file: PresentFile, stage: str, inputs: Mapping[str, object], claim: Claim, changed: Collection[str]
) -> str | None:
    """What a person has done to a file that is for something else; None if there is no such file."""
    if file.origin is None:
        return None
    if not file.origin.made:
        is_other = file.origin.stage != stage or _differ(file.origin, inputs, claim)
        return "comes from elsewhere and was kept for" if file.is_unchanged and is_other else None
    if file.is_unchanged:
        return None
    grows = set(changed) <= set(claim.grows_with) and file.name in claim.keeps
    if file.is_foreign(stage) or (changed and not grows):
        return "was changed by hand after it had been made for"
    return None


def _differ(origin: Origin, inputs: Mapping[str, object], claim: Claim) -> list[str]:
    """The inputs that make the subject another; none if the files of another stage have others altogether."""
    now = claim.subject_in(inputs)
    return sorted(name for name in now.keys() | origin.subject.keys() if now.get(name) != origin.subject.get(name))
