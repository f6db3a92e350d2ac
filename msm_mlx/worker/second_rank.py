"""A second rank beside the model process, on the same machine, for training on a CPU with two cores.

    python -m msm_mlx.worker.second_rank

mlx computes everything but matrix products on one core, and two threads of BLAS mostly wait for each other there. Two
processes with one thread each, which share the rows of an update as two machines do, keep both cores at work. The model
process starts this one, which ends with it.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msm_mlx.engine.launch import is_launched
from msm_mlx.errors import MsmError
from msm_mlx.resources.blas import THREADS, load_openblas, use_one_thread
from msm_mlx.resources.machine import free_memory
from msm_mlx.worker.job import AnyJob, TrainingJob, parse_job

if TYPE_CHECKING:
    from msm_mlx.engine.loaded_model import LoadedModel

COMMAND = (sys.executable, "-m", "msm_mlx.worker.second_rank")
CORES = 2
MEMORY_OF_WEIGHTS = 6  # times the size of the weights, which is free before they are loaded a second time


def second_rank_helps(loaded: LoadedModel) -> bool:
    """Whether a second rank makes training of this model faster here, and there is memory for it."""
    from mlx.utils import tree_flatten

    from msm_mlx.engine.cpu_kernels import is_large_on_cpu

    if not sys.platform.startswith("linux") or is_launched() or THREADS in os.environ or os.cpu_count() != CORES:
        return False
    weights = sum(value.nbytes for _, value in tree_flatten(loaded.model.parameters()))
    return is_large_on_cpu(loaded.model) and free_memory() > MEMORY_OF_WEIGHTS * weights


class SecondRank:
    """The second process, seen from the model process, which is rank 0. BLAS has one thread from its start on.

    If it ends before this process, this one ends in the same way: it would wait for it in vain.

    ranks: the group of both.
    """

    def __init__(self) -> None:
        from msm_mlx.engine.ranks import join_ranks

        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as hosts:
            json.dump([[f"127.0.0.1:{port}"] for port in _free_ports(2)], hosts)
            hosts.flush()
            group = {"MLX_HOSTFILE": hosts.name, THREADS: "1"}
            environment = os.environ | group | {"MLX_RANK": "1"}
            self._process = subprocess.Popen(
                COMMAND, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment, text=True, encoding="utf-8"
            )
            threading.Thread(target=_end_like, args=(self._process,), daemon=True).start()
            use_one_thread(0)
            os.environ |= group | {"MLX_RANK": "0"}
            self.ranks = join_ranks()

    def hand_over(self, job: TrainingJob) -> None:
        """Have it do its share. It waits for this between jobs: a rank that waits for another keeps a core busy."""
        assert self._process.stdin is not None
        self._process.stdin.write(job.to_line())
        self._process.stdin.flush()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _end_like(process: subprocess.Popen[str]) -> None:
    code = process.wait()
    if code < 0:
        os.kill(os.getpid(), -code)
    os._exit(code)


def main() -> None:
    load_openblas()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # rank 0 decides when all stop
    jobs: queue.SimpleQueue[AnyJob] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(jobs,), daemon=True).start()
    from msm_mlx.engine.limits import bounded_memory
    from msm_mlx.engine.loaded_model import ModelCache
    from msm_mlx.engine.ranks import join_ranks
    from msm_mlx.worker.follower import do_share

    ranks, models = join_ranks(), ModelCache()
    with bounded_memory():
        while True:
            job = jobs.get()
            with suppress(MsmError):  # rank 0 has met the same, and reports it
                do_share(job, models.load(Path(job.model), job.choice), ranks)


def _listen(jobs: queue.SimpleQueue[AnyJob]) -> None:
    for line in sys.stdin:
        jobs.put(parse_job(json.loads(line)))
    os._exit(0)  # whatever it is doing, since nobody waits for it


if __name__ == "__main__":
    main()
