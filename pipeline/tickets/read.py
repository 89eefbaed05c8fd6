"""Reading an export: a file of any kind in, tickets out, nothing dropped on the way."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import TracebackType

from pipeline.errors import InputError, MissingColumn, Place, UnreadableFile, UsageError
from pipeline.tickets.cells import is_rounded, position
from pipeline.tickets.columns import ColumnChoice, as_names, find_column, missing, read_aliases
from pipeline.tickets.delimited import Delimited
from pipeline.tickets.formats import find_kind
from pipeline.tickets.header import Layout, lay_out
from pipeline.tickets.records import JsonFile, JsonStream
from pipeline.tickets.rejects import Rejects
from pipeline.tickets.sheets import Sheet, Source
from pipeline.tickets.sieve import BLANK, HEADER_AGAIN, TOTALS, Sieve
from pipeline.tickets.ticket import Tally, Ticket

__all__ = ["Export", "open_export"]

_SHOWN = 5
"""Rows that a notice names."""


def open_export(
    path: Path | None,
    *,
    columns: ColumnChoice = ColumnChoice(),  # noqa: B008 - frozen
    sheet: str | None = None,
    encoding: str | None = None,
    rejects: Path | None = None,
    need_text: bool = True,
) -> Export:
    """Open an export and find its columns; everything that can be known to be wrong is raised here, before any row.

    Parameters
    ----------
    path : Path or None
        An xlsx, xls, csv, tsv, jsonl (or JSON array) or parquet file, told by its content; ``None`` reads JSON lines
        from standard input.
    columns : ColumnChoice
        Columns named by hand; the others are found by the aliases in ``data/columns.toml``.
    sheet : str or None
        The one sheet to read, by name or by number from 1; ``None`` reads all that hold complaints.
    encoding : str or None
        The encoding of a text file; ``None`` tries byte-order mark, UTF-8, GB18030.
    rejects : Path or None
        Where to write rows that cannot be used; ``None`` only counts them.
    need_text : bool
        Whether a column of text (or at least of titles) must be there, and something in it.

    Returns
    -------
    Export
        To be used in a ``with`` statement and read once.

    Raises
    ------
    UnreadableFile
        If the file is missing, empty, damaged, or of another kind.
    UnknownEncoding
        If a text file is in no encoding known.
    MissingColumn
        If a column named by hand, or that of the text, is not there.
    InputError
        If there is no such sheet.
    UsageError
        If ``sheet`` is given for a file without sheets, or ``encoding`` is no encoding.
    """
    source = _open_source(path, encoding)
    try:
        found = _pick(source.sheets(), sheet, path)
        layouts, notices = _lay_out_all(found, columns, path, need_text=need_text)
    except BaseException:
        source.close()
        raise
    return Export(path, source, layouts, notices, rejects=rejects, need_text=need_text)


def _open_source(path: Path | None, encoding: str | None) -> Source:
    """Open a file by its kind; the libraries of a kind are loaded when it is met."""
    if path is None:
        return JsonStream(sys.stdin.buffer, encoding)
    kind = find_kind(path)
    if kind == "delimited":
        return Delimited(path, encoding)
    if kind == "json":
        return JsonFile(path, encoding)
    if kind == "parquet":
        from pipeline.tickets.columnar import ParquetFile  # noqa: PLC0415

        return ParquetFile(path)
    from pipeline.tickets.workbook import open_workbook  # noqa: PLC0415

    return open_workbook(path, kind)


def _pick(sheets: Sequence[Sheet], asked: str | None, path: Path | None) -> Sequence[Sheet]:
    """Return the sheets to read."""
    if asked is None:
        return sheets
    names = [sheet.name for sheet in sheets if sheet.name is not None]
    if not names:
        raise UsageError("--sheet 只用于 Excel 工作簿", where=path, remedy="去掉 --sheet")
    if asked in names:
        return [sheet for sheet in sheets if sheet.name == asked]
    index = position(asked) if asked.isdigit() else None
    if index is None or index >= len(sheets):
        raise InputError(f"没有工作表“{asked}”", where=path, expected=f"其中之一:{'、'.join(names[:20])}")
    return [sheets[index]]


def _lay_out_all(
    sheets: Sequence[Sheet], choice: ColumnChoice, path: Path | None, *, need_text: bool
) -> tuple[list[Layout], list[str]]:
    """Find the columns of all sheets; one without them is left out with a notice, as long as another has them."""
    layouts, notices, errors = [], [], []
    for sheet in sheets:
        where = Place(path, sheet.name)
        try:
            layout = lay_out(sheet, choice, read_aliases(), where, need_text=need_text)
        except MissingColumn as error:
            errors.append(error)
            notices.append(f"工作表“{sheet.name}”未读取:{error.found}")
            continue
        if layout is None:
            notices.append(f"工作表“{sheet.name}”是空的")
        else:
            layouts.append(layout)
    if not layouts:
        raise errors[0] if errors else UnreadableFile("里面没有数据", where=Place(path), remedy="检查导出是否成功")
    return layouts, notices


class Export:
    """An opened export: an iterator of tickets that counts what it meets.

    Made by `open_export`; used in a ``with`` statement, which writes the rejects file on leaving without an error, and
    read once.

    Attributes
    ----------
    path : Path or None
        The file; ``None`` for standard input.
    header : tuple of str
        All columns, those of further sheets behind those of the first.
    columns : mapping of str to tuple of str
        The header names found for ``text``, ``title``, ``id``, ``time``, ``address``, ``area`` (the district) and
        ``channel``.
    tally : Tally
        Rows so far: ``read == usable + rejected + blank``.
    reasons : Counter of str
        How many rows were rejected for which reason.
    rejects_path : Path or None
        The rejects file, once it is written; ``None`` where no row was rejected.
    """

    def __init__(
        self,
        path: Path | None,
        source: Source,
        layouts: Sequence[Layout],
        notices: Sequence[str],
        *,
        rejects: Path | None,
        need_text: bool,
    ) -> None:
        self.path = path
        self.header = tuple(dict.fromkeys(chain.from_iterable(layout.names for layout in layouts)))
        self.columns = _merge_roles(layouts)
        self.tally = Tally()
        self.reasons: Counter[str] = Counter()
        self.rejects_path: Path | None = None
        self._source = source
        self._layouts = layouts
        self._notices = list(notices)
        self._need_text = need_text
        name = "标准输入" if path is None else path.name
        self._rejects = Rejects(rejects, name, self.header) if rejects else None
        self._rounded: list[str] = []
        self._counts: Counter[str] = Counter()
        self._tickets = self._read()

    def __enter__(self) -> Export:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tickets.close()
        self._source.close()
        if self._rejects and kind is None:
            self.rejects_path = self._rejects.commit()
        elif self._rejects:
            self._rejects.discard()

    def __iter__(self) -> Iterator[Ticket]:
        return self._tickets

    def __next__(self) -> Ticket:
        return next(self._tickets)

    def position(self, name: str) -> int:
        """Return where a column stands in ``header`` and in ``Ticket.cells``, named as for ``ColumnChoice``.

        Raises
        ------
        MissingColumn
            If there is no such column.
        """
        index = find_column(self.header, name)
        if index is None:
            index = position(name.strip())
        if index is None or index >= len(self.header):
            raise missing(name, self.header, Place(self.path))
        return index

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know, one line each; complete when all tickets have been read."""
        return tuple(chain(self._source.notices, self._notices, self._counted()))

    def _counted(self) -> Iterator[str]:
        """Say what was counted on the way."""
        if "text" not in self.columns and "title" in self.columns and self._need_text:
            yield f"没有诉求内容列,以“{self.columns['title'][0]}”列代替"
        if self._counts["rounded"]:
            rows = "、".join(self._rounded) + ("等" if self._counts["rounded"] > len(self._rounded) else "")
            yield (
                f"{self._counts['rounded']} 个工单编号超过 15 位,已被 Excel 改成近似数,末几位不可信(行 {rows});"
                "请在导出时把该列设为文本"
            )
        if self._counts["timeless"]:
            yield f"{self._counts['timeless']} 行的时间认不出来,按没有时间处理"
        for reason in (TOTALS, HEADER_AGAIN):
            if self.reasons[reason]:
                yield f"{self.reasons[reason]} 行是{reason},未作为诉求处理"

    def _read(self) -> Generator[Ticket, None, None]:  # closing it closes the file it reads
        for layout in self._layouts:
            places = [self.header.index(name) for name in layout.names]
            sieve = Sieve(layout, places, len(self.header), need_text=self._need_text)
            yield from self._sift(layout, sieve)

    def _sift(self, layout: Layout, sieve: Sieve) -> Iterator[Ticket]:
        """Yield one sheet's tickets, counting every row."""
        tally = self.tally
        for number, cells, fault in layout.body():
            tally.read += 1
            if len(cells) < sieve.columns:
                cells = sieve.fit(cells)  # noqa: PLW2901
            reason = fault or sieve.judge(cells)
            if reason:
                self._set_aside(layout.sheet.name, number, reason, cells if fault else sieve.spread(cells))
                continue
            tally.usable += 1
            ticket = sieve.ticket(number, cells)
            if ticket.time is None and sieve.lacks_time(cells):
                self._counts["timeless"] += 1
            if sieve.id_cell and is_rounded(sieve.id_cell(cells)):
                self._note_rounded(ticket)
            yield ticket

    def _set_aside(self, sheet: str | None, row: int, reason: str, cells: Sequence[object]) -> None:
        """Count a row that is no ticket, and write it down unless it is blank."""
        if reason == BLANK:
            self.tally.blank += 1
            return
        self.tally.rejected += 1
        self.reasons[reason] += 1
        if self._rejects:
            self._rejects.add(sheet, row, reason, cells)

    def _note_rounded(self, ticket: Ticket) -> None:
        """Remember the first few tickets whose numbers Excel has rounded."""
        self._counts["rounded"] += 1
        if len(self._rounded) < _SHOWN:
            self._rounded.append(f"{ticket.sheet}!{ticket.row}" if ticket.sheet else str(ticket.row))


def _merge_roles(layouts: Sequence[Layout]) -> Mapping[str, tuple[str, ...]]:
    """Return role to header names over all sheets."""
    merged: dict[str, dict[str, None]] = {}
    for layout in layouts:
        for role, names in as_names(layout.names, layout.roles).items():
            merged.setdefault(role, {}).update(dict.fromkeys(names))
    return {role: tuple(names) for role, names in merged.items()}
