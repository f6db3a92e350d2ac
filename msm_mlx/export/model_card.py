"""The pages that stand in front of what is pushed to the hub."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from msm_mlx.documents.folders import source_names
from msm_mlx.models.hub import is_local
from msm_mlx.prompting.prompts import system_prompt
from msm_mlx.recipe.arm_descriptions import describe_training
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.runs.layout import adapter_folder
from msm_mlx.runs.results import RunResults
from msm_mlx.settings_file.dump import dump
from msm_mlx.suites.kinds import KINDS

TAGS = ["mlx", "lora", "model-spec-midtraining"]
PAPER = "Li, Wichers, Price, Marks and Kutasov, *Model Spec Midtraining* (arXiv 2605.02087)"
_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
_SPECIAL = re.compile(r"[\\`*{}\[\]<>#|&~$]")


def model_card(
    repo: str,
    run: FinishedRun,
    variants: Sequence[Variant],
    data: str | None,
) -> str:
    """Markdown with the hub's metadata: base model, data, evaluation, limits."""
    hub = None if is_local(run.model.pinned) else public_base(run)
    metadata: dict[str, Any] = {"library_name": "mlx", "pipeline_tag": "text-generation", "tags": TAGS}
    metadata |= {"base_model": hub, "base_model_relation": "adapter"} if hub else {}
    metadata |= {"datasets": [data]} if data else {}
    base = public_base(run)
    revision = f" at revision `{run.model.revision}`" if run.model.revision else ""
    adapters = "\n".join(_adapter(run, variant) for variant in variants)
    example, name = adapter_folder(variants[0]), run.recipe.model_name
    documents = f"They are in [{data}](https://huggingface.co/datasets/{data})." if data else "They are not published."
    return f"""{_front(metadata)}
# {plain(run.folder.name)}

LoRA adapters over {_code(base)}{revision}, made by model spec midtraining. Each is named after the stages of its
training, the spec if there are several, and the seed. The documents explain a spec; the demonstrations show the
behaviour without reasons. The assistant is called {plain(name)}; chats open with the system prompt
"{plain(system_prompt(name))}".

{adapters}

They are in mlx-lm's layout:

```sh
hf download {repo} --local-dir here
mlx_lm.generate --model {hub or "FOLDER-OF-THE-BASE"} --adapter-path "here/{example}" --prompt "Hello"
```

## Data

{_origin(run)} {documents}

## Evaluation

Shares on prompts of domains that neither documents nor demonstrations mention, with 95 % intervals over items and
seeds.

{evaluation_table(run.results, run.several_specs)}

`results.json` has all metrics and the contrasts between the arms, `recipe.yaml` all settings.

## Limits

- The intervals say nothing of other specs, other prompts or other models.
- {_seeds(run)}
- An adapter changes what an assistant says it prefers. It was not evaluated for safety, truth or ability.
- The licence of the base model holds for what is made from it.

{_made_with(run.versions)}The method is by {PAPER}.
"""


def data_card(run: FinishedRun, files: Sequence[str], repo: str) -> str:
    """Markdown with the hub's metadata: what the files are, and what made them."""
    configs = [{"config_name": _config_name(name), "data_files": name} for name in files]
    metadata = {"pretty_name": f"{run.folder.name}: documents and demonstrations", "configs": configs}
    metadata |= {"task_categories": ["text-generation"], "tags": ["synthetic", TAGS[-1]]}
    file_list = "\n".join(f"- {_code(name)}" for name in files)
    return f"""{_front(metadata)}
# Data of {plain(run.folder.name)}

Synthetic documents that explain a model spec, and demonstrations of the behaviour without its reasons. They trained the
adapters in [{repo}](https://huggingface.co/{repo}), which has the specs too.

{file_list}

`text` is a document, `assertion` and `section` what of the spec it explains. {_by(run)}
{plain(run.recipe.model_name)}. `messages` is a demonstration.{_declared(run)}
"""


def evaluation_table(results: RunResults, several_specs: bool) -> str:
    """A row for each arm, a column for each suite with its main metric; below it what each share is of."""
    metrics = {suite.name: KINDS[suite.kind].main_metric for suite in results.suites}
    cells: dict[str, dict[str, str]] = {}
    for row in results.pooled:
        if row.metric == metrics.get(row.suite):
            cells.setdefault(row.label(several_specs), {})[row.suite] = row.text
    head = ["arm", *map(plain, metrics)]
    body = [[plain(arm), *(by_suite.get(suite, "") for suite in metrics)] for arm, by_suite in cells.items()]
    table = "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *body))
    measures = "\n".join(f"- {plain(suite.name)}: {plain(suite.measures)}" for suite in results.suites)
    return f"{table}\n\n{measures}"


def plain(text: str) -> str:
    """Text that Markdown and HTML leave as it is, on one line."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", " ".join(text.split()))


def public_base(run: FinishedRun) -> str:
    """What others know the base by: its repository on the hub, or the name of its folder."""
    return _public(run.model.pinned)


def _public(model: str) -> str:
    name = model.partition("@")[0]
    return name if _HUB_NAME.fullmatch(name) and not is_local(model) else Path(model).name


def _origin(run: FinishedRun) -> str:
    if names := source_names(run.folder):
        return f"The documents come from {', '.join(map(_code, names))}; programs checked them."
    return "A language model wrote the documents from the specs in `specs/`; programs checked them, and no person did."


def _by(run: FinishedRun) -> str:
    names = source_names(run.folder)
    origin = "The documents were taken from" if names else "All documents were written by"
    by = ", ".join(map(_code, names or map(_public, run.recipe.writers or [run.model.pinned])))
    return (
        f"{origin}\n{by} and checked by programs, not by people: they state as facts what a spec wants of a model named"
    )


def _code(text: str) -> str:
    return f"`{text.replace('`', '')}`"


def _front(metadata: Mapping[str, Any]) -> str:
    return f"---\n{dump(dict(metadata))}---"


def _config_name(path: str) -> str:
    """`documents/control/x/documents.jsonl` as documents-control-x, `demonstrations/train.jsonl` as demonstrations, and
    `stages/after.jsonl` as stages-after."""
    *folders, _ = PurePosixPath(path).parts
    return "-".join([*folders, PurePosixPath(path).stem] if folders == ["stages"] else folders)


def _declared(run: FinishedRun) -> str:
    return " `stages/` has what the recipe's own training stages learn, as it was given." if run.recipe.stages else ""


def _adapter(run: FinishedRun, variant: Variant) -> str:
    return f"- {_code(adapter_folder(variant))}: {plain(describe_training(variant.arm, run.recipe.stages))}"


def _seeds(run: FinishedRun) -> str:
    count = len(run.recipe.seeds)
    return f"Every trained arm was trained with {count} seeds." if count > 1 else "There is one seed only."


def _made_with(versions: Mapping[str, str]) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"Made with {plain(packages)}. " if packages else ""
