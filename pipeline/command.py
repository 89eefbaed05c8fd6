"""What both commands share: one Chinese line instead of a traceback, and the exit code that goes with it."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipeline.errors import YousuError

__all__ = ["DONE", "INTERRUPTED", "SOME_REJECTED", "run_command"]

DONE = 0
SOME_REJECTED = 3
"""Done, but some rows were rejected; their file is printed."""
INTERRUPTED = 130
_BROKEN = 70  # EX_SOFTWARE of sysexits.h: a mistake of ours, not the user's


def run_command(do: Callable[[argparse.Namespace], int], given: argparse.Namespace) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    do : callable
        Takes the parsed arguments (with a ``debug`` flag) and returns an exit code.
    given : Namespace
        The parsed arguments.

    Returns
    -------
    int
        0 done, 1 a mistake that the user can mend, 2 wrong usage, 3 some rows rejected, 70 a fault of the program,
        130 interrupted.
    """
    try:
        with _heeding_sigterm():
            code = do(given)
            sys.stdout.flush()
            return code
    except BrokenPipeError:  # whoever read the output has ended, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that nothing more is tried at the end
        code, line = 1, "接收输出的程序已退出,后面的结果没有写出"
    except YousuError as error:
        code, line = error.exit_code, error.line()
    except KeyboardInterrupt as stop:
        code, line = INTERRUPTED, str(stop) or "已中断,没有留下写了一半的文件"
    except Exception as error:  # a traceback may quote a citizen's words
        code, line = _BROKEN, f"程序内部出错({type(error).__name__});请加 --debug 重试,并把输出交给维护人员"
    if given.debug:
        traceback.print_exc()
    print(line, file=sys.stderr)  # noqa: T201 - this is the command's voice
    return code


@contextmanager
def _heeding_sigterm() -> Iterator[None]:
    """Have SIGTERM end the command as Ctrl-C does, tidily; a thread other than the main one cannot ask for that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
