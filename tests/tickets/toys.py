"""Authored toy tickets, and the bytes of the two containers that no library of ours writes."""

import struct

HEADER = ["工单编号", "标题", "诉求内容", "来电时间", "事发地址"]
ROWS = [
    [
        "2024012500001",
        "楼道堆物",
        "幸福小区三单元楼道堆满纸箱,消防通道走不过去人,请尽快派人清理。",
        "2024-01-25 08:03",
        "幸福路1号",
    ],
    [
        "2024012500002",
        "暖气不热",
        "家里暖气片摸着是凉的,室温只有十四度,家中有老人,盼望早点供热。",
        "2024-01-25 08:05",
        "和平巷2号",
    ],
    [
        "2024012500003",
        "路灯不亮",
        "团结桥东头的路灯坏了一个多星期,晚上走路看不清,希望修一下。",
        "2024-01-25 08:09",
        "团结桥",
    ],
]


def ole(name: str, stream: bytes) -> bytes:
    """A compound file with one stream ([MS-CFB]), the container of xls and of encrypted xlsx."""
    sector, end, free = 512, 0xFFFFFFFE, 0xFFFFFFFF
    stream = stream.ljust(max(4096, -(-len(stream) // sector) * sector), b"\0")
    count = len(stream) // sector
    fat = [0xFFFFFFFD, end, *range(3, count + 2), end]
    fat += [free] * (128 - len(fat))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<109I", 0, *[free] * 108)

    def entry(title, kind, child, start, size):
        raw = title.encode("utf-16-le") + b"\0\0"
        return (
            raw.ljust(64, b"\0")
            + struct.pack("<HBBIII", len(raw), kind, 1, free, free, child)
            + b"\0" * 36
            + struct.pack("<IQ", start, size)
        )

    folder = entry("Root Entry", 5, 1, end, 0) + entry(name, 2, free, 2, len(stream))
    folder += (b"\0" * 68 + struct.pack("<III", free, free, free) + b"\0" * 48) * 2
    return head + struct.pack("<128I", *fat) + folder + stream


def xls(rows) -> bytes:
    """An xls (BIFF8, [MS-XLS]) with one sheet of texts and numbers."""

    def record(kind, data=b""):
        return struct.pack("<HH", kind, len(data)) + data

    def label(row, column, text):
        return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + text.encode("utf-16-le"))

    def number(row, column, value):
        return record(0x0203, struct.pack("<HHHd", row, column, 0, value))

    begin = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    name = "工单"
    bound = struct.pack("<IBBBB", 0, 0, 0, len(name), 1) + name.encode("utf-16-le")
    front = len(record(0x0809, begin) + record(0x0085, bound) + record(0x000A))
    book = record(0x0809, begin) + record(0x0085, struct.pack("<I", front) + bound[4:]) + record(0x000A)
    book += record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    for at, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            book += label(at, column, cell) if isinstance(cell, str) else number(at, column, cell)
    return ole("Workbook", book + record(0x000A))
