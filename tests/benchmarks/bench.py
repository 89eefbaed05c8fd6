"""How fast it is, from the start of the process to the closed output, beside what one would take instead.

    make bench                       all of it, some minutes
    python -m tests.benchmarks.bench --rows 5000 --rivals 20 -o bench.json

Machines are noisy: what runs beside this takes its share of every figure, so the ratios are what counts. The bare
session is timed just before and just after the whole command, on the same token batches, in as many processes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from pipeline.batch.desk import DEFAULT_MODEL, Desk
from pipeline.batch.pool import cores
from pipeline.infer import processor
from pipeline.infer.heads import split_columns
from pipeline.infer.tokens import equal_batches
from pipeline.text.prepare import prepare
from pipeline.tickets import Ticket, open_export, open_result
from tests.benchmarks import rivals
from tests.benchmarks.texts import HUNDRED, LENGTHS, make_texts, write_export

ROOT = Path(__file__).resolve().parent.parent.parent
SHARD = 1024


def ticket(number, text):
    return Ticket(number, None, (f"T{number}", text), f"T{number}", "", text, None, "")


# --- The whole command -----------------------------------------------------------------------------------------------


def run_command(source, target, model):
    """Run ``predict.py`` and return its seconds and the highest memory of all its processes together, in MB."""
    command = [sys.executable, str(ROOT / "predict.py"), str(source), "-o", str(target), "--overwrite"]
    began = time.perf_counter()
    peaks = {}
    with subprocess.Popen([*command, "--model", str(model)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        while True:
            peaks.update(read_peaks(run.pid))
            try:
                run.wait(0.25)
                break
            except subprocess.TimeoutExpired:
                continue
        told = run.communicate()
    assert run.returncode == 0, told
    return time.perf_counter() - began, sum(peaks.values()) / 1024


def read_peaks(parent):
    """Return the highest resident memory so far of a process and its children, in KB by process."""
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    except OSError:
        return {}
    peaks = {}
    for one in [str(parent), *children]:
        try:
            status = Path(f"/proc/{one}/status").read_text()
        except OSError:
            continue
        marks = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
        if marks:  # none of a process that has ended and was not yet waited for
            peaks[one] = marks[0]
    return peaks


# --- The bare session ------------------------------------------------------------------------------------------------


def run_bare(source, model):
    """Return the tickets a second of bare sessions, one process for each core, over the same token batches."""
    count = cores()
    command = [sys.executable, "-m", "tests.benchmarks.bench", "--model", str(model), "--bare"]
    workers = [
        subprocess.Popen(
            [*command, str(source), str(part), str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for part in range(count)
    ]
    for worker in workers:
        assert worker.stdout.readline().strip() == "ready"
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    return sum(float(worker.communicate()[0]) for worker in workers)


def serve_bare(source, part, count, model):
    """Be one process of :func:`run_bare`: every ``count``-th shard, tokenised before the clock starts."""
    predictor = Desk(model)._predictor
    with open_export(Path(source)) as export:
        texts = [prepare("", one.text) for one in export]
    shards = [texts[at : at + SHARD] for at in range(0, len(texts), SHARD)][part::count]
    batches = [list(equal_batches(predictor.encode(shard))) for shard in shards]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    began = time.perf_counter()
    for shard in batches:
        for _, ids in shard:
            predictor._session.run(None, {"input_ids": ids})
    seconds = time.perf_counter() - began
    done = sum(map(len, shards))
    sys.stdout.write(f"{done / seconds if done else 0}\n")


# --- Each step -------------------------------------------------------------------------------------------------------


def measure_steps(source, folder, model):
    """Return microseconds of one core a ticket, by step, in the order of the flow."""
    desk = Desk(model)
    predictor, router = desk._predictor, desk._router
    spent = {}

    def step(name, do):
        began = time.process_time()
        done = do()
        spent[name] = (time.process_time() - began) * 1e6 / count
        return done

    count = 1
    with open_export(source) as export:
        began = time.process_time()
        tickets = list(export)
        count = len(tickets)
        spent["read"] = (time.process_time() - began) * 1e6 / count
    texts = step("clean, strip, mask", lambda: [prepare(one.title, one.text) for one in tickets])
    words = step("segment (jieba)", lambda: [predictor._words.words(text) for text in texts])
    ids = step("tokenise", lambda: [predictor._encoder.ids_of_words(one) for one in words])
    scores = step("encode (BERT, int8)", lambda: in_shards(predictor.run, ids))
    wide = step("linear branch", lambda: predictor._linear_scores(words))
    heads = predictor.card.heads
    parts = list(zip(heads, split_columns(heads, scores), wide, strict=True))
    answers = step("answers", lambda: [head.answer(one, linear) for head, one, linear in parts])
    del answers
    predictions = predictor.predict(texts)
    routed = step(
        "signals, rules, places",
        lambda: [desk._route(*row) for row in zip(tickets, texts, predictions, strict=True)],
    )
    with open_result(folder / "steps.csv", (*export.header, *desk.columns), overwrite=True) as result:

        def write():
            for one, done in zip(tickets, routed, strict=True):
                result.write((*one.cells, *done.cells()))

        step("write", write)
    del router
    return spent


def in_shards(run, ids):
    """Return the scores, computed as a run computes them."""
    return np.concatenate([run(ids[at : at + SHARD]) for at in range(0, len(ids), SHARD)])


# --- Start-up and latency --------------------------------------------------------------------------------------------


def measure_start(model):
    """Return the seconds of ``predict.py --one``, the best of five, and the median milliseconds of a resident desk."""
    command = [sys.executable, str(ROOT / "predict.py"), "--one", "楼道里煤气味很大", "--model", str(model)]
    # Compiled files are kept, as they are on any machine where a command runs twice.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    starts = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=env)
        starts.append(time.perf_counter() - began)
    desk, taken = Desk(model), []
    for number, text in enumerate(make_texts(200)):
        began = time.perf_counter()
        desk.decide([ticket(number, text)])
        taken.append(time.perf_counter() - began)
    return min(starts), float(np.median(taken)) * 1000


# --- All of it -------------------------------------------------------------------------------------------------------


def measure(given):
    """Run everything and return one record."""
    record = {
        "processor": processor.name(),
        "vnni": processor.has_vnni(),
        "cores": cores(),
        "load_before": os.getloadavg()[0],
        "model": Desk(given.model).card.version,
        "runs": [],
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "in.csv"
        for rows, lengths in [*((rows, "hundred") for rows in given.rows), (given.rows[0], "hotline")]:
            write_export(source, rows, HUNDRED if lengths == "hundred" else LENGTHS)
            before = run_bare(source, given.model)
            seconds, memory = run_command(source, folder / "out.csv", given.model)
            after = run_bare(source, given.model)
            bare = (before + after) / 2
            run = {"rows": rows, "lengths": lengths, "seconds": seconds, "rate": rows / seconds, "peak_mb": memory}
            record["runs"].append({**run, "bare_before": before, "bare_after": after, "of_bare": rows / seconds / bare})
        write_export(source, min(given.rows[0], 5000))
        record["steps_us"] = measure_steps(source, folder, given.model)
    record["start_s"], record["resident_ms"] = measure_start(given.model)
    if given.rivals:
        texts = list(make_texts(given.rivals))
        record["rivals"] = rivals.measure_bert(texts)
        record["rivals"].update(rivals.measure_linear(list(make_texts(given.rivals * 20))))
    record["load_after"] = os.getloadavg()[0]
    return record


def table(record):
    """Yield the record as a table in Markdown."""
    yield f"{record['processor']}, {record['cores']} cores, VNNI {record['vnni']}, load {record['load_before']:.1f}"
    yield ""
    yield "| what | tickets a second | beside |"
    yield "|---|---:|---|"
    for run in record["runs"]:
        beside = f"{run['of_bare']:.0%} of the bare sessions' {run['rate'] / run['of_bare']:.0f}"
        told = "about 100 characters" if run["lengths"] == "hundred" else "lengths of a real hotline"
        beside += f"; peak {run['peak_mb']:.0f} MB"
        yield f"| `predict.py`, {run['rows']:,} rows, {told} | {run['rate']:.0f} | {beside} |"
    best = record["runs"][0]["rate"]
    for name, found in record.get("rivals", {}).items():
        yield f"| {name} | {found:.1f} | predict.py is {best / found:.1f} times that |"
    yield ""
    yield "| step | µs of one core a ticket | share |"
    yield "|---|---:|---:|"
    total = sum(record["steps_us"].values())
    for name, spent in record["steps_us"].items():
        yield f"| {name} | {spent:.0f} | {spent / total:.0%} |"
    yield ""
    resident = f"resident, one ticket {record['resident_ms']:.1f} ms (median)"
    yield f"Start to first answer {record['start_s']:.2f} s; {resident}."


def parse():
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000], help="sizes of the exports")
    parser.add_argument("--rivals", type=int, default=64, help="rows for the slow ones; 0 leaves them out")
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL)
    parser.add_argument("-o", "--output", type=Path, help="where the JSON goes")
    parser.add_argument("--bare", nargs=3, metavar=("FILE", "PART", "COUNT"), help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    """Measure, print, write."""
    given = parse()
    if given.bare:
        source, part, count = given.bare
        serve_bare(source, int(part), int(count), given.model)
        return
    record = measure(given)
    sys.stdout.write("\n".join(table(record)) + "\n")
    if given.output:
        given.output.parent.mkdir(parents=True, exist_ok=True)
        given.output.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
