"""A model folder: what is in it, and whether it is whole.

config.json         the encoder's sizes                 model.onnx         what runs (int8)
model.safetensors   all weights, for training on        linear.safetensors the wide branch, if any
tokenizer.json      the vocabulary                      heads.json         heads, version, fingerprints
metrics.json        figures                             README.md          the model card
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import ModelError
from pipeline.infer.heads import Head
from pipeline.text.segment import USERDICT

__all__ = ["ModelCard", "fingerprint"]

FORMAT = 1


def fingerprint(path: Path) -> str:
    """Return the first 16 hexadecimal digits of a file's SHA-256."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class ModelCard:
    """What ``heads.json`` says of a model.

    Parameters
    ----------
    version : str
        Name and fingerprint of the weights, written into every routed row.
    heads : tuple of Head
        In the order of the network's scores.
    longest : int
        Most tokens of a ticket.
    dictionary : str
        Fingerprint of the user dictionary that the model was trained with.
    data : dict
        Fingerprints and row counts of the training files.
    code : str
        Version of the package that trained it.
    """

    version: str
    heads: tuple[Head, ...]
    longest: int
    dictionary: str
    data: dict[str, Any]
    code: str

    def save(self, folder: Path) -> None:
        """Write ``heads.json``."""
        record = {"format": FORMAT, **dataclasses.asdict(self)}
        (folder / "heads.json").write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> ModelCard:
        """Read ``heads.json``.

        Raises
        ------
        ModelError
            If the folder or the file is missing, damaged, or of another format.
        """
        path = folder / "heads.json"
        if not folder.is_dir():
            raise ModelError("没有这个模型目录", where=folder, remedy="检查 --model,或先用 train.py 训练")
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            if record.pop("format") != FORMAT:
                raise ModelError("模型格式与本程序版本不符", where=path, remedy="用本版本的 train.py 重新训练")
            heads = tuple(Head(**{**head, "labels": tuple(head["labels"])}) for head in record.pop("heads"))
            return cls(heads=heads, **record)
        except FileNotFoundError:
            raise ModelError("模型目录里没有 heads.json", where=folder, remedy="重新复制整个模型目录") from None
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            raise ModelError("heads.json 已损坏", where=path, remedy="重新复制整个模型目录") from error

    @property
    def same_dictionary(self) -> bool:
        """Whether the user dictionary is still the one that the model was trained with."""
        return fingerprint(USERDICT) == self.dictionary
