"""Replies that all ranks of `mlx.launch` write: each rank its share of the chats, and all ranks get all replies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict

from msm_mlx.engine.adapters import use_base
from msm_mlx.engine.chat_model import LongPrompt, OnStep, Reply, SamplingParams
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.local_model import LocalModel
from msm_mlx.engine.ranks import Ranks
from msm_mlx.worker.job import WritingJob

BATCHES = 4  # between two exchanges: with fewer, ranks wait for each other more; with more, a crash loses more


def write_shared(
    loaded: LoadedModel,
    job: WritingJob,
    ranks: Ranks,
    should_stop: Callable[[], bool] = lambda: False,
    say: Callable[[str], None] = lambda line: None,
    on_step: OnStep = lambda begun, tokens: None,
) -> Iterator[tuple[int, Reply]]:
    """The replies to the chats of `job`, each with its index, on every rank. `on_step` hears of this rank's tokens.

    Raises:
        LongPromptError: on every rank, before anything is written, if a chat is too long and is to be refused.
        KeyboardInterrupt: on every rank, after what was finished, once `should_stop` says so on one of them.
    """
    use_base(loaded.model)
    model = LocalModel(loaded, on_step=on_step)
    sampling = SamplingParams(**job.sampling | {"stop": tuple(job.sampling["stop"])})
    # every rank measures all chats, so that all agree on which are too long
    chats = model.fit(job.chats, sampling, LongPrompt(job.long_prompts))
    step = ranks.size * sampling.batch_size * BATCHES
    for start in range(0, len(chats), step):
        written = []
        share = chats[start : start + step][ranks.rank :: ranks.size]
        for index, reply in model.write(share, sampling, job.seeds, say):
            written.append((index, asdict(reply)))
            if should_stop():
                break
        for part in ranks.gather(written):
            for index, fields in part:
                yield index, Reply(**fields)
        if ranks.any(should_stop()):
            raise KeyboardInterrupt
