"""Processes that fail, die or are no longer wanted: nobody waits for them."""

import os
import signal
from pathlib import Path

import pytest

from pipeline.batch.desk import DEFAULT_MODEL, DEFAULT_RULES
from pipeline.batch.pool import Pool, cores
from pipeline.batch.worker import Order, pack_tickets, unpack_tickets
from pipeline.errors import ModelError, YousuError
from pipeline.tickets import Ticket

HEADER = ("编号", "诉求内容")


def tickets(count=3):
    return [Ticket(row, None, (row, "停水了"), str(row), "", "停水了", None, "") for row in range(count)]


def order(model=DEFAULT_MODEL):
    return Order(str(model), str(DEFAULT_RULES), ".csv", HEADER)


def test_an_error_of_a_worker_is_the_runs(tmp_path):
    """More shards than processes: none of them may wait for a process that has failed."""
    with Pool(order(tmp_path / "none"), 2) as pool:
        coming = [pool.submit(pack_tickets(tickets())) for _ in range(6)]
        for one in coming:
            with pytest.raises(ModelError, match="没有这个模型目录") as caught:
                one.result()
    assert "none" in caught.value.line()


def test_leaving_in_a_hurry_waits_for_nobody():
    with pytest.raises(KeyboardInterrupt), Pool(order(), 2) as pool:
        coming = [pool.submit(pack_tickets(tickets(200))) for _ in range(40)]
        raise KeyboardInterrupt
    assert sum(not one.cancelled() and one.exception() is None for one in coming) < 40
    assert all(worker._process.returncode is not None for worker in pool._workers)


def test_processes_that_die_again_and_again_end_the_run(monkeypatch):
    monkeypatch.setattr("pipeline.batch.pool.sys.executable", "/bin/false" if Path("/bin/false").exists() else "false")
    with Pool(order(), 1) as pool, pytest.raises(YousuError, match="反复意外退出"):
        pool.submit(pack_tickets(tickets())).result()


@pytest.mark.slow
def test_a_process_that_dies_is_replaced():
    with Pool(order(), 1) as pool:
        first = pool.submit(pack_tickets(tickets())).result()
        os.kill(pool._workers[0]._process.pid, signal.SIGKILL)
        assert pool.submit(pack_tickets(tickets())).result() == first
        assert len(pool._workers) == 2


def test_tickets_survive_the_way(tmp_path):
    from datetime import date, datetime

    cells = (1, 2.5, None, True, "'=1+1", datetime(2024, 1, 2, 3, 4, 5), date(2024, 1, 2), "\ud83d")
    one = Ticket(7, "表", cells, "7", "题", "文", datetime(2024, 1, 2, 3, 4, 5, 678), "地址")
    assert unpack_tickets(pack_tickets([one])) == [one]


def test_there_is_a_core():
    assert cores() >= 1
