"""Finding the header: under title rows, over one line or two, named after what the alias table knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from pipeline.errors import Place, YousuError
from pipeline.tickets.cells import is_blank, text_of, unique
from pipeline.tickets.columns import Aliases, ColumnChoice, match_roles, missing, missing_text
from pipeline.tickets.sheets import MAX_COLUMNS, Merge, Row, Sheet, fill_down

__all__ = ["HEAD", "Layout", "lay_out"]

HEAD = 40
"""Rows from the top in which a header is looked for."""
_HEADING = 20
"""Longest heading, in characters, of a group of columns or of a column in a second header line."""

_Line: TypeAlias = list[str]


@dataclass(frozen=True, slots=True)
class Layout:
    """How one sheet is to be read.

    Parameters
    ----------
    sheet : Sheet
        The sheet.
    names : tuple of str
        Its columns, unique and none empty.
    lines : frozenset of tuple of str
        The header rows as they stand, to know them again after a page break; none where the format carries the names.
    skipped : int
        Rows before the first row of data.
    roles : mapping of str to tuple of int
        Columns (from 0) per role.
    """

    sheet: Sheet
    names: tuple[str, ...]
    lines: frozenset[tuple[str, ...]]
    skipped: int
    roles: Mapping[str, tuple[int, ...]]

    def body(self) -> Iterator[Row]:
        """Return the rows after the header, values of merged cells in each row that they cover."""
        rows = islice(self.sheet.rows(), self.skipped, None)
        return fill_down(rows, self.sheet.merges) if self.sheet.merges else rows


def lay_out(sheet: Sheet, choice: ColumnChoice, aliases: Aliases, where: Place, *, need_text: bool) -> Layout | None:
    """Find a sheet's header and columns.

    Parameters
    ----------
    sheet : Sheet
        The sheet.
    choice : ColumnChoice
        Columns named by hand.
    aliases : Aliases
        The alias table.
    where : Place
        File and sheet, for messages.
    need_text : bool
        Whether a sheet without a column of text (or at least of titles) is of no use.

    Returns
    -------
    Layout or None
        ``None`` for a sheet with nothing in it.

    Raises
    ------
    MissingColumn
        If a column named by hand, or the column of text, is not there.
    """
    layout = _from_names(sheet) if sheet.header is not None else _from_rows(sheet, choice, aliases)
    if layout is None:
        return None
    roles = match_roles(layout.names, choice, aliases, by_position=True)
    error = _lack(layout.names, roles, choice, where, need_text=need_text)
    if error:
        raise error
    return Layout(layout.sheet, layout.names, layout.lines, layout.skipped, roles)


def _lack(
    names: Sequence[str],
    roles: Mapping[str, tuple[int, ...]],
    choice: ColumnChoice,
    where: Place,
    *,
    need_text: bool,
) -> YousuError | None:
    """Return the error for what is not there."""
    for role, wanted in choice.named().items():
        if role not in roles:
            by_one = {name: match_roles(names, ColumnChoice(text=(name,)), _NONE, by_position=True) for name in wanted}
            return missing(next(name for name, found in by_one.items() if not found), names, where)
    return missing_text(names, where) if need_text and not ({"text", "title"} & roles.keys()) else None


_NONE = Aliases((), (), (), (), (), (), ())


def _from_names(sheet: Sheet) -> Layout | None:
    """Take the names that the format carries."""
    return Layout(sheet, unique(sheet.header), frozenset(), 0, {}) if sheet.header else None


def _from_rows(sheet: Sheet, choice: ColumnChoice, aliases: Aliases) -> Layout | None:
    """Find the header row: the first with the text, and among those the one with most roles; else the best guess."""
    rows = list(islice(sheet.rows(), HEAD))
    lines = [[text_of(cell).strip() for cell in cells[:MAX_COLUMNS]] for _, cells, _ in rows]
    if all(map(is_blank, lines)):
        return None
    scores = [_score(match_roles(line, choice, aliases)) for line in lines]
    top = max(range(len(lines)), key=lambda at: (scores[at], -at)) if any(map(any, scores)) else _guess(lines)
    merges = [_within(merge, [number for number, _, _ in rows]) for merge in sheet.merges]
    spans = [merge for merge in merges if merge]
    width = max(sheet.width, len(_trimmed(lines[top])))
    names, bottom = _two_lines(lines, top, spans, width)
    known = frozenset(tuple(_trimmed(lines[at])) for at in {top, bottom})
    return Layout(sheet, unique(names), known, bottom + 1, {})


def _score(roles: Mapping[str, object]) -> tuple[bool, int]:
    """Return how much a row looks like a header."""
    return "text" in roles, len(roles)


def _guess(lines: Sequence[_Line]) -> int:
    """Return the first of the fullest of the first ten rows with anything in them: a header that no alias knows."""
    filled = [(sum(map(bool, line)), -at) for at, line in enumerate(lines) if any(line)][:10]
    return -max(filled)[1]


def _trimmed(line: _Line) -> _Line:
    """Return the line without empty cells at its end."""
    end = len(line)
    while end and not line[end - 1]:
        end -= 1
    return line[:end]


def _within(merge: Merge, numbers: Sequence[int]) -> Merge | None:
    """Return a merged range with its rows counted from 0 among the first rows, or nothing where it lies below them."""
    if merge.top not in numbers or merge.bottom not in numbers:
        return None
    return Merge(numbers.index(merge.top), merge.left, numbers.index(merge.bottom), merge.right)


def _two_lines(lines: Sequence[_Line], top: int, spans: Sequence[Merge], width: int) -> tuple[list[str], int]:
    """Return the column names and the last header row, joining a line of group headings with the line below it."""
    if top + 1 < len(lines) and _is_second(lines[top], lines[top + 1], top, spans):
        return _joined(_spread(lines[top], top, spans), lines[top + 1], width), top + 1
    if top and _is_group(lines[top - 1], lines[top], top - 1, spans):
        return _joined(_spread(lines[top - 1], top - 1, spans), lines[top], width), top
    return _padded(lines[top], width), top


def _padded(line: _Line, width: int) -> _Line:
    """Return the line at the sheet's width."""
    return [*line, *[""] * width][: max(width, len(_trimmed(line)))]


def _is_short(line: _Line) -> bool:
    """Return whether every cell could be a heading."""
    return all(len(cell) <= _HEADING and not any(char.isdigit() for char in cell) for cell in line)


def _is_second(upper: _Line, lower: _Line, top: int, spans: Sequence[Merge]) -> bool:
    """Return whether ``lower`` names the columns under merged headings of ``upper``.

    Where merged ranges are known, one across columns or down both rows says so. Where they are not (csv), every cell
    of ``lower`` must stand under an empty cell or under the heading to the left of one, and be short.
    """
    if not any(lower) or not _is_short(lower):
        return False
    wide = [span for span in spans if span.top == top and span.bottom == top and span.right > span.left]
    if wide:
        return all(any(_padded(lower, span.right + 1)[span.left : span.right + 1]) for span in wide)
    upper, size = [*upper, ""], len(upper)
    under = [at for at, cell in enumerate(lower) if cell]
    gap = any(at < size and not upper[at] for at in under)
    return gap and all(at >= size or not upper[at] or not upper[at + 1] for at in under) and len(under) < size


def _is_group(upper: _Line, lower: _Line, top: int, spans: Sequence[Merge]) -> bool:
    """Return whether ``upper`` holds headings of groups of the columns in ``lower``.

    A title over the whole table is one cell and is none; without merged ranges, groups are taken only where they are
    needed: ``lower`` repeats a name or leaves one empty under a heading.
    """
    if sum(map(bool, upper)) < 2 or not _is_short(upper):
        return False
    if any(span.top == top and (span.bottom > top or span.right > span.left) for span in spans):
        return True
    named = [cell for cell in lower if cell]
    return len(set(named)) < len(named) or any(up and not low for up, low in zip(upper, lower, strict=False))


def _spread(line: _Line, at: int, spans: Sequence[Merge]) -> _Line:
    """Return the headings, each over all the columns that it is merged over (or up to the next one)."""
    result = list(line)
    known = [span for span in spans if span.top == at]
    for span in known:
        result += [""] * (span.right + 1 - len(result))
        result[span.left : span.right + 1] = [result[span.left]] * (span.right + 1 - span.left)
    if not known:
        for index in range(1, len(result)):
            result[index] = result[index] or result[index - 1]
    return result


def _joined(upper: _Line, lower: _Line, width: int) -> _Line:
    """Return the lower names; where one is empty the upper, where one is repeated ``上级/下级``."""
    size = max(width, len(_trimmed(upper)), len(_trimmed(lower)))
    upper, lower = _padded(upper, size), _padded(lower, size)
    names = []
    for high, low in zip(upper, lower, strict=True):
        ambiguous = low and high and high != low and lower.count(low) > 1
        names.append(f"{high}/{low}" if ambiguous else low or high)
    return names
