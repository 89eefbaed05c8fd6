"""A file that appears whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import OutputError

__all__ = ["Draft", "as_output_error"]

_REASONS = {
    errno.ENOSPC: ("磁盘已满", "清理磁盘后重新运行"),
    errno.EDQUOT: ("超出磁盘配额", "清理磁盘后重新运行"),
    errno.EFBIG: ("超出允许的文件大小", "换一个位置"),
    errno.EACCES: ("没有写入权限,或文件正被打开", "换一个文件夹,或关闭已打开的文件"),
    errno.EPERM: ("没有写入权限", "换一个文件夹"),
    errno.EROFS: ("磁盘是只读的", "换一个文件夹"),
    errno.ENOENT: ("文件夹不存在", "先建好文件夹"),
    errno.ENOTDIR: ("文件夹不存在", "检查路径"),
    errno.ENAMETOOLONG: ("文件名过长", "换一个较短的文件名"),
    errno.EPIPE: ("接收输出的程序已退出", "检查管道后面的命令"),
}


@contextmanager
def as_output_error(where: Path | str) -> Iterator[None]:
    """Turn what the operating system says about a file being written into one line for the user.

    Raises
    ------
    OutputError
        On any ``OSError`` inside.
    """
    try:
        yield
    except OSError as error:
        reason, remedy = _REASONS.get(error.errno or 0, (error.strerror or "写入出错", "检查输出位置"))
        raise OutputError(f"写不了({reason})", where=where, remedy=remedy) from None


class Draft:
    """A file written as ``.NAME.partial`` beside its place and moved there when it is whole.

    Parameters
    ----------
    path : Path
        Where the file shall be.
    overwrite : bool
        Whether a file already there may be replaced.

    Raises
    ------
    OutputError
        If it is there already, is no ordinary file, or cannot be written.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self.path = path
        self.partial = path.with_name(f".{path.name}.partial")
        self._overwrite = overwrite
        with as_output_error(path):
            self._check()
            self.partial.open("wb").close()

    def _check(self) -> None:
        if self.path.exists() and not self.path.is_file():
            raise OutputError("这里不是普通文件", where=self.path, expected="一个文件名", remedy="换一个输出位置")
        if self.path.exists() and not self._overwrite:
            raise OutputError("输出文件已经存在", where=self.path, remedy="换一个文件名,或先移走原来的文件")

    def commit(self) -> None:
        """Bring the bytes to the disk and the file to its place.

        Raises
        ------
        OutputError
            If that fails; nothing is left behind then.
        """
        try:
            with as_output_error(self.path):
                with self.partial.open("rb+") as file:
                    os.fsync(file.fileno())
                self._check()
                self.partial.replace(self.path.resolve())
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        """Remove what was written."""
        with suppress(OSError):
            self.partial.unlink(missing_ok=True)
