"""What a run has finished, kept on disk until its result stands: one SQLite file beside the result.

A shard is a stretch of the export's usable rows. Once it is decided, the finished rows go into the file with the
digest of the rows that they answer, and are on the disk before the next shard is handed out. A run that goes on reads
the export again from its first row and takes from here what it finds answered, so that its result is the one that an
uninterrupted run writes. What the answers rest on (input, model, rules, dictionary, tables, columns) is written down at
the start, and going on is refused when any of it has changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.batch.desk import Counts
from pipeline.errors import OutputError
from pipeline.tickets.draft import as_output_error

__all__ = ["Job"]

_FORMAT = "1"
_TABLES = """
create table if not exists basis (name text primary key, value text not null);
create table if not exists shard (
    number integer primary key, digest text not null, rows integer not null, counts text not null, part blob not null,
    check_sum text not null
);
"""
_CODES = {
    sqlite3.SQLITE_FULL: ("磁盘已满", "清理磁盘后重新运行"),
    sqlite3.SQLITE_IOERR: ("磁盘已满或读写出错", "检查磁盘后重新运行"),
    sqlite3.SQLITE_READONLY: ("没有写入权限", "换一个文件夹"),
    sqlite3.SQLITE_PERM: ("没有写入权限", "换一个文件夹"),
    sqlite3.SQLITE_CANTOPEN: ("没有写入权限,或文件夹不存在", "换一个文件夹"),
    sqlite3.SQLITE_BUSY: ("另一个运行正在写同一个结果", "等它结束,或换一个输出文件名"),
    sqlite3.SQLITE_LOCKED: ("另一个运行正在写同一个结果", "等它结束,或换一个输出文件名"),
    sqlite3.SQLITE_CORRUPT: ("进度文件已损坏", "用 --overwrite 从头做"),
    sqlite3.SQLITE_NOTADB: ("进度文件已损坏", "用 --overwrite 从头做"),
}


class Job:
    """The progress of one run; it holds the file's lock until it is closed or the process dies.

    Parameters
    ----------
    output : Path
        The result; the progress is kept beside it as ``.NAME.job``.
    basis : mapping of str to str
        What the answers rest on: a Chinese name and a fingerprint each.
    resume : bool
        Whether to go on with what an earlier run has finished.
    overwrite : bool
        Whether such an earlier run may be thrown away.

    Attributes
    ----------
    resumed : bool
        Whether there was an earlier run that is being gone on with.

    Raises
    ------
    OutputError
        If another run holds it, an earlier one is neither to be resumed nor to be thrown away, what that one rested on
        has changed, or the disk refuses.
    """

    def __init__(self, output: Path, basis: Mapping[str, str], *, resume: bool, overwrite: bool) -> None:
        self.path = output.with_name(f".{output.name}.job")
        self._output = output
        with as_output_error(output):
            self._touch()
        self._disk = self._lock()
        try:
            self.resumed = self._begin({"格式": _FORMAT, **basis}, resume=resume, overwrite=overwrite)
        except BaseException:
            self._disk.close()
            raise

    def _touch(self) -> None:
        """Make the file where there is none, so that what the system says of the folder reaches the user."""
        if not self._output.parent.is_dir():
            raise FileNotFoundError(2, "", str(self._output))
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        self._inode = os.fstat(file).st_ino
        os.close(file)

    def _lock(self) -> sqlite3.Connection:
        """Open the file and hold its lock."""
        with self._told():
            disk = sqlite3.connect(self.path, timeout=0.2, isolation_level=None, check_same_thread=False)
            try:
                disk.execute("pragma locking_mode = exclusive")
                disk.execute("pragma synchronous = full")
                disk.execute("begin exclusive")
                disk.execute("commit")
                # In exclusive mode the lock that a write has taken stays until the connection closes.
                disk.executescript(f"pragma user_version = 1; {_TABLES}")
                if not self.path.exists() or self.path.stat().st_ino != self._inode:
                    raise sqlite3.OperationalError("another run has just ended and taken its file along")
            except BaseException:
                disk.close()
                raise
            return disk

    def _begin(self, basis: Mapping[str, str], *, resume: bool, overwrite: bool) -> bool:
        """Go on with an earlier run or write down what this one rests on."""
        with self._told():
            earlier = dict(self._disk.execute("select name, value from basis"))
        if earlier and resume:
            self._compare(earlier, basis)
            return True
        if earlier and not overwrite and self.finished():
            found = f"有一次没做完的运行,已完成 {self.finished()} 件"
            raise OutputError(found, where=self._output, remedy="加 --resume 接着做,或加 --overwrite 从头做")
        with self._told():
            self._disk.execute("begin")
            self._disk.execute("delete from shard")
            self._disk.execute("delete from basis")
            self._disk.executemany("insert into basis values (?, ?)", basis.items())
            self._disk.execute("commit")
        return False

    def _compare(self, earlier: Mapping[str, str], basis: Mapping[str, str]) -> None:
        """Refuse to go on where something has changed."""
        names = dict.fromkeys((*earlier, *basis))
        changed = [name for name in names if earlier.get(name) != basis.get(name)]
        if changed:
            raise OutputError(
                f"不能接着做:{'、'.join(changed)}在中断之后改过",
                where=self._output,
                remedy="恢复原样后再加 --resume,或加 --overwrite 从头做",
            )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what SQLite says into one line for the user."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_IOERR) & 0xFF
            reason, remedy = _CODES.get(code, ("进度写不下来", "检查输出位置"))
            raise OutputError(f"写不了({reason})", where=self._output, remedy=remedy) from None

    def finished(self) -> int:
        """Return how many rows are finished."""
        with self._told():
            [(rows,)] = self._disk.execute("select coalesce(sum(rows), 0) from shard")
        return int(rows)

    def find(self, number: int, shard: bytes) -> tuple[bytes, Counts] | None:
        """Return the finished rows of a shard and their counts, ``None`` where it is still to be decided.

        Parameters
        ----------
        number : int
            Its place in the run, from 0.
        shard : bytes
            Its packed tickets; an answer to other tickets is none.
        """
        query = "select part, counts, check_sum from shard where number = ? and digest = ?"
        with self._told():
            row = self._disk.execute(query, (number, digest(shard))).fetchone()
        if row is None or digest(row[0]) != row[2]:
            return None
        return row[0], Counts.read(json.loads(row[1]))

    def store(self, number: int, shard: bytes, rows: int, part: bytes, counts: Counts) -> None:
        """Write down a finished shard; it is on the disk when this returns.

        Raises
        ------
        OutputError
            If the disk is full or refuses.
        """
        told = json.dumps(counts.record(), ensure_ascii=False)
        values = (number, digest(shard), rows, told, part, digest(part))
        with self._told():
            self._disk.execute("insert or replace into shard values (?, ?, ?, ?, ?, ?)", values)

    def close(self, *, keep: bool) -> None:
        """Let go of the file, and remove it unless it holds finished work that is to be kept."""
        with suppress(OutputError):
            keep = keep and self.finished() > 0
        gone = keep
        if not keep:
            with suppress(OSError):
                self.path.with_name(f"{self.path.name}-journal").unlink(missing_ok=True)
                # While the lock is held; Windows removes no open file.
                self.path.unlink(missing_ok=True)
                gone = True
        self._disk.close()
        if not gone:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)


def digest(content: bytes) -> str:
    """Return a shard's key: BLAKE2b-128 of its content."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()
