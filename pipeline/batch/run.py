"""A whole export through the pipeline: read, prepare, predict, route, write; and the count of what happened."""

from __future__ import annotations

import itertools
import time
import zlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipeline import __version__
from pipeline.batch.desk import DEFAULT_MODEL, DEFAULT_RULES, Counts, Desk, Routed
from pipeline.batch.job import Job
from pipeline.batch.pool import Answered, Crew, Here, Pool, cores
from pipeline.batch.worker import Order, pack_tickets
from pipeline.errors import InputError, OutputError, UsageError, YousuError
from pipeline.infer.folder import fingerprint
from pipeline.tables import DATA, ROOT
from pipeline.tickets import ColumnChoice, Export, Result, Tally, Ticket, open_export, open_result

__all__ = ["DEFAULT_MODEL", "DEFAULT_RULES", "Desk", "Pace", "Routed", "Summary", "run_file"]

_MODEL_FILES = ("heads.json", "model.onnx", "linear.safetensors", "tokenizer.json")
_IN_FLIGHT = 2
"""Shards per process that are handed out at a time: one being decided, one waiting."""


@dataclass(frozen=True)
class Pace:
    """How a run is cut up; the result does not depend on it.

    Parameters
    ----------
    shard : int
        Tickets that are decided and written down together. Within a shard they are sorted by length.
    processes : int or None
        Processes that decide; one for each core unless given.
    """

    shard: int = 1024
    processes: int | None = None


@dataclass
class Summary:
    """What a run did, for a person to read.

    Parameters
    ----------
    tally : Tally
        Rows read, usable, rejected and blank.
    written : int
        Rows in the result.
    counts : Counts
        Tickets by domain and urgency, for review, to be called.
    resumed : int
        Rows that an earlier, interrupted run had finished.
    seconds : float
        From the first row read to the closed output.
    notices : list of str
        What a person should know.
    output, rejects : Path or None
        Where results and rejected rows are; ``None`` for standard output, and for no rejects.
    """

    tally: Tally = field(default_factory=Tally)
    written: int = 0
    counts: Counts = field(default_factory=Counts)
    resumed: int = 0
    seconds: float = 0.0
    notices: list[str] = field(default_factory=list)
    output: Path | None = None
    rejects: Path | None = None

    def check(self) -> None:
        """Check that no row is lost or doubled.

        Raises
        ------
        RuntimeError
            If the sum does not hold: a fault of the program.
        """
        tally = self.tally
        if self.written != tally.usable or tally.read != self.written + tally.rejected + tally.blank:
            msg = f"rows do not add up: {tally}, written {self.written}"
            raise RuntimeError(msg)

    def lines(self) -> Iterator[str]:
        """Yield the summary in Chinese."""
        tally, counts = self.tally, self.counts
        yield f"读入 {tally.read} 行:写出 {self.written},拒收 {tally.rejected},空白 {tally.blank}(核对相符)"
        for part, by_label in (("领域", counts.domains), ("紧急程度", counts.urgencies)):
            if by_label:
                yield f"{part}:" + ",".join(f"{name} {count}" for name, count in by_label.most_common())
        yield f"需电话叫应 {counts.called} 件,需人工复核 {counts.review} 件"
        if self.resumed:
            yield f"接着上次做:其中 {self.resumed} 件上次已完成"
        fresh = self.written - self.resumed
        yield f"用时 {self.seconds:.1f} 秒,每秒 {fresh / self.seconds if self.seconds else 0.0:.0f} 件"
        for notice in self.notices:
            yield f"提示:{notice}"
        if self.rejects is not None:
            yield f"拒收的行及原因:{self.rejects}"
        if self.output is not None:
            yield f"结果:{self.output}"


def result_header(header: Sequence[str], added: Sequence[str]) -> tuple[str, ...]:
    """Return the export's columns with the added ones behind; one that the export already has is marked as ours."""
    return (*header, *(f"{name}(系统)" if name in header else name for name in added))


def default_output(source: Path) -> Path:
    """Return where the result of a file goes: beside it, as the same kind where that can be written."""
    ending = source.suffix.lower() if source.suffix.lower() in {".csv", ".tsv", ".jsonl", ".parquet"} else ".xlsx"
    return source.with_name(f"{source.stem}.routed{ending}")


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
    resume: bool = False,
    pace: Pace = Pace(),
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
        Whether a result that exists may be replaced, and the progress of an interrupted run thrown away.
    resume : bool
        Go on with what an interrupted run has finished; without one, start.
    pace : Pace
        How the work is cut up.

    Raises
    ------
    YousuError
        As :mod:`pipeline.errors` draws it. What is finished by then is kept for ``resume``.
    KeyboardInterrupt
        With one line on how to go on, if the run is interrupted.
    """
    if resume and source is None:
        raise UsageError("标准输入不能重读,无法接着做", remedy="把数据存成文件,或去掉 --resume")
    if output is None and source is not None:
        output = default_output(source)
    if rejects is None:
        rejects = (output or Path("stdin")).with_suffix(".rejects.csv")
    began, summary = time.perf_counter(), Summary()
    with ExitStack() as last, ExitStack() as stack:
        reading = {"columns": columns, "sheet": sheet, "encoding": encoding}
        export = stack.enter_context(open_export(source, rejects=rejects, **reading))  # type: ignore[arg-type]
        header = result_header(export.header, desk.columns)
        job = None
        if source is not None and output is not None:
            _refuse_existing(output, overwrite=overwrite, resume=resume)
            basis = {**find_basis(desk), "输入文件": fingerprint(source), "参数": repr((reading, header, pace.shard))}
            # Left last of all: until result and rejects stand, the progress does.
            job = last.enter_context(_progress(output, basis, resume=resume, overwrite=overwrite))
        anew = overwrite or (job is not None and job.resumed)
        result = stack.enter_context(open_result(output, header, overwrite=anew))
        order = Order(str(desk.model), str(desk.rules), output.suffix.lower() if output else "", header, desk.for_units)
        with _unchanged(source):
            _run(export, result, _Line(desk, order, job, pace), summary)
        summary.tally, summary.written = export.tally, result.rows
        summary.check()
    summary.seconds = time.perf_counter() - began
    summary.output, summary.rejects = output, export.rejects_path
    summary.notices = [*desk.notices, *export.notices, *result.notices]
    return summary


def find_basis(desk: Desk) -> dict[str, str]:
    """Return what a desk's answers rest on: a Chinese name and a fingerprint each."""
    model = [fingerprint(path) for name in _MODEL_FILES if (path := desk.model / name).exists()]
    names = {"userdict.txt": "用户词典", "places.toml": "地名表", "signals.toml": "信号词表"}
    tables = [path for path in sorted(DATA.iterdir()) if path.suffix in (".toml", ".txt") and path != desk.rules]
    others = {names.get(path.name, path.name): fingerprint(path) for path in tables}
    code = "".join(fingerprint(path) for path in sorted((ROOT / "pipeline").rglob("*.py")))
    program = f"{__version__} {zlib.crc32(code.encode()):08x}"
    shown = "给承办单位" if desk.for_units else "完整"
    return {"模型": " ".join(model), "派单表": fingerprint(desk.rules), "保密": shown, **others, "程序": program}


def _refuse_existing(output: Path, *, overwrite: bool, resume: bool) -> None:
    """Refuse a result that stands, unless it may be replaced or the run that wrote it is being gone on with."""
    going_on = resume and output.with_name(f".{output.name}.job").exists()
    if output.exists() and not overwrite and not going_on:
        raise OutputError("输出文件已经存在", where=output, remedy="换一个文件名,或先移走原来的文件")


@contextmanager
def _progress(output: Path, basis: Mapping[str, str], *, resume: bool, overwrite: bool) -> Iterator[Job]:
    """Give a job; on an error say how to go on with what is finished, and without one remove the progress."""
    job = Job(output, basis, resume=resume, overwrite=overwrite)
    try:
        yield job
    except InputError:  # an input that is mended is another input
        job.close(keep=False)
        raise
    except (KeyboardInterrupt, YousuError) as error:
        finished = _count_finished(job)
        job.close(keep=True)
        if not finished:
            raise
        how = f"已完成的 {finished} 件已保存,用同样的命令加 --resume 接着做"
        if isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt(f"已中断,{how}") from None
        error.remedy = f"{error.remedy};{how}" if error.remedy else how
        raise
    except BaseException:
        job.close(keep=True)
        raise
    job.close(keep=False)


def _count_finished(job: Job) -> int:
    """Return how many rows are finished, 0 where the disk does not even say that."""
    try:
        return job.finished()
    except OutputError:
        return 0


@contextmanager
def _unchanged(source: Path | None) -> Iterator[None]:
    """Refuse a result whose input was written to while it was read.

    Raises
    ------
    InputError
        If the file is another one at the end, or was written to.
    """
    before = _stamp(source)
    yield
    if _stamp(source) != before:
        raise InputError("输入文件在运行途中被改写", where=source, remedy="等它写完后用 --overwrite 重新运行")


def _stamp(source: Path | None) -> tuple[int, ...]:
    """Return what changes when a file is written to."""
    if source is None:
        return ()
    try:
        status = source.stat()
    except OSError:
        return (-1,)
    return status.st_size, status.st_mtime_ns, status.st_ino


@dataclass(frozen=True)
class _Line:
    """What a run works with."""

    desk: Desk
    order: Order
    job: Job | None
    pace: Pace


@dataclass(frozen=True)
class _Shard:
    """A stretch of tickets on its way: its answer, found in the job or to come."""

    number: int
    packed: bytes
    rows: int
    found: Answered | None
    coming: Future[Answered] | None


def _run(export: Export, result: Result, line: _Line, summary: Summary) -> None:
    """Decide on every ticket and write it, in the order of the export."""
    from tqdm import tqdm  # noqa: PLC0415 - what answers one ticket does without it

    shards = iter(_cut(export, line.pace.shard))
    ahead = list(itertools.islice(shards, 2))
    several = len(ahead) > 1
    everything = enumerate(itertools.chain(ahead, shards))
    ahead = []
    with ExitStack() as stack, tqdm(desc="派单", unit="件", disable=None) as bar:
        size = line.pace.processes or cores()
        crew: Crew = Here(line.desk, line.order)
        if several and size > 1:
            crew = stack.enter_context(Pool(line.order, size))
        job = line.job if several else None
        under_way: deque[_Shard] = deque()
        for number, tickets in everything:
            under_way.append(_begin(number, pack_tickets(tickets), len(tickets), job, crew))
            while len(under_way) >= _IN_FLIGHT * crew.size:
                bar.update(_finish(under_way.popleft(), result, job, summary))
        while under_way:
            bar.update(_finish(under_way.popleft(), result, job, summary))


def _cut(tickets: Iterator[Ticket] | Export, size: int) -> Iterator[list[Ticket]]:
    """Yield tickets by the shard."""
    source = iter(tickets)
    while shard := list(itertools.islice(source, size)):
        yield shard


def _begin(number: int, packed: bytes, rows: int, job: Job | None, crew: Crew) -> _Shard:
    """Take a shard's answer from the job, or have it decided."""
    found = job.find(number, packed) if job else None
    return _Shard(number, packed, rows, found, None if found else crew.submit(packed))


def _finish(shard: _Shard, result: Result, job: Job | None, summary: Summary) -> int:
    """Write a shard down and out, and return its rows."""
    if shard.found is not None:
        part, counts = shard.found
        summary.resumed += shard.rows
    else:
        assert shard.coming is not None
        part, counts = shard.coming.result()
        if job is not None:
            job.store(shard.number, shard.packed, shard.rows, part, counts)
    result.write_part(part, shard.rows)
    summary.counts.add(counts)
    return shard.rows
