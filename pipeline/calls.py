"""The command behind ``predict.py calls``: enter, list, send and acknowledge calls."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.command import DONE, run_command
from pipeline.errors import MissingColumn
from pipeline.route.decision import Decision
from pipeline.route.ladder import Ladder
from pipeline.route.outbox import Alarm, Call, Outbox, Sender, send_due
from pipeline.route.webhook import Webhook
from pipeline.tables import DATA
from pipeline.tickets import Export, open_export
from pipeline.tickets.columns import find_column

__all__ = ["OUTBOX", "alarm_of", "main", "sending"]

OUTBOX = Path("calls.sqlite")
"""Where calls are kept unless another file is named: in the folder where the command runs."""
LADDER = DATA / "calls.toml"
_NAMES = {"yes": "叫应", "unit": "主办单位", "district": "属地", "domain": "领域"}
_FIELDS = {
    "yes": "call_until_acknowledged",
    "unit": "lead_unit",
    "district": "district",
    "domain": "domain",
}
_YES = frozenset({"是", "true", "1"})


def alarm_of(decision: Decision) -> Alarm | None:
    """Return the alarm that a decision is worth, or ``None`` where nobody need be called."""
    if not decision.call_until_acknowledged:
        return None
    return Alarm(decision.id, decision.lead_unit, decision.district, _matter(decision.domain))


def main(arguments: Sequence[str]) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str
        What stands behind ``predict.py calls``.

    Returns
    -------
    int
        0 done, 1 a mistake that the user can mend, 2 wrong usage.
    """
    given = _parse(arguments)
    return run_command(given.do, given)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="predict.py calls", description="特急件的叫应:叫到有人确认为止")
    parser.add_argument("--outbox", type=Path, default=OUTBOX, metavar="FILE", help=f"叫应库,默认 {OUTBOX}")
    parser.add_argument("--ladder", type=Path, default=LADDER, metavar="FILE", help="逐级呼叫表,默认 data/calls.toml")
    parser.add_argument("--debug", action="store_true", help="出错时显示完整调用栈")
    verbs = parser.add_subparsers(required=True, metavar="add|list|send|ack")
    add = verbs.add_parser("add", help="把结果表里要叫应的件放进叫应库;已有的不动")
    add.add_argument("routed", type=Path, metavar="ROUTED", help="predict.py 写出的结果表")
    add.set_defaults(do=_add)
    listing = verbs.add_parser("list", help="列出还没有人确认的")
    listing.add_argument("--all", action="store_true", help="连已确认的一起列出")
    listing.add_argument("--json", action="store_true", help="每件一行 JSON")
    listing.set_defaults(do=_list)
    send = verbs.add_parser("send", help="把到时的都发出去")
    send.add_argument("--url", help="发送地址,代替 data/calls.toml 的 url")
    send.add_argument("--every", type=_seconds, metavar="SECONDS", help="每隔几秒发一遍,直到中断;不写则只发一遍")
    send.set_defaults(do=_send)
    ack = verbs.add_parser("ack", help="确认收到,停止叫应")
    ack.add_argument("ticket", metavar="TICKET", help="工单编号")
    ack.add_argument("--by", required=True, help="谁确认的(工号或单位)")
    ack.add_argument("--note", default="", help="备注")
    ack.set_defaults(do=_acknowledge)
    return parser.parse_args(arguments)


def _add(given: argparse.Namespace) -> int:
    with open_export(given.routed, need_text=False) as export, _open(given) as outbox:
        entered = [outbox.add(alarm) for alarm in _alarms(export, given.routed)]
    _say(f"要叫应 {len(entered)} 件:新增 {sum(entered)},已有 {len(entered) - sum(entered)};叫应库 {given.outbox}")
    return DONE


def _list(given: argparse.Namespace) -> int:
    with _open(given) as outbox:
        calls = outbox.calls(open_only=not given.all)
    for call in calls:
        _say(json.dumps(_record(call), ensure_ascii=False) if given.json else _line(call))
    if not given.json:
        _say(f"未确认 {sum(call.acknowledged is None for call in calls)} 件")
    return DONE


def _send(given: argparse.Namespace) -> int:
    with _open(given) as outbox:
        endpoint = outbox.ladder.webhook
        sender = Webhook(replace(endpoint, url=given.url) if given.url else endpoint)
        for arrived, failed in sending(outbox, sender, given.every):
            if arrived or failed or given.every is None:
                waiting = len(outbox.calls())
                _say(f"送到 {arrived} 次,未送到 {failed} 次(将重试或转下一级),未确认 {waiting} 件")
    return DONE


def sending(
    outbox: Outbox, sender: Sender, every: int | None, pause: Callable[[float], None] = time.sleep
) -> Iterator[tuple[int, int]]:
    """Yield how many calls arrived and how many did not: once, or again and again until interrupted.

    Parameters
    ----------
    outbox, sender : Outbox, Sender
        What to send, and how.
    every : int or None
        How many seconds to pause between two rounds; ``None`` for one round.
    pause : callable
        What pauses.
    """
    yield send_due(outbox, sender)
    while every is not None:
        pause(every)
        yield send_due(outbox, sender)


def _seconds(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 3600:
        raise argparse.ArgumentTypeError("应为 1 到 3600 的整秒数")
    return int(text)


def _acknowledge(given: argparse.Namespace) -> int:
    with _open(given) as outbox:
        first = outbox.acknowledge(given.ticket, given.by, given.note)
    _say(f"已确认工单 {given.ticket}" if first else f"工单 {given.ticket} 此前已有人确认")
    return DONE


def _open(given: argparse.Namespace) -> Outbox:
    return Outbox(given.outbox, Ladder.load(given.ladder))


def _alarms(export: Export, path: Path) -> Iterator[Alarm]:
    """Yield the alarms of a result; its own columns tell who must be called."""
    at = {part: _column(export.header, part) for part in _NAMES}
    if at["yes"] is None or at["unit"] is None:
        raise MissingColumn(
            "不是派单结果:没有“叫应”和“主办单位”列", where=path, remedy="先用 predict.py 得到结果,再对结果用 calls add"
        )
    for ticket in export:
        cells = {part: _text(ticket.cells, column) for part, column in at.items()}
        if cells["yes"].lower() in _YES:
            yield Alarm(ticket.id or str(ticket.row), cells["unit"], cells["district"], _matter(cells["domain"]))


def _column(header: Sequence[str], part: str) -> int | None:
    names = (f"{_NAMES[part]}(系统)", _NAMES[part], _FIELDS[part])
    return next((at for name in names if (at := find_column(header, name)) is not None), None)


def _text(cells: Sequence[object], column: int | None) -> str:
    cell = None if column is None or column >= len(cells) else cells[column]
    return "" if cell is None else str(cell).strip()


def _matter(domain: str) -> str:
    """Return what an alarm may say: the domain, suspected; the caller's words stay in the ticket."""
    return f"疑似{domain}特急" if domain else "疑似特急"


def _record(call: Call) -> dict[str, object]:
    return {
        "ticket": call.alarm.ticket,
        "unit": call.alarm.unit,
        "district": call.alarm.district,
        "matter": call.alarm.matter,
        "to": call.to,
        "entered": call.entered.isoformat(),
        "due": call.due.isoformat(),
        "rung": call.rung + 1,
        "round": call.round + 1,
        "attempts": call.attempts,
        "sent": call.sent,
        "trouble": call.trouble,
        "acknowledged": None if call.acknowledged is None else call.acknowledged.isoformat(),
        "acknowledged_by": call.acknowledged_by,
    }


def _line(call: Call) -> str:
    """Return a call as the duty officer reads it."""
    head = f"{call.alarm.ticket} {call.alarm.matter} {call.alarm.district or '属地未知'} {call.alarm.unit}"
    if call.acknowledged is not None:
        return f"{head}:{call.acknowledged:%m-%d %H:%M} {call.acknowledged_by}确认"
    trouble = f",上次未送到:{call.trouble}" if call.trouble else ""
    return f"{head}:{call.entered:%m-%d %H:%M} 建立,已送到 {call.sent} 次,{call.due:%H:%M:%S} 呼叫{call.to}{trouble}"


def _say(*lines: str) -> None:
    print(*lines, sep="\n", file=sys.stdout)  # noqa: T201 - this is the command's voice
