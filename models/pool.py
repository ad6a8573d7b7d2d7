"""Many independent fits over several processes, with the same results whatever their number."""

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from typing import Any, Generic, TypeVar

__all__ = ["Progress", "run_all"]

Job = TypeVar("Job")
Result = TypeVar("Result")
Progress = Callable[[int, int], None]
"""Called with (done, total) after each job, in the calling thread."""


def run_all(
    task: Callable[[Job], Result], jobs: Sequence[Job], processes: int, progress: Progress | None = None
) -> list[Result]:
    """Run `task` on every job and return the results in the order of the jobs.

    Parameters
    ----------
    task
        Sent once to each process, so it must be picklable and its answer may depend on the job alone.
    processes
        1 runs everything in this process.
    """
    progress = progress or _silent
    processes = min(processes, len(jobs))
    if processes <= 1:
        return _in_turn(task, jobs, progress)
    before = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, context, _start_worker, (task,))
    try:
        futures = [pool.submit(_work, job) for job in jobs]
        _report(futures, progress)
        return [future.result() for future in futures]
    except BaseException:  # Ctrl-C or a failed fit: nobody waits for the others
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
        raise
    finally:
        pool.shutdown()


def _in_turn(task: Callable[[Job], Result], jobs: Sequence[Job], progress: Progress) -> list[Result]:
    results = []
    for job in jobs:
        results.append(task(job))
        progress(len(results), len(jobs))
    return results


def _report(futures: list[Future[Any]], progress: Progress) -> None:
    for done, future in enumerate(as_completed(futures), start=1):
        future.result()
        progress(done, len(futures))


def _silent(done: int, total: int) -> None:
    """Report nothing."""


class _Worker(Generic[Job, Result]):
    """What a worker process was started for; set once, before its first job."""

    task: Callable[[Any], Any]


def _start_worker(task: Callable[[Job], Result]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends a worker at once, without a traceback
    _Worker.task = task


def _work(job: Any) -> Any:
    return _Worker.task(job)
