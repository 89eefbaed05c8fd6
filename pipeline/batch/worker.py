"""A process that decides on shards of tickets: ``python -m pipeline.batch.worker``, shards in, parts of a result out.

Frames go over standard input and output: eight bytes of length, then JSON or a part. The process ends when its input
does, so none outlives the run that started it.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from pipeline.batch.desk import Counts, Desk
from pipeline.errors import YousuError
from pipeline.tickets import Ticket
from pipeline.tickets.parts import pack, unpack

__all__ = ["Order", "pack_tickets", "read_frame", "unpack_tickets", "write_frame"]

_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True)
class Order:
    """What all shards of a run have in common.

    Parameters
    ----------
    model, rules : str
        Model folder and routing table.
    ending : str
        Of the result; '' for JSON lines to standard output.
    header : tuple of str
        Of the result.
    for_units : bool
        As :class:`pipeline.batch.desk.Desk` takes it.
    """

    model: str
    rules: str
    ending: str
    header: tuple[str, ...]
    for_units: bool = False


def pack_tickets(tickets: Sequence[Ticket]) -> bytes:
    """Return tickets as bytes."""
    return pack([[getattr(ticket, field.name) for field in _FIELDS] for ticket in tickets])


def unpack_tickets(packed: bytes) -> list[Ticket]:
    """Return the tickets of :func:`pack_tickets`."""
    rows = cast("list[list[Any]]", unpack(packed))
    return [Ticket(row, sheet, tuple(cells), *rest) for row, sheet, cells, *rest in rows]


_FIELDS = dataclasses.fields(Ticket)


def write_frame(stream: IO[bytes], frame: bytes) -> None:
    """Write a frame."""
    stream.write(_LENGTH.pack(len(frame)))
    stream.write(frame)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """Return the next frame, ``None`` where the stream ends or breaks off."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    frame = stream.read(length)
    return frame if len(frame) == length else None


def _serve(source: IO[bytes], target: IO[bytes]) -> None:
    """Answer shards until the input ends."""
    desk: Desk | None = None
    order = Order(**cast("dict[str, Any]", unpack(read_frame(source) or b"{}")))
    while (frame := read_frame(source)) is not None:
        try:
            desk = desk or Desk(Path(order.model), Path(order.rules), for_units=order.for_units)
            part, counts = desk.answer(unpack_tickets(frame), order.ending, order.header)
        except YousuError as error:
            told = {"error": type(error).__name__, "found": error.found, "where": str(error.where or "") or None}
            write_frame(target, pack({**told, "expected": error.expected, "remedy": error.remedy}))
            continue
        except Exception as error:  # a traceback may quote a citizen's words
            write_frame(target, pack({"fault": type(error).__name__}))
            continue
        write_frame(target, pack(counts.record()))
        write_frame(target, part)


def _main() -> None:
    """Keep standard output for frames, leave Ctrl-C to the parent, serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    target = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        _serve(sys.stdin.buffer, target)
    except BrokenPipeError:  # the run has gone
        os._exit(1)


def counts_of(reply: dict[str, Any]) -> Counts:
    """Return the counts of a worker's reply.

    Raises
    ------
    YousuError
        The one that the worker met.
    RuntimeError
        If it met a fault of the program.
    """
    if "fault" in reply:
        msg = f"a worker met {reply['fault']}; one process alone shows where"
        raise RuntimeError(msg)
    if "error" not in reply:
        return Counts.read(reply)
    kinds = {kind.__name__: kind for kind in _tree(YousuError)}
    told = {key: reply[key] for key in ("where", "expected", "remedy")}
    raise kinds[reply["error"]](reply["found"], **told)


def _tree(kind: type[YousuError]) -> list[type[YousuError]]:
    """Return an error and all its kinds."""
    return [kind, *(below for child in kind.__subclasses__() for below in _tree(child))]


if __name__ == "__main__":
    _main()
