"""Documents that all ranks of `mlx.launch` write: each its share, and rank 0 gets the replies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict

from msm_mlx.engine.adapters import use_base
from msm_mlx.engine.chat_model import LocalModel, SamplingParams
from msm_mlx.engine.generation import Reply
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.ranks import Ranks
from msm_mlx.worker.job import WritingJob

BATCHES = 4  # that a rank writes before it tells: fewer lose time at their ends, more are lost with a crash


def write_shared(
    loaded: LoadedModel,
    job: WritingJob,
    ranks: Ranks,
    stopping: Callable[[], bool] = lambda: False,
    say: Callable[[str], None] = lambda line: None,
) -> Iterator[tuple[int, Reply]]:
    """The replies to the chats of `job`, each with its place; of those with one seed for all, on rank 0 alone.

    A reply depends on its chat and its seed, and not on who has written it or beside what.

    Raises:
        KeyboardInterrupt: on every rank, after what was finished, once one of them is `stopping`.
    """
    use_base(loaded.model)
    writer = LocalModel(loaded)
    sampling = SamplingParams(**job.sampling | {"stop": tuple(job.sampling["stop"])})
    if job.together:
        if ranks.leads:
            yield from enumerate(writer.together(job.chats, sampling, job.seeds[0], lambda reply: None))
        return
    step = ranks.size * sampling.batch_size * BATCHES
    for start in range(0, len(job.chats), step):
        places = range(start, min(start + step, len(job.chats)))[ranks.rank :: ranks.size]
        written = []
        chats, seeds = [job.chats[place] for place in places], [job.seeds[place] for place in places]
        for index, reply in writer.each(chats, sampling, seeds, say):
            written.append((places[index], asdict(reply)))
            if stopping():
                break
        for found in ranks.gather(written):
            for place, fields in found:
                yield place, Reply(**fields)
        if ranks.any(stopping()):
            raise KeyboardInterrupt
