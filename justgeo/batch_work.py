"""Counties of a batch by one process, by several, or by a cluster of dask.distributed: the same work each time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import get_context
from typing import Any

from justgeo import batch_county
from justgeo.batch_county import How
from justgeo.batch_files import Done
from justgeo.batch_list import Work
from justgeo.core.collector import patient_collector
from justgeo.core.errors import ConfigError, JustgeoError, OutputError
from justgeo.core.silence import silent_libraries

log = logging.getLogger(__name__)

Task = tuple[Work, How, str]
"""A work, how it is done, and the digest of what it is made of."""


def carried(
    tasks: Sequence[Task], workers: int, scheduler: str, step: Callable[[str], None] | None = None
) -> Iterator[tuple[Task, Done | JustgeoError]]:
    """What comes of each task, as it comes.

    Parameters
    ----------
    tasks : sequence of Task
    workers, scheduler
        As for `justgeo.batch.batch`.
    step : callable, optional
        Called with each layer and indicator, where no other process does the work.
    """
    if scheduler:
        yield from _on_cluster(tasks, scheduler)
    elif workers > 1 and len(tasks) > 1:
        yield from _in_processes(tasks, workers)
    else:
        for task in tasks:
            yield task, carry_out(task, step)


def carry_out(task: Task, step: Callable[[str], None] | None = None) -> Done | JustgeoError:
    """Do a work; what was wrong is given back, so that the others go on."""
    work, how, digest = task
    try:
        return batch_county.do(work, how, digest, step)
    except JustgeoError as why:
        return why
    except MemoryError:
        remedy = "close other programs, or run the batch again with fewer --workers; what is done is kept."
        return OutputError("There was not enough memory for this county.", remedy=remedy)
    except Exception as why:  # one county's fault must not end the others; it is told in full
        log.exception("county %s", work.key)
        remedy = "this is a fault in justgeo; please report it with the log."
        return OutputError(f"{type(why).__name__}: {why}", remedy=remedy)


def _begin() -> None:
    silent_libraries()
    patient_collector()


def _in_processes(tasks: Sequence[Task], workers: int) -> Iterator[tuple[Task, Done | JustgeoError]]:
    # Started anew rather than forked: GDAL and its threads do not outlive a fork.
    many = min(workers, len(tasks))
    with ProcessPoolExecutor(many, mp_context=get_context("spawn"), initializer=_begin) as pool:
        waiting: dict[Future[Done | JustgeoError], Task] = {pool.submit(carry_out, task): task for task in tasks}
        for future in as_completed(waiting):
            yield waiting[future], _result(future)


def _result(future: Future[Done | JustgeoError]) -> Done | JustgeoError:
    try:
        return future.result()
    except BrokenProcessPool:
        why = "Its process was ended from outside (perhaps there was no memory left)."
        return OutputError(why, remedy="run the batch again with fewer --workers; what is done is kept.")


def _on_cluster(tasks: Sequence[Task], scheduler: str) -> Iterator[tuple[Task, Done | JustgeoError]]:
    """By dask.distributed; the workers see the same folders as this process."""
    with _client(scheduler) as (client, completed):
        waiting = {client.submit(carry_out, task, pure=False): task for task in tasks}
        for future in completed(waiting):
            try:
                yield waiting[future], future.result()
            except Exception as why:  # noqa: BLE001  a cluster may raise anything of a worker that is lost
                told = f"The cluster gave no result: {type(why).__name__}: {why}"
                remedy = "see its workers' logs; run the batch again, what is done is kept."
                yield waiting[future], OutputError(told, remedy=remedy)


@contextmanager
def _client(scheduler: str) -> Iterator[tuple[Any, Callable[[Iterable[Any]], Iterable[Any]]]]:
    try:
        library: Any = import_module("distributed")
    except ImportError as why:
        raise ConfigError(
            "A cluster needs dask.distributed, which is not installed.",
            remedy="install it with: pip install 'justgeo[batch]'; or use --workers.",
        ) from why
    try:
        client = library.Client(scheduler, timeout=20)
    except (OSError, ValueError, TimeoutError) as why:
        raise ConfigError(
            f"No scheduler answers at {scheduler!r}: {why}",
            remedy="start one with `dask scheduler`, and name its tcp:// address.",
        ) from why
    with client:
        yield client, library.as_completed
