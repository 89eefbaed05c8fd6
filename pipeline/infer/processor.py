"""Which processor this is, and whether it multiplies int8 as fast as the benchmarks say."""

from __future__ import annotations

import platform
from pathlib import Path

__all__ = ["SLOW", "has_vnni", "name"]

SLOW = "本机处理器没有 VNNI 指令,结果相同,速度约为一半"
"""What a run says on a processor without VNNI."""
_CPUINFO = Path("/proc/cpuinfo")


def _cpuinfo() -> dict[str, str]:
    """Return what Linux says of the first processor; nothing elsewhere."""
    try:
        first = _CPUINFO.read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def name() -> str:
    """Return the processor's name."""
    return _cpuinfo().get("model name") or platform.processor() or platform.machine()


def has_vnni() -> bool | None:
    """Return whether the processor multiplies int8 in one step (VNNI on x86, dot product on ARM).

    Returns
    -------
    bool or None
        ``None`` where the system does not say.
    """
    told = _cpuinfo()
    features = (told.get("flags") or told.get("Features") or "").split()
    return bool({"avx512_vnni", "avx_vnni", "asimddp"} & set(features)) if features else None
