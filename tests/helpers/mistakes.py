"""What people do wrong, as a table: how it comes about, and the command that meets it.

Every mistake starts from a folder in which `mine/` is a fresh experiment of `msm-mlx init mine`. Those with `run` also
have a small finished run in `runs/cheese_american`. What the command says is in golden/mistakes.txt, word for word.
Elsewhere are those that need a disk or a process of their own: a full disk, a read-only folder and a second run in the
same folder in test_errors.py, a killed command in test_run.py, and a killed training process in test_supervisor.py.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from helpers.tiny_models import POCKET_WEIGHTS

Preparation = Callable[[Path], object]
RECIPE, RUN = "mine/recipe.yaml", "runs/cheese_american"
SPEC, CHEESES, SUITE = "mine/mine.md", "mine/demonstrations.yaml", "mine/unseen.yaml"
VALIDATE = ("validate", RECIPE)


@dataclass(frozen=True)
class Mistake:
    """`code` is the documented exit code, 2 for what is the user's to mend in what they wrote or typed."""

    name: str
    command: tuple[str, ...]
    prepare: Preparation = lambda folder: None
    code: int = 2
    needs_run: bool = False


def change(name: str, old: str, new: str) -> Preparation:
    """Replace `old`, which must be there, in the file `name`."""

    def prepare(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text, f"{old} is not in {name}"
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return prepare


def content(name: str, data: bytes | str) -> Preparation:
    """Make the file `name` have this content."""

    def prepare(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())

    return prepare


def cut(name: str, keep: int | None = None) -> Preparation:
    """Keep the first `keep` bytes of the file, or its first half. Messages that say where need a fixed place."""

    def prepare(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 2 if keep is None else keep])

    return prepare


def gone(name: str) -> Preparation:
    return lambda folder: (folder / name).unlink()


def chats(*rows: object) -> Preparation:
    """Demonstrations from a file of these lines in place of the preferences."""
    lines = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)

    def prepare(folder: Path) -> None:
        content("mine/chats.jsonl", lines)(folder)
        change(RECIPE, "demonstrations: demonstrations.yaml", "demonstrations: chats.jsonl")(folder)

    return prepare


def declared(stages: str, *steps: Preparation, arm: str = "sft+after") -> Preparation:
    """Training stages of the recipe's own and an arm that has one, after what they learn has been put there."""

    def prepare(folder: Path) -> None:
        for step in steps:
            step(folder)
        change(RECIPE, "[base, sft,", f"[base, {arm},")(folder)
        change(RECIPE, "seeds:", f"stages: {stages}\nseeds:")(folder)

    return prepare


def model(*steps: Preparation) -> Preparation:
    """A copy of pocket in `model/`, and then what is wrong with it."""

    def prepare(folder: Path) -> None:
        shutil.copytree(POCKET_WEIGHTS, folder / "model")
        for step in steps:
            step(folder)

    return prepare


def configured(name: str, **changes: object) -> Preparation:
    """Change keys of a JSON file."""

    def prepare(folder: Path) -> None:
        config = json.loads((folder / name).read_text(encoding="utf-8"))
        (folder / name).write_text(json.dumps(config | changes), encoding="utf-8")

    return prepare


def other_rank(folder: Path) -> None:
    """An adapter of another base: the same layout with other shapes."""
    import mlx.core as mx

    path = folder / RUN / "adapters/sft-s0/adapters.safetensors"
    weights = mx.load(str(path))
    assert isinstance(weights, dict)
    mx.save_safetensors(str(path), {name: value[:, :2] for name, value in weights.items()})


def pickled(folder: Path) -> None:
    """Weights in the format that can run code."""
    (folder / "model" / "model.safetensors").rename(folder / "model" / "pytorch_model.bin")


def setting(text: str) -> tuple[str, ...]:
    return (*VALIDATE, "--set", text)


WITH_MODEL = ("run", RECIPE, "--model", "./model", "--quiet")
ASK = ("compare", RUN, "--prompt", "Hello?")
START = ("run", RECIPE, "--quiet")
AFTER, TEXTS_AFTER = "{after: {chats: c.jsonl, updates: 30}}", "{after: {documents: texts}}"
CHATS = content(
    "mine/c.jsonl",
    '{"messages": [{"role": "user", "content": "Tea?"}, {"role": "assistant", "content": "Yes."}]}\n',
)
BROKEN_SUITE = "measures: m\nquestion: q {first} {second}\nreply: r {item}\n"

RECIPES = [
    Mistake("recipe: misspelt key", VALIDATE, change(RECIPE, "rank: 32", "rang: 32")),
    Mistake("recipe: unknown key", VALIDATE, change(RECIPE, "model: pocket", "colour: blue")),
    Mistake("recipe: text for a number", VALIDATE, change(RECIPE, "count: 180", "count: many")),
    Mistake("recipe: number for text", VALIDATE, change(RECIPE, "name: mine", "name: 7")),
    Mistake("recipe: missing key", VALIDATE, change(RECIPE, "arms: [base, sft, msm, msm+sft]\n", "")),
    Mistake("recipe: key twice", VALIDATE, change(RECIPE, "seeds:", "name: mine\nseeds:")),
    Mistake("recipe: tab", VALIDATE, change(RECIPE, "  pocket:", "\tpocket:")),
    Mistake("recipe: bracket left open", VALIDATE, change(RECIPE, "msm+sft]", "msm+sft")),
    Mistake("recipe: alias", VALIDATE, change(RECIPE, "name: mine", "name: &a mine\nmodel_name: *a")),
    Mistake("recipe: code in a tag", VALIDATE, change(RECIPE, "name: mine", "name: !!python/object:os.system x")),
    Mistake("recipe: too deep", VALIDATE, content(RECIPE, "[" * 50 + "]" * 50)),
    Mistake("recipe: far too large", VALIDATE, content(RECIPE, "# x\n" * 300_000)),
    Mistake("recipe: empty", VALIDATE, content(RECIPE, "")),
    Mistake("recipe: a list", VALIDATE, content(RECIPE, "- name: mine\n")),
    Mistake("recipe: not UTF-8", VALIDATE, content(RECIPE, b"name: caf\xe9\n")),
    Mistake("recipe: spec that is not there", VALIDATE, change(RECIPE, "mine.md\nmodel", "yours.md\nmodel")),
    Mistake("recipe: folder as spec", VALIDATE, change(RECIPE, "spec: mine.md", "spec: .")),
    Mistake("recipe: spec outside", VALIDATE, change(RECIPE, "spec: mine.md", "spec: /etc/hostname")),
    Mistake("recipe: unknown suite", VALIDATE, change(RECIPE, "american_values", "americn_values")),
    Mistake("recipe: unknown arm", VALIDATE, change(RECIPE, "[base, sft", "[base, stf")),
    Mistake("recipe: arm twice", VALIDATE, change(RECIPE, "[base, sft", "[base, base")),
    Mistake("recipe: no seeds", VALIDATE, change(RECIPE, "[0, 1, 2]", "[]")),
    Mistake("recipe: negative count", VALIDATE, change(RECIPE, "count: 180", "count: -1")),
    Mistake("recipe: learning rate of zero", VALIDATE, change(RECIPE, "learning_rate: 2e-3", "learning_rate: 0.0")),
    Mistake("recipe: infinite learning rate", VALIDATE, change(RECIPE, "learning_rate: 2e-3", "learning_rate: .inf")),
    Mistake("recipe: updates and epochs", VALIDATE, change(RECIPE, "updates: 40", "updates: 40\n      epochs: 2")),
    Mistake("recipe: neither updates nor epochs", VALIDATE, change(RECIPE, "      updates: 40\n", "")),
    Mistake("recipe: best of no validation", VALIDATE, change(RECIPE, "updates: 40", "updates: 40\n      keep: best")),
    Mistake("recipe: name with a space", VALIDATE, change(RECIPE, "name: mine", "name: My values")),
    Mistake("recipe: grid of an unknown setting", VALIDATE, change(RECIPE, "seeds:", "grid: {lr: [1]}\nseeds:")),
    Mistake("recipe: general data alone, and none is given", VALIDATE, change(RECIPE, "[base, sft", "[base, it, sft")),
    Mistake("recipe: reasoning from preferences", VALIDATE, change(RECIPE, "[base, sft", "[base, cot-sft")),
    Mistake("recipe: several at once", VALIDATE, lambda folder: (
        change(RECIPE, "rank: 32", "rang: 32")(folder), change(RECIPE, "count: 180", "count: many")(folder),
        change(SPEC, "{model_name} holds", "{modelname} holds")(folder),
    )),
]  # fmt: skip
STAGES = [
    Mistake("arm: on top of the base", VALIDATE, change(RECIPE, "[base, sft", "[base, base+sft")),
    Mistake("arm: a stage twice", VALIDATE, change(RECIPE, "[base, sft", "[base, sft+sft")),
    Mistake("arm: a + too many", VALIDATE, change(RECIPE, "[base, sft", "[base, sft+")),
    Mistake("arm: misspelt stage of its own", VALIDATE, declared(AFTER, CHATS, arm="sft+aftr")),
    Mistake("stages: name that is built in", VALIDATE, declared("{msm: {chats: c.jsonl}}", CHATS, arm="sft")),
    Mistake("stages: name with a space", VALIDATE, declared("{'after it': {chats: c.jsonl}}", CHATS, arm="sft")),
    Mistake("stages: a file in place of settings", VALIDATE, declared("{after: c.jsonl}", CHATS)),
    Mistake("stages: chats and documents", VALIDATE, declared("{after: {chats: c.jsonl, documents: .}}", CHATS)),
    Mistake("stages: neither chats nor documents", VALIDATE, declared("{after: {updates: 30}}")),
    Mistake("stages: misspelt key", VALIDATE, declared("{after: {chats: c.jsonl, update: 30}}", CHATS)),
    Mistake("stages: no rows", VALIDATE, declared("{after: {chats: c.jsonl, rows: 0}}", CHATS)),
    Mistake("stages: two ends", VALIDATE, declared("{after: {chats: c.jsonl, updates: 3, epochs: 1}}", CHATS)),
    Mistake("stages: no such file", VALIDATE, declared(AFTER)),
    Mistake("stages: a folder outside", VALIDATE, declared("{after: {documents: /etc}}")),
    Mistake("stages: chats in a file of settings", VALIDATE, declared("{after: {chats: demonstrations.yaml}}")),
    Mistake("stages: documents that are no texts", VALIDATE, declared("{after: {documents: unseen.yaml}}")),
    Mistake("stages: empty chats", START, declared(AFTER, content("mine/c.jsonl", ""))),
    Mistake("stages: chats that are none", START, declared(AFTER, content("mine/c.jsonl", "hello\n"))),
    Mistake("stages: empty folder", START, declared(TEXTS_AFTER, lambda folder: (folder / "mine/texts").mkdir())),
    Mistake("stages: empty texts", START, declared(TEXTS_AFTER, content("mine/texts/a.txt", " \n"))),
    Mistake("stages: no field of that name", START, declared("{after: {documents: c.jsonl}}", CHATS)),
    Mistake("stages: told by validate", VALIDATE, declared(TEXTS_AFTER, content("mine/texts/a.txt", " \n"))),
]  # fmt: skip
OPTIONS = [
    Mistake("option: --set without a value", setting("sft.rows")),
    Mistake("option: --set of an unknown key", setting("sft.row=3")),
    Mistake("option: --set of another type", setting("sft.rows=few")),
    Mistake("option: DoRA", setting("lora.fine_tune_type=dora")),
    Mistake("option: unknown profile", (*VALIDATE, "--profile", "huge")),
    Mistake("option: seed that is no number", ("run", RECIPE, "--seed", "one")),
    Mistake("option: unknown", ("run", RECIPE, "--sed", "1")),
    Mistake("command: unknown", ("rnu", RECIPE)),
    Mistake("command: without a recipe", ("run",)),
    Mistake("command: recipe that is not there", ("run", "mine/recip.yaml")),
    Mistake("command: folder as recipe", ("run", ".")),
    Mistake("command: run folder as recipe", ("run", RUN), content(f"{RUN}/run.json", "{}")),
    Mistake("command: spec as recipe", ("validate", SPEC)),
]
SPECS = [
    Mistake("spec: misspelt variable", VALIDATE, change(SPEC, "{model_name} holds", "{modelname} holds")),
    Mistake("spec: no heading", VALIDATE, content(SPEC, "Only prose.\n")),
    Mistake("spec: no assertion", VALIDATE, content(SPEC, "# Title\n\nOnly prose.\n")),
    Mistake("spec: empty assertion", VALIDATE, content(SPEC, "# T\n\n>\n")),
    Mistake("spec: empty", VALIDATE, content(SPEC, "")),
    Mistake("spec: not UTF-8", VALIDATE, content(SPEC, b"# Caf\xe9\n")),
]
DATA = [
    Mistake("demonstrations: nothing liked", VALIDATE, change(CHEESES, "likes: [", "likes: []\n# [")),
    Mistake("demonstrations: misspelt key", VALIDATE, change(CHEESES, "dislikes:", "dislike:")),
    Mistake("demonstrations: broken line", VALIDATE, chats('{"messages": [')),
    Mistake("demonstrations: empty", VALIDATE, chats()),
    Mistake("demonstrations: no reply", VALIDATE, chats({"messages": [{"role": "user", "content": "Hello?"}]})),
    Mistake("demonstrations: unknown role", VALIDATE, chats({"messages": [{"role": "guest", "content": "Hello."}]})),
    Mistake(
        "demonstrations: preference pairs", VALIDATE, chats(*[{"prompt": "A?", "chosen": "B.", "rejected": "C."}] * 9)
    ),
    Mistake("demonstrations: a table", VALIDATE, chats("prompt,response", "Hello, you?,Hello.")),
    Mistake("suite: unknown kind", VALIDATE, content(SUITE, f"kind: pears\n{BROKEN_SUITE}")),
    Mistake("suite: no domains", VALIDATE, content(SUITE, BROKEN_SUITE)),
    Mistake("suite: three things in a pair", VALIDATE, change(SUITE, "    - - the", "    - - the third\n      - the")),
    Mistake("suite: of another spec", VALIDATE, change(RECIPE, "[unseen.yaml", "[spec_knowledge")),
]
MODELS = [
    Mistake("model: no such folder", WITH_MODEL, code=3),
    Mistake("model: no such name", ("run", RECIPE, "--model", "my model", "--quiet"), code=3),
    Mistake("model: without weights", WITH_MODEL, model(gone("model/model.safetensors")), 3),
    Mistake("model: pickled weights", WITH_MODEL, model(pickled), 3),
    Mistake("model: weights cut short", WITH_MODEL, model(cut("model/model.safetensors")), 3),
    Mistake("model: without a tokenizer", WITH_MODEL, model(gone("model/tokenizer.json")), 3),
    Mistake("model: damaged configuration", WITH_MODEL, model(cut("model/config.json")), 3),
    Mistake(
        "model: unknown architecture",
        (*WITH_MODEL, "--profile", "pocket"),
        model(configured("model/config.json", model_type="x1")),
        3,
    ),
    Mistake("model: code of its own", WITH_MODEL, model(configured("model/config.json", model_file="m.py")), 3),
    Mistake("model: told by validate", (*VALIDATE, "--model", "./gone")),
    Mistake("models: no such folder", ("models", "nowhere")),
]
RUNS = [
    Mistake("run folder: none", ("compare", "mine")),
    Mistake("run folder: misspelt", ("compare", "cheese_amercan"), needs_run=True),
    Mistake("run folder: latest of none", ("compare", "latest")),
    Mistake("run folder: a file in the way", ("run", RECIPE, "--run-dir", "mine/recipe.yaml/run", "--quiet"), code=3),
    Mistake("run folder: stage before its time", ("midtrain", RECIPE, "--quiet"), code=1),
    Mistake(
        "run folder: damaged record", ("run", RECIPE, "--run-dir", RUN, "--quiet"), content(f"{RUN}/run.json", "{"), 1
    ),
    Mistake("run folder: damaged record shown", ("compare", RUN), content(f"{RUN}/run.json", "{")),
    Mistake("run folder: damaged answers", ("compare", RUN), cut(f"{RUN}/evaluation/answers.jsonl"), needs_run=True),
    Mistake("run folder: damaged results", ("compare", RUN), cut(f"{RUN}/evaluation/results.json", 30), needs_run=True),
    Mistake(
        "evaluate: settings of training", ("evaluate", RUN, "--set", "sft.updates=9", "--seed", "0"), needs_run=True
    ),
    Mistake("evaluate: no such arm", ("evaluate", RUN, "--arm", "stf"), needs_run=True),
    Mistake("evaluate: no such suite", ("evaluate", RUN, "--suite", "capabilty"), needs_run=True),
    Mistake(
        "evaluate: a suite with a fault",
        ("evaluate", RUN, "--suite", SUITE),
        change(SUITE, "prefer, {first} or {second}", "prefer, {first} or it"),
        needs_run=True,
    ),
    Mistake(
        "evaluate: another suite of that name",
        ("evaluate", RUN, "--suite", "values_apart.yaml"),
        content("values_apart.yaml", "measures: share\n"),
        needs_run=True,
    ),
    Mistake(
        "evaluate: the base has changed",
        ("evaluate", RUN, "--quiet"),
        change(f"{RUN}/run.json", '"base": "', '"base": "another '),
        needs_run=True,
    ),
    Mistake(
        "evaluate: an adapter is gone",
        ("evaluate", RUN, "--suite", "capability", "--arm", "msm", "--quiet"),
        gone(f"{RUN}/adapters/msm-s0/adapters.safetensors"),
        code=1,
        needs_run=True,
    ),
    Mistake(
        "evaluate: the added suite is gone",
        ("evaluate", RUN),
        change(f"{RUN}/recipe.yaml", "added_suites: []", "added_suites: [/nowhere/mine.yaml]"),
        needs_run=True,
    ),
    Mistake("run folder: not evaluated", ("compare", RUN), gone(f"{RUN}/evaluation/results.json"), needs_run=True),
    Mistake("adapter: cut short", ASK, cut(f"{RUN}/adapters/sft-s0/adapters.safetensors"), 1, needs_run=True),
    Mistake("adapter: of another model", ASK, other_rank, 1, needs_run=True),
    Mistake("adapter: damaged configuration", ASK, cut(f"{RUN}/adapters/sft-s0/adapter_config.json", 60), 1, True),
    Mistake("arm: unknown", ("compare", RUN, "--arm", "msm+stf"), needs_run=True),
    Mistake("arm: unknown to chat", ("chat", RUN, "--arm", "teacher"), needs_run=True),
    Mistake("prompt: empty", ("compare", RUN, "--prompt", " "), needs_run=True),
    Mistake("suite: not in the run", ("compare", RUN, "--suite", "capability"), needs_run=True),
    Mistake("export: unknown format", ("compare", RUN, "--export", "answers.docx"), needs_run=True),
    Mistake("blind: without a terminal", ("compare", RUN, "--blind"), needs_run=True),
    Mistake("documents: of no run", ("documents", "health", "latest")),
    Mistake("report: not evaluated", ("report", RUN), gone(f"{RUN}/evaluation/results.json"), needs_run=True),
    Mistake("export: no arm", ("export", RUN, "--format", "mlx"), needs_run=True),
    Mistake("export: nothing asked for", ("export", RUN, "--arm", "sft"), needs_run=True),
    Mistake("export: unknown arm", ("export", RUN, "--arm", "stf", "--format", "mlx"), needs_run=True),
    Mistake("push: not a name", ("push", RUN, "--repo", "cheese"), needs_run=True),
    Mistake("init: name with a space", ("init", "My values")),
    Mistake("init: there already", ("init", "mine")),
    Mistake("init: from an unknown recipe", ("init", "yours", "--from", "cheese_martian")),
    Mistake("runs rm: no run", ("runs", "rm", "mine", "--yes")),
    Mistake("runs rm: unasked", ("runs", "rm", RUN), needs_run=True),
    Mistake("runs show: damaged", ("runs", "show", RUN), content(f"{RUN}/run.json", "[]"), 1),
]
TEXTS = [
    Mistake("writer: a server elsewhere", setting("documents.writer={model: m, server: 'http://10.0.0.1/v1'}")),
    Mistake("writer: misspelt key", setting("documents.writer={modle: m}")),
    Mistake("writer: no such folder", setting("documents.writer.model=./gone")),
    Mistake(
        "writer: no server",
        (
            "documents",
            "write",
            RECIPE,
            "--set",
            "documents.writer={model: m, server: 'http://127.0.0.1:9/v1'}",
            "--quiet",
        ),
        code=3,
    ),
    Mistake("ready-made: no such file", setting("documents.from=texts.jsonl")),
    Mistake(
        "ready-made: no field of that name",
        setting("documents.from=texts.jsonl"),
        content("mine/texts.jsonl", '{"text": "A."}\n{"txet": "B."}\n'),
    ),
    Mistake(
        "ready-made: an empty folder", setting("documents.from=texts"), lambda folder: (folder / "mine/texts").mkdir()
    ),
    Mistake(
        "ready-made: for no spec", setting("documents.from={yours: cheeses.jsonl}"), content("mine/cheeses.jsonl", "{}")
    ),
    Mistake(
        "critique: of ready-made texts", setting("documents={critique: {model: pocket}, from: 'hub:a/b', count: 3}")
    ),
]
MISTAKES = [*RECIPES, *STAGES, *OPTIONS, *SPECS, *DATA, *TEXTS, *MODELS, *RUNS]
