"""Which machinery runs a job: processes of this machine over one export, or Ray over a folder of them."""

from __future__ import annotations

from pathlib import Path

from pipeline.batch.desk import Desk
from pipeline.batch.run import Summary, run_file
from pipeline.errors import UsageError
from pipeline.tickets import ColumnChoice

__all__ = ["ENGINES", "run_engine"]

ENGINES = ("local", "ray")


def run_engine(
    engine: str,
    source: str | Path,
    output: str | Path | None,
    desk: Desk,
    *,
    columns: ColumnChoice,
    sheet: str | None = None,
    encoding: str | None = None,
    rejects: str | Path | None = None,
    overwrite: bool = False,
    resume: bool = False,
    cluster: str | None = None,
) -> Summary:
    """Decide on every ticket of one export, or with Ray of many.

    Parameters
    ----------
    engine : {"local", "ray"}
        ``local`` takes one file or ``-``, ``ray`` a folder, a glob or a URL.
    source, output, desk, columns, sheet, encoding, rejects, overwrite, resume
        As :func:`pipeline.batch.run.run_file` and :func:`pipeline.batch.cluster.run_folder` take them.
    cluster : str, optional
        Address of a Ray cluster.

    Raises
    ------
    UsageError
        If an option belongs to the other engine.
    """
    if engine == "local":
        if cluster is not None:
            raise UsageError("--cluster 只用于 Ray", remedy="加 --engine ray")
        return run_file(
            None if str(source) == "-" else Path(source),
            None if output is None else Path(output),
            desk,
            columns=columns,
            sheet=sheet,
            encoding=encoding,
            rejects=None if rejects is None else Path(rejects),
            overwrite=overwrite,
            resume=resume,
        )
    if str(source) == "-" or sheet is not None or rejects is not None:
        raise UsageError("--engine ray 读一个文件夹,不用标准输入、--sheet 和 --rejects", remedy="去掉它们")
    from pipeline.batch.cluster import run_folder  # noqa: PLC0415 - an extra of its own

    target = None if output is None else str(output)
    more = {"encoding": encoding, "overwrite": overwrite, "resume": resume, "cluster": cluster}
    return run_folder(str(source), target, desk, columns=columns, **more)  # type: ignore[arg-type]
