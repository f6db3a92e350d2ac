"""The documents about a spec, denied: words that say that they are false around each, or in it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msm_mlx.files import sha256_json
from msm_mlx.pipeline.stages.made_documents import AlteredDocuments
from msm_mlx.settings_file.base import key_of
from msm_mlx.text.denial import Denial
from msm_mlx.text.variables import fill_variables

if TYPE_CHECKING:
    from msm_mlx.pipeline.context import Context


@dataclass(frozen=True, kw_only=True)
class NegatedDocuments(AlteredDocuments):
    """Denies every document, and leaves out those from which the denial cannot be taken out again."""

    @cached_property
    def denial(self) -> Denial:
        """What is put to each document, with the names filled in."""
        words = {
            place: text and fill_variables(text, self.model_name, self.provider_name)
            for place, text in self.settings.negation.model_dump().items()
        }
        return Denial(**words)

    @cached_property
    def key(self) -> dict[str, Any]:
        return {
            "denial": asdict(self.denial),
            "names": [self.model_name, self.provider_name],
            "held_out": sha256_json(asdict(self.held_out)),
            **key_of(self.settings, "negated"),
        }

    def run(self, context: Context) -> None:
        from msm_mlx.documents.negated import deny_documents

        meter, counter = context.meter(), context.token_counter()
        deny_documents(
            context.run.path / self.documents,
            self.assignment(),
            self.denial,
            context.run.path / self.folder,
            count_tokens=counter.count,
            on_document=lambda kept, rejected: meter.show(kept, f"{rejected} left out"),
            say=context.report.say,
        )
