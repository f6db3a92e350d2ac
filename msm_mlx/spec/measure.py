"""How many tokens a spec has for the model that is to read it."""

from __future__ import annotations

from msm_mlx.errors import SetupError
from msm_mlx.models.config import context_length
from msm_mlx.models.hub import model_config, resolve_model
from msm_mlx.spec.check import Reader

CHARACTERS_PER_TOKEN = 4.0  # English prose in the usual vocabularies
REPLY_TOKENS = 1024  # left for a document and for what asks for it


def reader_for(model: str | None) -> Reader:
    """A reader that counts as the tokenizer of `model` does; without one, it estimates from the length.

    Raises:
        SetupError: if the model is not there or cannot be read.
    """
    if model is None:
        return Reader("estimated", lambda text: round(len(text) / CHARACTERS_PER_TOKEN), None)
    config, folder = model_config(model), resolve_model(model).folder
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # the library raises nothing more special
        raise SetupError(f"{folder / 'tokenizer.json'}: no tokenizer that can count: {error}") from error
    context = context_length(config)
    room = max(context - REPLY_TOKENS, context // 2) if context else None
    return Reader(model, lambda text: len(tokenizer.encode(text, add_special_tokens=False)), room)
