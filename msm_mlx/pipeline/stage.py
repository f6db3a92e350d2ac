"""What a stage of a run is: a value that says what it reads, writes and is keyed by, and that does the work."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from msm_mlx.runs.origins import Claim

if TYPE_CHECKING:
    from msm_mlx.pipeline.context import Context
    from msm_mlx.runs.folder import RunFolder

Kind = Literal[
    "plan", "documents", "critique", "demonstrations", "midtrain", "sft", "adapter", "evaluate", "perplexity", "judge",
    "results",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, kw_only=True)
class Stage(ABC):
    """One step of a run.

    Files are named relative to the run folder. A stage is done as long as the hash of its inputs is what it was: of the
    files that it reads, and of all that `key` gives.
    """

    version: ClassVar[int] = 1
    """Part of the key. Raise it when the code starts to give other outputs for the same inputs, or when the default of
    a setting changes."""
    unit: ClassVar[str]
    """What `total` counts."""

    @property
    @abstractmethod
    def kind(self) -> Kind:
        """What commands and records call this kind of stage."""

    @property
    @abstractmethod
    def id(self) -> str:
        """Its name in the run's record, which no other stage of the run has."""

    @property
    @abstractmethod
    def total(self) -> int:
        """How many of its `unit` it is made of."""

    @property
    def reads(self) -> tuple[str, ...]:
        """The files that it reads."""
        return ()

    @property
    @abstractmethod
    def writes(self) -> tuple[str, ...]:
        """The files that are there when it is done."""

    @property
    def seed(self) -> int | None:
        """The seed of the variant that is trained or asked; None for what all seeds have in common."""
        return None

    @property
    def on_any_thread(self) -> bool:
        """Whether a thread beside the main one may do it: no model is at work for it in this process."""
        return False

    @property
    def scratch(self) -> tuple[str, ...]:
        """Files that it needs while it runs, and that go when it begins anew."""
        return ()

    @property
    def grows_with(self) -> tuple[str, ...]:
        """Inputs after whose change it goes on from what it had; after any other change it begins anew."""
        return ()

    @property
    def keeps(self) -> tuple[tuple[str, str], ...]:
        """The files that it then goes on from, each with the name under which it finds them."""
        return ()

    @property
    def about(self) -> str:
        """What its files are about, in words: a spec or a file. They never pass as being about something else."""
        return self.id

    @property
    def subject(self) -> tuple[str, ...]:
        """The inputs that decide what its files are about; none stands for all."""
        return ()

    @property
    @abstractmethod
    def key(self) -> dict[str, Any]:
        """All that decides the outcome besides the files that it reads, as JSON. Computed once."""

    def missing(self, run: RunFolder) -> str | None:
        """The first file that it reads and that is not there yet."""
        return next((name for name in self.reads if not (run.path / name).exists()), None)

    @property
    def claim(self) -> Claim:
        """What it says of the files that it writes."""
        return Claim(self.about, self.subject, self.grows_with, tuple(name for name, _ in self.keeps))

    def inputs(self, run: RunFolder, unmade: Collection[str] = ()) -> dict[str, Any]:
        """All that decides the outcome, files by their hashes. None of those that it reads may be missing.

        Those that are `unmade` are yet to be made, and have no hash.
        """
        stage = {"stage": self.kind, "version": self.version}
        files = {name: None if name in unmade else run.hash_of(name) for name in self.reads}
        return stage | self.key | files

    def mismatch(self, run: RunFolder) -> str | None:
        """What shows that its files, which somebody has put there, are about something else; None if nothing does."""
        return None

    def drop_stale(self, run: RunFolder) -> None:  # noqa: B027  (most stages have nothing to do)
        """Called before it goes on from what it had: remove what is no longer good."""

    @abstractmethod
    def run(self, context: Context) -> None:
        """Do the work: from what it reads to what it writes."""
