"""Several processes that decide on shards at the same time, one for each core.

One process of one thread per core does more than one process of several threads: nothing waits for Python's lock, and
a batch is never cut in two. A process that dies (out of memory, killed) is replaced and its shard decided again.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, cast

from pipeline.batch.desk import Counts, Desk
from pipeline.batch.worker import Order, counts_of, read_frame, unpack_tickets, write_frame
from pipeline.errors import YousuError
from pipeline.tables import ROOT
from pipeline.tickets.parts import pack, unpack

__all__ = ["Answered", "Crew", "Here", "Pool", "cores"]

Answered = tuple[bytes, Counts]
"""A part of the result, and what is counted of it."""
_ATTEMPTS = 3


class Crew(Protocol):
    """Whoever decides on shards."""

    size: int

    def submit(self, shard: bytes) -> Future[Answered]:
        """Hand over packed tickets."""
        ...


def cores() -> int:
    """Return how many cores this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


class Here:
    """Decides in this process, at once: for what is done before other processes would have started."""

    size = 1

    def __init__(self, desk: Desk, order: Order) -> None:
        self._desk = desk
        self._order = order

    def submit(self, shard: bytes) -> Future[Answered]:
        """Decide on packed tickets."""
        done: Future[Answered] = Future()
        done.set_result(self._desk.answer(unpack_tickets(shard), self._order.ending, self._order.header))
        return done


class Pool:
    """Processes of ``python -m pipeline.batch.worker``, ended on leaving the ``with`` block.

    Parameters
    ----------
    order : Order
        What all shards have in common.
    size : int
        How many processes.
    """

    def __init__(self, order: Order, size: int) -> None:
        self.size = size
        self._order = order
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._closed = False
        self._workers = [self._hire() for _ in range(size)]
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="shard")

    def submit(self, shard: bytes) -> Future[Answered]:
        """Hand packed tickets to the next process that is idle.

        Raises
        ------
        YousuError
            From the future: what the process met, or that it died again and again.
        """
        return self._threads.submit(self._ask, shard)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        # What waits is dropped first: a thread that lost its process would take it up and wait for another for ever.
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.end(at_once=kind is not None)
        self._threads.shutdown()

    def _hire(self) -> _Worker:
        worker = _Worker(self._order)
        self._idle.put(worker)
        return worker

    def _ask(self, shard: bytes) -> Answered:
        """Have a shard decided, by another process where the first one dies."""
        for _ in range(_ATTEMPTS):
            if self._closed:
                break
            worker = self._idle.get()
            try:
                answered = worker.ask(shard)
            except BaseException:
                self._idle.put(worker)  # it met an error and lives
                raise
            if answered is not None:
                self._idle.put(worker)
                return answered
            worker.end(at_once=True)
            if not self._closed:
                self._workers.append(self._hire())
        raise YousuError("计算进程反复意外退出", remedy="检查内存是否足够")


class _Worker:
    """One process, and the pipes to it."""

    def __init__(self, order: Order) -> None:
        known = os.environ.get("PYTHONPATH")
        path = os.pathsep.join([str(ROOT), *([known] if known else [])])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.batch.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            cwd=Path.cwd(),
        )
        with suppress(OSError):  # one that could not start is noticed when it is asked
            write_frame(self._stdin, pack(asdict(order)))

    @property
    def _stdin(self) -> Any:  # noqa: ANN401 - a binary pipe
        return self._process.stdin

    def ask(self, shard: bytes) -> Answered | None:
        """Have a shard decided; ``None`` where the process has died.

        Raises
        ------
        YousuError, RuntimeError
            What the process met.
        """
        assert self._process.stdout is not None
        try:
            write_frame(self._stdin, shard)
            reply = read_frame(self._process.stdout)
            if reply is None:
                return None
            counts = counts_of(cast("dict[str, Any]", unpack(reply)))
            part = read_frame(self._process.stdout)
        except (OSError, ValueError):  # a broken pipe, or one closed under the thread when the run ends
            return None
        return None if part is None else (part, counts)

    def end(self, *, at_once: bool = False) -> None:
        """End the process: when it has done what it does, or at once."""
        if at_once:
            self._process.kill()
        with suppress(OSError, ValueError):
            self._stdin.close()
        self._process.wait()
