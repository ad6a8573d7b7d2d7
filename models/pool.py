"""Many independent fits over several processes, with the same results whatever their number."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any, ClassVar, TypeVar

from bci.errors import BciError

__all__ = ["OnDone", "run_each"]

Job = TypeVar("Job")
Result = TypeVar("Result")
OnDone = Callable[[int, int], None]
"""Called with (done, total) after each job, in the calling thread."""


def run_each(
    task: Callable[[Job], Result], jobs: Sequence[Job], processes: int, progress: OnDone | None = None
) -> Iterator[tuple[Job, Result]]:
    """Run `task` on every job and yield each with its result, in the order in which they end.

    Parameters
    ----------
    task
        Sent once to each process, so it must be picklable and its answer may depend on the job alone.
    processes
        1 runs everything in this process.

    Raises
    ------
    BciError
        If a process died.
    """
    processes = min(processes, len(jobs))
    results = _in_turn(task, jobs) if processes <= 1 else _side_by_side(task, jobs, processes)
    for done, result in enumerate(results, start=1):
        if progress is not None:
            progress(done, len(jobs))
        yield result


def _in_turn(task: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[tuple[Job, Result]]:
    for job in jobs:
        yield job, task(job)


def _side_by_side(
    task: Callable[[Job], Result], jobs: Sequence[Job], processes: int
) -> Iterator[tuple[Job, Result]]:
    before = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, context, _start_worker, (task,))
    try:
        waiting = {pool.submit(_work, job): job for job in jobs}
        for future in as_completed(set(waiting)):
            yield waiting.pop(future), future.result()  # forgotten here, so that results do not pile up
    except BrokenProcessPool:
        raise BciError(
            f"one of {processes} processes died, perhaps for want of memory: try again with fewer --jobs"
        ) from None
    except BaseException:  # Ctrl-C, a failed fit, or a caller that has enough: nobody waits for the others
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
        raise
    finally:
        pool.shutdown()


class _Worker:
    """What a worker process was started for; set once, before its first job."""

    task: ClassVar[Callable[[Any], Any]]


def _start_worker(task: Callable[[Any], Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends a worker at once, without a traceback
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _Worker.task = task


def _end_with_parent() -> None:
    """Leave when the parent is killed: workers hold both ends of its queue and would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(job: Any) -> Any:
    return _Worker.task(job)
