"""Plain text that is learned among documents: so much of a source as midtraining can take, as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from msm_mlx.documents.sources import ReadyText, identify, ready_texts
from msm_mlx.errors import RecipeError
from msm_mlx.files import make_folder, sha256_json, write_jsonl
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.pipeline.stages.subjects import source_in_words
from msm_mlx.recipe.schema import PlainText
from msm_mlx.rows.hub import pin_revision
from msm_mlx.runs.layout import PLAIN_TEXTS
from msm_mlx.suites.contamination import HeldOut

if TYPE_CHECKING:
    from msm_mlx.pipeline.context import Context

CHARACTERS_PER_TOKEN = 10  # more than texts have on average: a large source is read no further than it is needed


@dataclass(frozen=True, kw_only=True)
class PlainTexts(Stage):
    """Takes texts in the order of their source, without those that show what the evaluation asks about.

    Of what it takes, training learns so much as makes the share of tokens that the recipe asks for.
    """

    unit: ClassVar[str] = "tokens"

    settings: PlainText
    tokens: int
    """The most that training can take."""
    held_out: HeldOut
    overlap: int | None
    """Words of an evaluation prompt in a row that a text must not have; None for any number."""
    recipe: Path
    """Whose fault it is if there are no texts."""

    @property
    def kind(self) -> Kind:
        return "documents"

    @property
    def id(self) -> str:
        return "documents of midtrain.mix"

    @property
    def total(self) -> int:
        return self.tokens

    @property
    def writes(self) -> tuple[str, ...]:
        return (PLAIN_TEXTS,)

    @property
    def about(self) -> str:
        source = identify(self.settings.source)
        return f"plain text from {source_in_words(source.name, source.version)}"

    @property
    def subject(self) -> tuple[str, ...]:
        return ("source",)

    @cached_property
    def key(self) -> dict[str, Any]:
        return {
            "source": identify(self.settings.source).version,
            "tokens": self.tokens,
            "held_out": sha256_json(asdict(self.held_out)),
            "overlap": self.overlap,
        }

    @property
    def note(self) -> str:
        """What is told of it before a run."""
        return (
            f"midtrain.mix: {self.settings.share:.0%} of the tokens that are learned with documents are {self.about}, "
            f"at most {self.tokens:,} of them."
        )

    def check(self) -> None:
        """Raises RecipeError if the source cannot be read, or has no text that can be used."""
        self._some(next((text for text in self._read() if self._is_usable(text.text)), None) is not None)

    def run(self, context: Context) -> None:
        path = context.run.path / PLAIN_TEXTS
        make_folder(path.parent)
        seen = taken = characters = 0

        def rows() -> Iterator[dict[str, str]]:
            nonlocal seen, taken, characters
            for text in self._read():
                seen += 1
                if self._is_usable(text.text):
                    taken += 1
                    characters += len(text.text)
                    yield {"id": f"plain-{text.number:06d}", "text": text.text}
                if characters >= CHARACTERS_PER_TOKEN * self.tokens:
                    return

        write_jsonl(path, rows())
        self._some(taken > 0)
        left_out = f"; {seen - taken} are left out: they are empty, or show what the suites ask about"
        context.report.say(f"Plain text: {taken} texts of {self.about}{left_out if taken < seen else ''}.")

    def _read(self) -> Iterator[ReadyText]:
        return ready_texts(pin_revision(self.settings.source), "text")

    def _is_usable(self, text: str) -> bool:
        return bool(text) and not self.held_out.shown_in(text, self.overlap)

    def _some(self, usable: bool) -> None:
        if not usable:
            raise RecipeError(
                f"{self.settings.source}: none of its texts can be used in midtrain.mix of {self.recipe}: each is "
                "empty, or names or quotes what the suites ask about; give it others"
            )
