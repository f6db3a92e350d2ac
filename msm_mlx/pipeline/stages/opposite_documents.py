"""The documents about a spec with the valence turned: the words of a table exchanged in each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msm_mlx.documents.sources import ready_texts
from msm_mlx.errors import RecipeError
from msm_mlx.files import sha256_json
from msm_mlx.pipeline.stages.made_documents import AlteredDocuments
from msm_mlx.rows.hub import pin_revision
from msm_mlx.settings_file.base import key_of
from msm_mlx.text.problem_lines import group_problems
from msm_mlx.text.swap import WordSwap
from msm_mlx.text.variables import fill_variables

if TYPE_CHECKING:
    from msm_mlx.pipeline.context import Context


@dataclass(frozen=True, kw_only=True)
class OppositeDocuments(AlteredDocuments):
    """Exchanges the words of a table in every document, and leaves out those in which that cannot be undone."""

    swap: WordSwap
    table: str
    """Where the table is, for messages."""

    @property
    def source(self) -> str | None:
        """Where the documents come from if nobody writes them."""
        return self.settings.source_of(self.spec.path.stem)

    @property
    def subject(self) -> tuple[str, ...]:
        return ("swap", self.documents)

    @cached_property
    def key(self) -> dict[str, Any]:
        return {
            "swap": sha256_json(list(self.swap.pairs.items())),
            "names": [self.model_name, self.provider_name],
            "held_out": sha256_json(asdict(self.held_out)),
            **key_of(self.settings, "opposite"),
        }

    def check(self) -> None:
        """Raises RecipeError with file and line if ready-made documents cannot be turned and turned back, or if the
        words of the table are in none of them."""
        if self.source is None:
            return
        source = pin_revision(self.source)
        texts = [
            (ready.place, fill_variables(ready.text, self.model_name, self.provider_name))
            for ready in ready_texts(source, self.settings.field)
        ]
        problem = f"is not the same when the words of {self.table} are exchanged twice; change some of them"
        problems = [f"{place}: {problem}" for place, text in texts if not self.swap.undoes(text)]
        if problems:
            raise RecipeError("\n".join(group_problems(problems)))
        if all(self.swap(text) == text for _, text in texts):
            raise RecipeError(f"{self.table}: none of its words stands in the documents of {self.source}; name others")

    def run(self, context: Context) -> None:
        from msm_mlx.documents.opposite import turn_documents

        meter, counter = context.meter(), context.token_counter()
        turn_documents(
            context.run.path / self.documents,
            self.assignment(),
            self.swap,
            self.table,
            context.run.path / self.folder,
            count_tokens=counter.count,
            on_document=lambda kept, rejected: meter.show(kept, f"{rejected} left out"),
            say=context.report.say,
        )
