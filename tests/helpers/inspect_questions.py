"""Questions put to an arm as inspect_ai does, which must be there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from inspect_ai.model import ChatMessageUser, GenerateConfig, ModelOutput

from msm_mlx.inspect_provider.provider import ArmAPI


def ask(api: ArmAPI, questions: Sequence[str], tools: Any = (), **config: Any) -> list[ModelOutput]:
    async def together() -> list[ModelOutput]:
        calls = (
            api.generate([ChatMessageUser(content=question)], list(tools), "none", GenerateConfig(**config))
            for question in questions
        )
        return list(await asyncio.gather(*calls))

    return asyncio.run(together())
