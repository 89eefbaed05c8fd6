"""The same job on Ray Data: a folder of exports, an actor pool of desks, on one machine or many.

Each file is a partition: read, decided and written by one actor, independently of all others. What is finished is
told by a small JSON file in the result's folder, written after the partition itself, so a job goes on where it was
stopped; an actor or a node that dies has its partition decided again. Files may lie on any system that fsspec knows.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.batch.desk import Counts, Desk
from pipeline.batch.run import Pace, Summary, find_basis, run_file
from pipeline.errors import InputError, OutputError, UsageError, YousuError
from pipeline.tables import ROOT
from pipeline.tickets import ColumnChoice, Tally

__all__ = ["Partition", "decide_partition", "list_partitions", "run_folder"]

_ENDINGS = {".parquet", ".csv", ".tsv", ".jsonl"}
_FINISHED = "_finished"


@dataclass(frozen=True)
class Partition:
    """One file of a job.

    Parameters
    ----------
    source, target, finished : str
        The export, its result, and the record that says that the result stands; paths or URLs.
    """

    source: str
    target: str
    finished: str


@dataclass(frozen=True)
class Reading:
    """How every partition is read.

    Parameters
    ----------
    columns : ColumnChoice
        Columns named by hand.
    encoding : str or None
        The encoding of text files.
    """

    columns: ColumnChoice
    encoding: str | None = None


def run_folder(
    inputs: str,
    output: str | None,
    desk: Desk,
    *,
    columns: ColumnChoice,
    encoding: str | None = None,
    overwrite: bool = False,
    resume: bool = False,
    cluster: str | None = None,
    workers: int | None = None,
) -> Summary:
    """Decide on every ticket of a folder, a glob or a single file, partition by partition.

    Parameters
    ----------
    inputs : str
        A folder, glob or file of parquet, csv, tsv or jsonl; a path or any URL of fsspec.
    output : str or None
        The result's folder; beside the inputs with ``.routed`` behind its name unless given.
    desk : Desk
        Who decides; every node needs the project, the model and the tables at the same paths.
    columns, encoding
        How the files are read.
    overwrite, resume : bool
        Whether what stands in the folder may be replaced, or is to be gone on with.
    cluster : str, optional
        Address of a Ray cluster (``auto``); a Ray of its own on this machine unless given.
    workers : int, optional
        Actors; one for each CPU that Ray has unless given.

    Raises
    ------
    UsageError
        If Ray is not installed.
    InputError
        If there is nothing to read, or a partition could not be read; the others stand.
    OutputError
        If the folder holds results already, or what they rest on has changed.
    """
    _require_ray()
    began, reading = time.perf_counter(), Reading(columns, encoding)
    target = output or f"{inputs.split('*', maxsplit=1)[0].rstrip('/').removesuffix('.')}.routed"
    partitions = list_partitions(inputs, target)
    basis = {**find_basis(desk), "参数": repr(reading)}
    done = _find_finished(partitions, basis, overwrite=overwrite, resume=resume)
    left = [partition for partition in partitions if partition.source not in done]
    records = list(done.values())
    if left:
        plan = _Plan(str(desk.model), str(desk.rules), reading, basis, desk.for_units)
        records += _run_on_ray(left, plan, cluster, workers)
    summary = _sum_up(records, resumed=list(done.values()))
    failed = [record for record in records if "error" in record]
    if failed:
        found = f"{len(failed)} 个文件没有做成,首个:{failed[0]['error']}"
        raise InputError(found, remedy="修好后用同样的命令加 --resume 接着做,其余文件的结果已写好")
    summary.seconds, summary.output = time.perf_counter() - began, Path(target)
    summary.notices = [*desk.notices, f"共 {len(partitions)} 个文件,每个文件一份结果"]
    return summary


def list_partitions(inputs: str, target: str) -> list[Partition]:
    """Return the partitions of a job, by name.

    Raises
    ------
    InputError
        If there is none, or two have the same name.
    """
    system, path = _system(inputs)
    if system.isdir(path):
        found = [entry for entry in system.ls(path, detail=False) if PurePosixPath(entry).suffix.lower() in _ENDINGS]
    else:
        found = system.glob(path)
    found = sorted(entry for entry in found if not PurePosixPath(entry).name.startswith((".", "_")))
    names = [PurePosixPath(entry).name for entry in found]
    if not found:
        raise InputError("没有可读的文件", where=inputs, expected="、".join(sorted(_ENDINGS)))
    if len(set(names)) < len(names):
        raise InputError("不同文件夹里有同名文件", where=inputs, remedy="改名,或分开运行")
    base = target.rstrip("/")
    return [
        Partition(system.unstrip_protocol(entry), f"{base}/{name}", f"{base}/{_FINISHED}/{name}.json")
        for entry, name in zip(found, names, strict=True)
    ]


def decide_partition(partition: Partition, desk: Desk, reading: Reading, basis: Mapping[str, str]) -> dict[str, Any]:
    """Decide on one file and return the record that says so.

    Parameters
    ----------
    partition : Partition
        The file.
    desk : Desk
        Who decides.
    reading : Reading
        How it is read.
    basis : mapping of str to str
        What the answers rest on, for the record.

    Returns
    -------
    dict
        Source, basis, tally and counts; or ``error``, one Chinese line, where the file cannot be read.
    """
    source, path = _system(partition.source)
    stamp = source.ukey(path)
    try:
        with _local_copy(partition.source) as export, _local_target(partition.target) as result:
            pace = Pace(processes=1)
            options = {"columns": reading.columns, "encoding": reading.encoding, "pace": pace}
            summary = run_file(export, result, desk, overwrite=True, **options)  # type: ignore[arg-type]
            if source.ukey(path) != stamp:
                raise InputError("输入文件在运行途中被改写", where=partition.source)
    except YousuError as error:
        return {"source": partition.source, "error": error.line()}
    record = {
        "source": partition.source,
        "stamp": stamp,
        "basis": dict(basis),
        "tally": asdict(summary.tally),
        "counts": summary.counts.record(),
        "process": os.getpid(),
    }
    _write_record(partition.finished, record)
    return record


@dataclass(frozen=True)
class _Plan:
    """What every actor is told."""

    model: str
    rules: str
    reading: Reading
    basis: Mapping[str, str]
    for_units: bool


class _Decider:
    """An actor: a desk that decides on one partition at a time."""

    def __init__(self, plan: _Plan) -> None:
        self._plan = plan
        self._desk = Desk(Path(plan.model), Path(plan.rules), for_units=plan.for_units)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """Decide on the partitions of a batch and return their records as JSON."""
        partitions = [Partition(**json.loads(str(told))) for told in batch["partition"]]
        records = [
            decide_partition(partition, self._desk, self._plan.reading, self._plan.basis) for partition in partitions
        ]
        return {"record": [json.dumps(record, ensure_ascii=False) for record in records]}


def _require_ray() -> None:
    """Say what to install where Ray is missing."""
    try:
        import ray.data  # noqa: F401, PLC0415 - only here
    except ImportError:
        raise UsageError("没有安装 Ray", remedy='先运行 pip install -e ".[cluster]"') from None


def _run_on_ray(
    partitions: Sequence[Partition], plan: _Plan, address: str | None, workers: int | None
) -> list[dict[str, Any]]:
    """Hand the partitions to an actor pool and return their records."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is told to anyone
    import ray  # noqa: PLC0415

    own = {} if address else {"include_dashboard": False, "num_cpus": workers}
    environment = {"env_vars": {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "RAY_USAGE_STATS_ENABLED": "0"}}
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)
    ray.init(address=address, runtime_env=environment, log_to_driver=False, logging_level="ERROR", **own)
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        size = min(len(partitions), workers or int(ray.cluster_resources().get("CPU", 1)))
        told = [{"partition": json.dumps(asdict(partition), ensure_ascii=False)} for partition in partitions]
        dataset = ray.data.from_items(told, override_num_blocks=len(told)).map_batches(
            _Decider,
            fn_constructor_args=(plan,),
            compute=ray.data.ActorPoolStrategy(size=size),
            batch_size=1,
            num_cpus=1,
        )
        return [json.loads(row["record"]) for row in dataset.iter_rows()]
    finally:
        ray.shutdown()


def _find_finished(
    partitions: Iterable[Partition], basis: Mapping[str, str], *, overwrite: bool, resume: bool
) -> dict[str, dict[str, Any]]:
    """Return the records of the partitions that stand, by source; refuse what may not be replaced."""
    if overwrite and not resume:
        return {}
    found = {}
    for partition in partitions:
        record = _read_record(partition.finished)
        if record is None:
            continue
        if not resume:
            raise OutputError(
                "结果文件夹里已有结果", where=partition.target, remedy="加 --resume 接着做,或加 --overwrite 从头做"
            )
        names = dict.fromkeys((*record["basis"], *basis))
        changed = [name for name in names if record["basis"].get(name) != basis.get(name)]
        system, path = _system(partition.source)
        if system.ukey(path) != record["stamp"]:
            changed.append(f"输入文件 {PurePosixPath(path).name} ")
        if changed:
            raise OutputError(
                f"不能接着做:{'、'.join(changed)}在中断之后改过",
                where=partition.target,
                remedy="恢复原样后再加 --resume,或加 --overwrite 从头做",
            )
        found[partition.source] = record
    return found


def _sum_up(records: Iterable[Mapping[str, Any]], resumed: Iterable[Mapping[str, Any]]) -> Summary:
    """Return the sum over all partitions, checked."""
    summary = Summary()
    for record in records:
        if "error" in record:
            continue
        one = Tally(**record["tally"])
        for name, value in asdict(one).items():
            setattr(summary.tally, name, getattr(summary.tally, name) + value)
        summary.counts.add(Counts.read(record["counts"]))
    summary.written = summary.tally.usable
    summary.resumed = sum(record["tally"]["usable"] for record in resumed)
    summary.check()
    return summary


# --- Files anywhere --------------------------------------------------------------------------------------------------


def _system(url: str) -> tuple[Any, str]:
    """Return the file system of a path or URL, and the path on it."""
    import fsspec  # noqa: PLC0415 - comes with Ray

    system, path = fsspec.core.url_to_fs(url)
    return system, path


def _is_local(system: Any) -> bool:  # noqa: ANN401 - fsspec is untyped
    return "file" in (system.protocol if isinstance(system.protocol, tuple) else (system.protocol,))


@contextmanager
def _local_copy(url: str) -> Iterator[Path]:
    """Give a file as one on this machine."""
    system, path = _system(url)
    if _is_local(system):
        yield Path(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / PurePosixPath(path).name
        system.get_file(path, str(copy))
        yield copy


@contextmanager
def _local_target(url: str) -> Iterator[Path]:
    """Give a place on this machine for a result, and bring it and its rejects to where they belong."""
    system, path = _system(url)
    system.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
    if _is_local(system):
        yield Path(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / PurePosixPath(path).name
        for made in Path(folder).iterdir():
            system.put_file(str(made), str(PurePosixPath(path).with_name(made.name)))


def _write_record(url: str, record: Mapping[str, Any]) -> None:
    """Write a record whole: under another name, then moved."""
    system, path = _system(url)
    system.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
    system.pipe_file(f"{path}.partial", json.dumps(record, ensure_ascii=False).encode())
    system.mv(f"{path}.partial", path)


def _read_record(url: str) -> dict[str, Any] | None:
    """Return a record, ``None`` where the partition has none."""
    system, path = _system(url)
    try:
        record: dict[str, Any] = json.loads(system.cat_file(path))
    except (FileNotFoundError, ValueError):
        return None
    return record
