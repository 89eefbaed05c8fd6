"""Exports in, results out: tables of every kind that a hotline's system writes."""

from pipeline.tickets.columns import ColumnChoice
from pipeline.tickets.dates import read_time
from pipeline.tickets.read import Export, open_export
from pipeline.tickets.ticket import Tally, Ticket
from pipeline.tickets.write import Result, open_result

__all__ = ["ColumnChoice", "Export", "Result", "Tally", "Ticket", "open_export", "open_result", "read_time"]
