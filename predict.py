"""Classify and route tickets: an export in, the same rows out with domain, urgency, unit, deadline and reasons."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.batch.arguments import parse
from pipeline.batch.desk import DEFAULT_MODEL, DEFAULT_RULES, Desk
from pipeline.batch.engine import run_engine
from pipeline.batch.run import Summary
from pipeline.command import DONE, SOME_REJECTED, run_command
from pipeline.tickets import ColumnChoice, Ticket


def predict(
    input: str | Path,
    output: str | Path | None = None,
    *,
    model: str | Path = DEFAULT_MODEL,
    text: Sequence[str] = (),
    title: str | None = None,
    id: str | None = None,
    time: str | None = None,
    address: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    rules: str | Path = DEFAULT_RULES,
    rejects: str | Path | None = None,
    overwrite: bool = False,
    for_units: bool = False,
    resume: bool = False,
    engine: str = "local",
    cluster: str | None = None,
) -> Summary:
    """Classify and route every ticket of an export; the arguments are those of the command.

    Parameters
    ----------
    input : str or Path
        xlsx, xls, csv, tsv, jsonl or parquet; ``-`` reads JSON lines from standard input.
    output : str or Path, optional
        Its ending decides the format; beside the input with ``.routed`` in its name unless given.
    for_units : bool
        Hide who called wherever a ticket must be kept secret.
    engine : {"local", "ray"}
        ``ray`` takes a folder, a glob or a URL of many files, and writes a folder.

    Raises
    ------
    YousuError
        As :mod:`pipeline.errors` draws it.
    """
    columns = ColumnChoice(text=tuple(text), title=title, id=id, time=time, address=address)
    desk, how = (
        Desk(Path(model), Path(rules), for_units=for_units),
        {"overwrite": overwrite, "resume": resume, "cluster": cluster},
    )
    read = {"columns": columns, "sheet": sheet, "encoding": encoding, "rejects": rejects}
    return run_engine(engine, input, output, desk, **read, **how)  # type: ignore[arg-type]


def main(given: argparse.Namespace) -> int:
    """Do what the command line asks for."""
    if "do" in given:
        from pipeline.batch.rules import COMMANDS  # noqa: PLC0415 - what only this needs is not loaded otherwise

        return COMMANDS[given.do](given)
    options = {key: value for key, value in vars(given).items() if key not in ("one", "why", "debug")}
    if given.one is not None:
        ticket = Ticket(row=1, sheet=None, cells=(), id="", title="", text=given.one, time=None, address="")
        [routed] = Desk(Path(given.model), Path(given.rules)).decide([ticket])
        print(routed.decision.told() if given.why else json.dumps(routed.record(), ensure_ascii=False))
        return DONE
    summary = predict(**options)
    # On standard output JSON lines must stay alone.
    voice = sys.stderr if summary.output is None else sys.stdout
    print(*summary.lines(), sep="\n", file=voice)
    return SOME_REJECTED if summary.tally.rejected else DONE


if __name__ == "__main__":
    if sys.argv[1:2] == ["calls"]:
        from pipeline.calls import main as calls

        sys.exit(calls(sys.argv[2:]))
    _given = parse()
    sys.exit(run_command(main, _given))
