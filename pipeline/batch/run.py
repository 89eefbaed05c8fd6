"""A whole export through the pipeline: read, prepare, predict, route, write; and the count of what happened."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from pipeline.infer.prediction import Answer, Prediction
from pipeline.infer.predictor import Predictor
from pipeline.route import COLUMNS, Decision, Router
from pipeline.tables import ROOT
from pipeline.taxonomy import DOMAIN, NATURE, URGENCY
from pipeline.text.prepare import prepare
from pipeline.tickets import ColumnChoice, Export, Result, Tally, Ticket, open_export, open_result

__all__ = ["DEFAULT_MODEL", "DEFAULT_RULES", "Desk", "Routed", "Summary", "run"]

DEFAULT_MODEL = ROOT / "models" / "default"
DEFAULT_RULES = ROOT / "data" / "routing.toml"
_CHUNK = 1024
_STANDARD_HEADS = (DOMAIN, URGENCY, NATURE)


@dataclass(frozen=True, slots=True)
class Routed:
    """A ticket's decision, and what heads of an analyst's own said of it."""

    decision: Decision
    own: Mapping[str, Answer]

    def cells(self) -> tuple[object, ...]:
        """Return the added cells, own heads behind the standard ones."""
        own = (value for answer in self.own.values() for value in (answer.label, round(answer.confidence, 3)))
        return (*self.decision.to_cells(), *own)

    def record(self) -> dict[str, object]:
        """Return the JSON record; own heads stand under ``heads``."""
        record: dict[str, object] = dict(self.decision.to_record())
        if self.own:
            record["heads"] = {
                name: {
                    "label": answer.label,
                    "confidence": round(answer.confidence, 3),
                    "others": list(answer.others),
                }
                for name, answer in self.own.items()
            }
        return record


class Desk:
    """A model and a set of rules, ready to decide on tickets.

    Parameters
    ----------
    model : Path
        A model folder.
    rules : Path
        The routing table.

    Raises
    ------
    ModelError
        If the model is missing or damaged.
    TableError
        If a table is wrong; nothing is decided then.
    """

    def __init__(self, model: Path = DEFAULT_MODEL, rules: Path = DEFAULT_RULES) -> None:
        self._router = Router.load(rules)
        self._predictor = Predictor(model)

    @property
    def notices(self) -> list[str]:
        """What a person should know before trusting the answers."""
        stale = [] if self._predictor.card.same_dictionary else ["用户词典在模型训练之后改过,建议重新训练模型"]
        return [*stale, *self._router.rules.notices(dt.date.today())]

    @property
    def own_heads(self) -> tuple[str, ...]:
        """Names of the model's heads that are not the shipped taxonomy's."""
        return tuple(head.name for head in self._predictor.card.heads if head.name not in _STANDARD_HEADS)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that this desk adds."""
        return (*COLUMNS, *(column for name in self.own_heads for column in (name, f"{name}置信度")))

    def decide(self, tickets: Sequence[Ticket]) -> list[Routed]:
        """Return one routed ticket per ticket, in order."""
        texts = [prepare(ticket.title, ticket.text) for ticket in tickets]
        predictions = self._predictor.predict(texts)
        return [self._route(*facts) for facts in zip(tickets, texts, predictions, strict=True)]

    def _route(self, ticket: Ticket, text: str, prediction: Prediction) -> Routed:
        """Route one ticket."""
        decision = self._router.route(
            id=ticket.id or str(ticket.row),
            text=text,
            address=ticket.address,
            time=ticket.time,
            prediction=prediction,
        )
        return Routed(decision, {name: prediction.answers[name] for name in self.own_heads})


@dataclass
class Summary:
    """What a run did, for a person to read.

    Parameters
    ----------
    tally : Tally
        Rows read, usable, rejected and blank.
    domains, urgencies : Counter
        Tickets by domain and by urgency.
    review, called : int
        Tickets marked for review, and tickets to be called until acknowledged.
    seconds : float
        From the first row read to the closed output.
    notices : list of str
        What a person should know.
    output, rejects : Path or None
        Where results and rejected rows are; ``None`` for standard output, and for no rejects.
    """

    tally: Tally = field(default_factory=Tally)
    domains: Counter[str] = field(default_factory=Counter)
    urgencies: Counter[str] = field(default_factory=Counter)
    review: int = 0
    called: int = 0
    seconds: float = 0.0
    notices: list[str] = field(default_factory=list)
    output: Path | None = None
    rejects: Path | None = None

    def count(self, decision: Decision) -> None:
        """Count one routed ticket."""
        self.domains[decision.domain] += 1
        self.urgencies[decision.urgency] += 1
        self.review += decision.needs_review
        self.called += decision.call_until_acknowledged

    def lines(self) -> Iterator[str]:
        """Yield the summary in Chinese."""
        tally = self.tally
        yield f"读入 {tally.read} 行:写出 {tally.usable},拒收 {tally.rejected},空白 {tally.blank}"
        for part, counts in (("领域", self.domains), ("紧急程度", self.urgencies)):
            if counts:
                yield f"{part}:" + ",".join(f"{name} {count}" for name, count in counts.most_common())
        yield f"需电话叫应 {self.called} 件,需人工复核 {self.review} 件"
        rate = tally.usable / self.seconds if self.seconds else 0.0
        yield f"用时 {self.seconds:.1f} 秒,每秒 {rate:.0f} 件"
        for notice in self.notices:
            yield f"提示:{notice}"
        if self.rejects is not None:
            yield f"拒收的行及原因:{self.rejects}"
        if self.output is not None:
            yield f"结果:{self.output}"


def result_header(header: Sequence[str], added: Sequence[str]) -> tuple[str, ...]:
    """Return the export's columns with the added ones behind; one that the export already has is marked as ours."""
    return (*header, *(f"{name}(系统)" if name in header else name for name in added))


def run_file(
    source: Path | None,
    output: Path | None,
    desk: Desk,
    *,
    columns: ColumnChoice,
    sheet: str | None = None,
    encoding: str | None = None,
    rejects: Path | None = None,
    overwrite: bool = False,
) -> Summary:
    """Decide on every ticket of a file and write the result whole or not at all.

    Parameters
    ----------
    source : Path or None
        The export; ``None`` is standard input.
    output : Path or None
        The result; unless given, beside the source, or standard output for standard input.
    desk : Desk
        Who decides.
    columns, sheet, encoding
        How to read, as :func:`pipeline.tickets.open_export` takes them.
    rejects : Path, optional
        Where rejected rows go; beside the result unless given.
    overwrite : bool
        Whether a result that exists may be replaced.
    """
    if output is None and source is not None:
        output = default_output(source)
    if rejects is None:
        rejects = (output or Path("stdin")).with_suffix(".rejects.csv")
    began = time.perf_counter()
    with (
        open_export(source, columns=columns, sheet=sheet, encoding=encoding, rejects=rejects) as export,
        open_result(output, result_header(export.header, desk.columns), overwrite=overwrite) as result,
    ):
        summary = run(export, result, desk)
    summary.seconds = time.perf_counter() - began
    summary.output, summary.rejects = output, export.rejects_path
    summary.notices = [*desk.notices, *export.notices, *result.notices]
    return summary


def default_output(source: Path) -> Path:
    """Return where the result of a file goes: beside it, as the same kind where that can be written."""
    ending = source.suffix.lower() if source.suffix.lower() in {".csv", ".tsv", ".jsonl", ".parquet"} else ".xlsx"
    return source.with_name(f"{source.stem}.routed{ending}")


def run(export: Export, result: Result, desk: Desk) -> Summary:
    """Decide on every ticket of an export and write it.

    Parameters
    ----------
    export : Export
        Open for reading.
    result : Result
        Open for writing, its header made by :func:`result_header`.
    desk : Desk
        Who decides.

    Returns
    -------
    Summary
        Complete but for the paths and the seconds of closing the output.
    """
    summary = Summary()
    began = time.perf_counter()
    tickets = iter(export)
    with tqdm(desc="派单", unit="件", disable=None) as bar:
        while chunk := list(itertools.islice(tickets, _CHUNK)):
            for ticket, routed in zip(chunk, desk.decide(chunk), strict=True):
                result.write((*ticket.cells, *routed.cells()), routed.record())
                summary.count(routed.decision)
            bar.update(len(chunk))
    summary.tally = export.tally
    summary.seconds = time.perf_counter() - began
    return summary
