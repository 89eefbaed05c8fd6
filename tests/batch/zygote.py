"""Runs ``run_file`` in forked children that share one loaded desk: real processes, killed for real, without the start.

Called by ``test_resume.py`` as ``python zygote.py FOLDER KILLS SEED``; prints one JSON object.
"""

import json
import os
import random
import select
import signal
import sys
import time
import traceback
from pathlib import Path

from pipeline.batch.run import Desk, Pace, run_file
from pipeline.tickets import ColumnChoice

PACE = Pace(shard=4, processes=1)


def decide(desk, source, output, **options):
    return run_file(source, output, desk, columns=ColumnChoice(), pace=PACE, **options)


def fork(desk, source, output):
    """Start a run in a child; return its id and a descriptor that ends with it."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        code = 1
        try:
            decide(desk, source, output, resume=True)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(theirs)
    return child, ours


def main(folder, kills, seed):
    chance = random.Random(seed)
    desk = Desk()
    source, whole, output = folder / "in.csv", folder / "whole.csv", folder / "out.csv"
    began = time.perf_counter()
    decide(desk, source, whole)
    usual = time.perf_counter() - began
    killed = ended = 0
    while killed < kills:
        if output.exists() and not (folder / ".out.csv.job").exists():
            # Done, or killed when all was done.
            assert output.read_bytes() == whole.read_bytes()
            ended += 1
            output.unlink()
        child, life = fork(desk, source, output)
        # Waits for the child's end at the longest, or for a random moment of a run's usual time.
        select.select([life], [], [], chance.random() * usual / 3)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        os.close(life)
        if os.WIFSIGNALED(status):
            killed += 1
        else:
            assert os.WEXITSTATUS(status) == 0
    if not output.exists() or (folder / ".out.csv.job").exists():
        summary = decide(desk, source, output, resume=True)
        summary.check()
    same = output.read_bytes() == whole.read_bytes()
    rejects = (folder / "out.rejects.csv").read_bytes() == (folder / "whole.rejects.csv").read_bytes()
    left = sorted(path.name for path in folder.iterdir())
    told = {"killed": killed, "ended": ended, "same": same, "rejects": rejects, "left": left}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
