"""Write a model folder: all of it or nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from safetensors.torch import save_file
from tokenizers import Tokenizer

from pipeline import __version__
from pipeline.errors import OutputError
from pipeline.infer.folder import ModelCard, fingerprint
from pipeline.infer.heads import Head
from pipeline.infer.linear import LinearBranch
from pipeline.learn.export import authored_sample, export_onnx
from pipeline.learn.network import TicketClassifier
from pipeline.learn.vocabulary import save_tokenizer
from pipeline.text.segment import USERDICT

__all__ = ["Trained", "new_folder", "write_model"]


@dataclasses.dataclass(frozen=True)
class Trained:
    """A model as training leaves it.

    Parameters
    ----------
    network : TicketClassifier
        In evaluation mode, on the CPU.
    tokenizer : Tokenizer
        Of the encoder.
    heads : tuple of Head
        Calibrated.
    linear : LinearBranch or None
        The wide branch.
    longest : int
        Most tokens of a ticket.
    sample : sequence of sequences of int
        Token ids of training texts, on which int8's ranges are measured; authored complaints take their place.
    """

    network: TicketClassifier
    tokenizer: Tokenizer
    heads: tuple[Head, ...]
    linear: LinearBranch | None
    longest: int
    sample: Sequence[Sequence[int]] = ()


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder beside ``folder``, and put it in its place once the block is done without an error.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    beside = folder.with_name(f".{folder.name}.partial")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        yield beside
        _swap(beside, folder)
    except OSError as error:
        raise OutputError(f"写不了模型目录({error.strerror})", where=folder, remedy="检查权限和磁盘空间") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def write_model(trained: Trained, folder: Path, *, name: str, data: Sequence[Path]) -> ModelCard:
    """Write everything that runs into an empty folder.

    Parameters
    ----------
    trained : Trained
        The model.
    folder : Path
        As :func:`new_folder` gives it.
    name : str
        First part of the version.
    data : sequence of Path
        Training files, for their fingerprints.
    """
    trained.network.encoder.config.save_pretrained(folder)  # type: ignore[union-attr, operator]
    # Half precision: the weights are a starting point for further training, the ONNX file is what runs.
    state = {key: tensor.half().contiguous() for key, tensor in trained.network.state_dict().items()}
    save_file(state, folder / "model.safetensors")
    save_tokenizer(trained.tokenizer, folder)
    # Authored complaints as well: a small export does not move every part of the network.
    sample = [*trained.sample, *authored_sample(trained.tokenizer, trained.longest)]
    export_onnx(trained.network, folder / "model.onnx", longest=trained.longest, sample=sample)
    if trained.linear is not None:
        trained.linear.save(folder / "linear.safetensors")
    record = ModelCard(
        version=f"{name}-{fingerprint(folder / 'model.onnx')[:8]}",
        heads=trained.heads,
        longest=trained.longest,
        dictionary=fingerprint(USERDICT),
        data={path.name: fingerprint(path) for path in data},
        code=__version__,
    )
    record.save(folder)
    return record


def _swap(beside: Path, folder: Path) -> None:
    """Put a finished folder in its place; the old one goes only once the new one stands."""
    for path in beside.iterdir():
        path.chmod(0o644)  # safetensors are written for their owner alone; colleagues use the model too
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    beside.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
