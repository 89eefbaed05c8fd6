"""Two routing tables over one export: each ticket is read and predicted once and routed twice."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from pipeline.errors import MissingColumn
from pipeline.infer.predictor import Predictor
from pipeline.route import Router
from pipeline.route.moves import Comparison, Move
from pipeline.text.prepare import prepare
from pipeline.tickets import Export, Ticket, open_export
from pipeline.tickets.cells import text_of
from pipeline.tickets.columns import ColumnChoice, find_column

__all__ = ["FINAL_UNITS", "backtest"]

FINAL_UNITS = (
    "最终承办单位",
    "最终办理单位",
    "承办单位",
    "处置单位",
    "办理单位",
    "主办单位",
    "责任单位",
    "承办部门",
    "责任部门",
)
"""Headers of the unit that handled a ticket in the end, the most telling first."""
_CHUNK = 512


def backtest(
    old: Router,
    new: Router,
    predictor: Predictor,
    source: Path,
    *,
    columns: ColumnChoice,
    unit: str | None = None,
) -> Comparison:
    """Route every ticket of an export by two tables.

    Parameters
    ----------
    old, new : Router
        The tables.
    predictor : Predictor
        The model in service.
    source : Path
        An export of any kind that ``predict.py`` reads.
    columns : ColumnChoice
        Columns named by hand.
    unit : str, optional
        Header of the unit that handled a ticket in the end; found by :data:`FINAL_UNITS` unless given.

    Raises
    ------
    MissingColumn
        If there is no column of that name.
    InputError
        If the export cannot be read.
    """
    comparison = Comparison(_lead_units(old) | _lead_units(new))
    with open_export(source, columns=columns) as export:
        at = _find_unit(export, unit, source)
        with tqdm(desc="比对", unit="件", disable=None) as bar:
            for chunk in _chunks(export):
                for move in _compare(old, new, predictor, chunk, at):
                    comparison.add(move)
                bar.update(len(chunk))
    return comparison


def _find_unit(export: Export, unit: str | None, source: Path) -> int | None:
    """Return where the final unit stands in a row, or ``None``."""
    if unit is not None:
        at = find_column(export.header, unit)
        if at is None:
            expected = f"{'、'.join(export.header)} 之一"
            raise MissingColumn(f"没有“{unit}”列", where=source, expected=expected, remedy="检查 --unit")
        return at
    return next((at for name in FINAL_UNITS if (at := find_column(export.header, name)) is not None), None)


def _chunks(export: Export) -> Iterator[list[Ticket]]:
    tickets = iter(export)
    while chunk := list(itertools.islice(tickets, _CHUNK)):
        yield chunk


def _compare(
    old: Router, new: Router, predictor: Predictor, tickets: Sequence[Ticket], at: int | None
) -> Iterator[Move]:
    texts = [prepare(ticket.title, ticket.text) for ticket in tickets]
    for ticket, text, prediction in zip(tickets, texts, predictor.predict(texts), strict=True):
        before, after = (
            router.route(
                id=ticket.id or str(ticket.row),
                text=text,
                address=ticket.address,
                time=ticket.time,
                prediction=prediction,
            )
            for router in (old, new)
        )
        final = text_of(ticket.cells[at]).strip() if at is not None else ""
        yield Move(ticket.row, text, before, after, final)


def _lead_units(router: Router) -> dict[str, tuple[str, ...]]:
    """Return the units that a table can lead with, each with its other names."""
    named = {unit.name: unit.aliases for unit in router.rules.units.values() if unit.kind != "属地"}
    return named | {district.government: () for district in router.places.districts}
