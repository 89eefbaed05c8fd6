"""Calls until acknowledged (叫应): what must still be told to whom, in one SQLite file that several programs share.

A ticket has one call that climbs the ladder of ``data/calls.toml`` until someone acknowledges. A sender takes a call
under a lease, so that no two send it at once; one that dies is relieved when its lease runs out, with the same
idempotency key, so that the other side can tell a repetition. Nothing of the caller is kept here.
"""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from pipeline.errors import OutputError
from pipeline.route.ladder import Ladder

__all__ = ["Alarm", "Call", "Outbox", "Receipt", "SendFailed", "Sender", "now", "send_due"]

BEIJING = dt.timezone(dt.timedelta(hours=8), "北京时间")
_VERSION = 1
_BUSY_SECONDS = 20.0
_SCHEMA = """
CREATE TABLE calls (
    ticket TEXT PRIMARY KEY,
    unit TEXT NOT NULL,
    district TEXT NOT NULL,
    matter TEXT NOT NULL,
    entered INTEGER NOT NULL,
    rung INTEGER NOT NULL DEFAULT 0,
    round INTEGER NOT NULL DEFAULT 0,
    due INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    leased_until INTEGER NOT NULL DEFAULT 0,
    lease TEXT NOT NULL DEFAULT '',
    trouble TEXT NOT NULL DEFAULT '',
    acknowledged INTEGER,
    acknowledged_by TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX waiting ON calls (due) WHERE acknowledged IS NULL;
CREATE TABLE log (
    ticket TEXT NOT NULL,
    at INTEGER NOT NULL,
    what TEXT NOT NULL
);
"""
_FIELDS = (
    "ticket, unit, district, matter, entered, rung, round, due, attempts, sent, trouble, acknowledged, acknowledged_by"
)


def now() -> dt.datetime:
    """Return the time, as the outbox counts it."""
    return dt.datetime.now(BEIJING)


@dataclass(frozen=True, slots=True)
class Alarm:
    """What goes into the outbox: a ticket that someone must answer for at once.

    Parameters
    ----------
    ticket : str
        The ticket's number; the outbox holds each once.
    unit, district : str
        Who acts, and where; the district is empty where unknown.
    matter : str
        One line on what is suspected (疑似), without the caller's words or name.
    """

    ticket: str
    unit: str
    district: str
    matter: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it stands.

    Parameters
    ----------
    alarm : Alarm
        What it is about.
    to : str
        Who is called now.
    entered, due : datetime
        When the ticket came into the outbox, and when the next try is due.
    rung, round, attempts : int
        Step of the ladder (from 0), repetition of the last step (from 0), tries on this step so far.
    sent : int
        How many tries have arrived, over all steps.
    trouble : str
        Why the last try failed; empty where it did not.
    acknowledged : datetime or None
        When someone acknowledged.
    acknowledged_by : str
        Who.
    """

    alarm: Alarm
    to: str
    entered: dt.datetime
    due: dt.datetime
    rung: int
    round: int
    attempts: int
    sent: int
    trouble: str
    acknowledged: dt.datetime | None
    acknowledged_by: str

    @property
    def key(self) -> str:
        """The idempotency key: the same for every try of one step, another for the next step or round."""
        return f"{self.alarm.ticket}:{self.rung}:{self.round}"


@dataclass(frozen=True, slots=True)
class Receipt:
    """That a call has arrived, and whether it was acknowledged at once, by whom."""

    acknowledged: bool = False
    by: str = ""


class SendFailed(Exception):
    """A call did not arrive.

    Parameters
    ----------
    why : str
        One Chinese phrase.
    final : bool
        Whether trying again is of no use: the next rung is called then.
    wait_seconds : int or None
        What the other side asked to wait.
    """

    def __init__(self, why: str, *, final: bool = False, wait_seconds: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.final = final
        self.wait_seconds = wait_seconds


class Sender(Protocol):
    """Whatever brings a call to people: a webhook, a short message, a telephone exchange."""

    def send(self, call: Call) -> Receipt:
        """Bring a call to whom it is for.

        Raises
        ------
        SendFailed
            If it did not arrive.
        """


class Outbox:
    """The calls in one SQLite file; several programs may use it at once.

    Parameters
    ----------
    path : Path
        The file; made where it is missing, readable by its owner alone.
    ladder : Ladder
        Who is called when.
    clock : callable
        Returns the time, aware of its zone.

    Raises
    ------
    OutputError
        If the file cannot be used, is no outbox, or is of a later version.
    """

    def __init__(self, path: Path, ladder: Ladder, clock: Callable[[], dt.datetime] = now) -> None:
        self.path = path
        self.ladder = ladder
        self._clock = clock
        with self._explained():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._base = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
            self._base.row_factory = sqlite3.Row
            self._prepare()

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def __enter__(self) -> Outbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, alarm: Alarm) -> bool:
        """Enter a ticket; one that is there already stays as it is.

        Returns
        -------
        bool
            Whether it is new.
        """
        at = self._seconds()
        due = at + 60 * self.ladder.rungs[0].after_minutes
        with self._change() as base:
            done = base.execute(
                "INSERT INTO calls (ticket, unit, district, matter, entered, due) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (ticket) DO NOTHING",
                (alarm.ticket, alarm.unit, alarm.district, alarm.matter, at, due),
            )
            if done.rowcount:
                self._note(base, alarm.ticket, at, "建立叫应")
        return done.rowcount > 0

    def acknowledge(self, ticket: str, by: str, note: str = "") -> bool:
        """Note that someone answers for a ticket; nobody is called for it any more.

        Returns
        -------
        bool
            Whether it was open; a second acknowledgement changes nothing.

        Raises
        ------
        OutputError
            If there is no such ticket.
        """
        at = self._seconds()
        with self._change() as base:
            done = base.execute(
                "UPDATE calls SET acknowledged = ?, acknowledged_by = ?, note = ?, lease = '', leased_until = 0 "
                "WHERE ticket = ? AND acknowledged IS NULL",
                (at, by, note, ticket),
            )
            if done.rowcount:
                self._note(base, ticket, at, f"{by}确认收到")
            elif base.execute("SELECT 1 FROM calls WHERE ticket = ?", (ticket,)).fetchone() is None:
                raise OutputError(
                    f"没有工单“{ticket}”的叫应", where=self.path, remedy="用 calls list --all 查看工单编号"
                )
        return done.rowcount > 0

    def calls(self, *, open_only: bool = True) -> list[Call]:
        """Return the calls, those due first in front."""
        where = "WHERE acknowledged IS NULL" if open_only else ""
        with self._explained():
            rows = self._base.execute(f"SELECT {_FIELDS} FROM calls {where} ORDER BY due, ticket").fetchall()  # noqa: S608
        return [self._call(row) for row in rows]

    def history(self, ticket: str) -> list[tuple[dt.datetime, str]]:
        """Return what happened to a ticket's call, from the first entry on."""
        with self._explained():
            rows = self._base.execute("SELECT at, what FROM log WHERE ticket = ? ORDER BY rowid", (ticket,)).fetchall()
        return [(_moment(row["at"]), row["what"]) for row in rows]

    def take(self) -> tuple[Call, str] | None:
        """Take the call that is due first, under a lease; ``None`` where nothing is due.

        Returns
        -------
        tuple of Call and str
            The call, and the lease to hand back with its outcome.
        """
        at = self._seconds()
        lease = os.urandom(8).hex()
        with self._change() as base:
            row = base.execute(
                f"SELECT {_FIELDS} FROM calls WHERE acknowledged IS NULL AND due <= ? AND leased_until <= ? "  # noqa: S608
                "ORDER BY due, ticket LIMIT 1",
                (at, at),
            ).fetchone()
            if row is None:
                return None
            call = self._call(row)
            if call.attempts >= self.ladder.retries.tries:  # senders died over it: nobody has told that it failed
                rung, turn, _ = self._next(call)
                call = replace(call, rung=rung, round=turn, attempts=0, to=self._to(call.alarm, rung))
            base.execute(
                "UPDATE calls SET lease = ?, leased_until = ?, attempts = ?, rung = ?, round = ? WHERE ticket = ?",
                (
                    lease,
                    at + self.ladder.retries.lease_seconds,
                    call.attempts + 1,
                    call.rung,
                    call.round,
                    call.alarm.ticket,
                ),
            )
        return call, lease

    def arrived(self, call: Call, lease: str) -> bool:
        """Note that a call has arrived: unless someone acknowledges, the next rung is called when its time comes."""
        rung, turn, due = self._next(call)
        told = f"已呼叫{call.to}"
        return self._settle(call, lease, rung=rung, round=turn, due=due, arrived=True, trouble="", told=told)

    def failed(self, call: Call, lease: str, failure: SendFailed) -> bool:
        """Note that a call did not arrive: it is tried again later, or the next rung is called at once."""
        attempts, retries = call.attempts + 1, self.ladder.retries
        told = f"呼叫{call.to}未送到({failure.why})"
        at = self._seconds()
        again = at + min(max(retries.wait(attempts), failure.wait_seconds or 0), retries.longest_wait_seconds)
        rung, turn, due = self._next(call)
        if not failure.final and attempts < retries.tries and again < due:
            rung, turn, due = call.rung, call.round, again
        elif rung > call.rung:  # nobody was reached on this rung: the next one need not wait for its minute
            due = at
        return self._settle(call, lease, rung=rung, round=turn, due=due, arrived=False, trouble=failure.why, told=told)

    def _next(self, call: Call) -> tuple[int, int, int]:
        """Return the rung, round and time of the call after this one."""
        at, entered = self._seconds(), int(call.entered.timestamp())
        if call.rung + 1 < len(self.ladder.rungs):
            return call.rung + 1, 0, max(at, entered + 60 * self.ladder.rungs[call.rung + 1].after_minutes)
        return call.rung, call.round + 1, at + 60 * self.ladder.again_minutes

    def _settle(
        self, call: Call, lease: str, *, rung: int, round: int, due: int, arrived: bool, trouble: str, told: str
    ) -> bool:
        """Write an outcome; return ``False`` where the lease has passed to another or the ticket is acknowledged."""
        moved = (rung, round) != (call.rung, call.round)
        with self._change() as base:
            done = base.execute(
                "UPDATE calls SET rung = ?, round = ?, due = ?, sent = sent + ?, trouble = ?, lease = '', "
                "leased_until = 0, attempts = CASE WHEN ? THEN 0 ELSE attempts END WHERE ticket = ? AND lease = ?",
                (rung, round, due, arrived, trouble, moved, call.alarm.ticket, lease),
            )
            self._note(base, call.alarm.ticket, self._seconds(), told)
        return done.rowcount > 0

    def _call(self, row: sqlite3.Row) -> Call:
        alarm = Alarm(row["ticket"], row["unit"], row["district"], row["matter"])
        rung = min(row["rung"], len(self.ladder.rungs) - 1)  # the table may have lost rungs since
        return Call(
            alarm,
            self._to(alarm, rung),
            _moment(row["entered"]),
            _moment(row["due"]),
            rung,
            row["round"],
            row["attempts"],
            row["sent"],
            row["trouble"],
            None if row["acknowledged"] is None else _moment(row["acknowledged"]),
            row["acknowledged_by"],
        )

    def _to(self, alarm: Alarm, rung: int) -> str:
        return self.ladder.named(rung, unit=alarm.unit, district=alarm.district)

    def _begin_log(self) -> None:
        """Turn write-ahead logging on; SQLite refuses that at once, without its usual wait, while another opens too."""
        last = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                self._base.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > last:
                    raise
                time.sleep(0.01)
            else:
                return

    def _prepare(self) -> None:
        """Make the tables, once, and see that the file is ours."""
        self._begin_log()
        self._base.execute("PRAGMA synchronous = FULL")
        with self._change() as base:
            version = base.execute("PRAGMA user_version").fetchone()[0]
            if version == 0 and base.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone() is None:
                for statement in _SCHEMA.split(";"):
                    base.execute(statement)
                base.execute(f"PRAGMA user_version = {_VERSION}")
            elif version != _VERSION:
                raise OutputError(
                    f"不是叫应库,或版本为 {version}", where=self.path, expected=f"版本 {_VERSION}", remedy="换一个文件"
                )

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """Hold the file's one writing place for a few statements: all of them are done, or none."""
        with self._explained():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what SQLite or the system says into one line for the user."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise OutputError(f"叫应库用不了({error})", where=self.path, remedy="检查文件、磁盘与权限") from None
        except OSError as error:
            raise OutputError(f"叫应库打不开({error.strerror})", where=self.path, remedy="检查文件夹与权限") from None

    def _seconds(self) -> int:
        return int(self._clock().timestamp())

    @staticmethod
    def _note(base: sqlite3.Connection, ticket: str, at: int, what: str) -> None:
        base.execute("INSERT INTO log (ticket, at, what) VALUES (?, ?, ?)", (ticket, at, what))


def send_due(outbox: Outbox, sender: Sender) -> tuple[int, int]:
    """Send every call that is due now.

    Returns
    -------
    tuple of int and int
        How many arrived, and how many did not.
    """
    arrived = failed = 0
    while (taken := outbox.take()) is not None:
        call, lease = taken
        try:
            receipt = sender.send(call)
        except SendFailed as failure:
            outbox.failed(call, lease, failure)
            failed += 1
            continue
        outbox.arrived(call, lease)
        arrived += 1
        if receipt.acknowledged:
            outbox.acknowledge(call.alarm.ticket, receipt.by or call.to)
    return arrived, failed


def _moment(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, BEIJING)
