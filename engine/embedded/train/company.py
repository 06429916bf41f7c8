"""One stage alone, or in several processes that share their gradients once a step.

Processes of one thread each wait for one another far less than the threads of one process, above
all on a machine that has other things to do.
"""

from __future__ import annotations

import logging
import os
import tempfile

import torch
from rich.logging import RichHandler
from torch import distributed
from torch.multiprocessing.spawn import spawn

from engine.embedded.train.recipe import Recipe
from engine.embedded.train.stages import STAGES


def alone(name: str, recipe: Recipe, threads: int) -> None:
    """Run a stage in this process; with 0 threads torch chooses."""
    handler = RichHandler(show_path=False)
    logging.basicConfig(level=logging.INFO, handlers=[handler], format="%(message)s")
    if threads:
        torch.set_num_threads(threads)
    logging.getLogger(__name__).info("stage %s", name)
    STAGES[name](recipe)


def together(name: str, recipe: Recipe, threads: int, processes: int) -> None:
    """Run a stage in several processes."""
    with tempfile.TemporaryDirectory() as folder:
        meeting = f"file://{folder}/meeting"
        spawn(_one_of_many, (meeting, processes, name, recipe, threads), nprocs=processes)


def _one_of_many(
    rank: int, meeting: str, processes: int, name: str, recipe: Recipe, threads: int
) -> None:
    if hasattr(os, "setsid"):
        os.setsid()  # schedulers share the machine out by session: each process asks for its own
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=processes)
    alone(name, recipe, threads)
    distributed.destroy_process_group()
