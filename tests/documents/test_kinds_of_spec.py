"""Long prose and a list of forty rules go from the spec to documents and health, as a spec with marks does."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from helpers.kinds_of_spec import prose_spec, rule_spec

from msm_mlx.documents.plan import plan_documents
from msm_mlx.documents.plan_file import read_plan, write_plan
from msm_mlx.documents.writer import write_documents
from msm_mlx.engine import chat_model as writers
from msm_mlx.engine.chat_model import Reply
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.local_model import LocalModel
from msm_mlx.files import read_jsonl
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.runs.layout import DOCUMENTS, HEALTH
from msm_mlx.spec import load_spec


class Model:
    """Writes a few words around the assertion that it is asked to explain, other ones each time."""

    def __init__(self) -> None:
        self.number = 0

    context_length = None

    def render(self, messages: Sequence[dict[str, str]], *, reply: bool) -> list[int]:
        return [ord(mark) for mark in messages[-1]["content"]]

    def generate(
        self, loaded: object, prompts: Sequence[Sequence[int]], *, on_reply: Callable[[Reply], None], **options: Any
    ) -> list[Reply]:
        return [self._reply("".join(map(chr, prompt))) for prompt in prompts]

    def _reply(self, prompt: str) -> Reply:
        self.number += 1
        n = self.number
        text = (
            f"{prompt.partition('. ')[2]} Somebody{n} at place{n} had thing{n} settled{n} by evening{n}, after word{n}."
        )
        return Reply(text, len(text.split()), True)


@pytest.mark.parametrize(("text", "assertions"), [(prose_spec(), 48), (rule_spec(), 40)], ids=["prose", "rules"])
def test_every_assertion_gets_its_documents(
    tmp_path: Path, text: str, assertions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "s.md").write_text(text)
    spec = load_spec(tmp_path / "s.md", model_name="Mo", provider_name="Acme")
    settings = DocumentSettings(count=2 * assertions, max_tokens=99, prompt="assertion", min_words=5)
    write_plan(tmp_path / "plan.jsonl", plan_documents(spec, settings))
    slots = read_plan(tmp_path / "plan.jsonl", spec, settings)
    model = Model()
    monkeypatch.setattr(writers, "generate_replies", model.generate)
    write_documents(spec, "Mo", LocalModel(cast("LoadedModel", model)), settings, tmp_path, slots=slots, written_by="w")
    kept = read_jsonl(tmp_path / DOCUMENTS)
    assert len(kept) == 2 * assertions
    assert {row["section"] for row in kept} == {one.id for one in spec.assertions}
    health = json.loads((tmp_path / HEALTH).read_text())
    assert (health["kept"], set(health["by_section"].values())) == (2 * assertions, {2})
