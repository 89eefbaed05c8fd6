"""Which head is which, and what other label sets mean for routing: ``data/mapping.toml``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import TableError
from pipeline.infer.prediction import Answer, Prediction
from pipeline.tables import DATA, read_toml
from pipeline.taxonomy import Label, Taxonomy
from pipeline.text.signals import require_known

__all__ = ["LabelMap", "Reading"]

HEADS = ("domain", "urgency", "nature")
SETS = ("domains", "urgencies", "natures")


@dataclass(frozen=True, slots=True)
class Reading:
    """One head's answer and the label of the taxonomy that it stands for.

    Parameters
    ----------
    head : str
        The head's name.
    answer : Answer
        What the model said.
    label : Label or None
        ``None`` where the label is neither of the taxonomy nor mapped.
    mapped : bool
        Whether the mapping table was needed.
    """

    head: str
    answer: Answer
    label: Label | None
    mapped: bool


@dataclass(frozen=True, slots=True)
class LabelMap:
    """Head names by part (``domain``, ``urgency``, ``nature``), and labels of other sets by taxonomy id."""

    taxonomy: Taxonomy
    heads: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, Mapping[str, str]]

    @classmethod
    def load(cls, path: Path = DATA / "mapping.toml", *, taxonomy: Taxonomy) -> LabelMap:
        """Read and check the table.

        Raises
        ------
        TableError
            On an unknown section, head or id.
        """
        table = read_toml(path)
        for key in table:
            require_known(key, ("heads", *SETS), str(path), "键")
        heads = table.get("heads", {})
        for key, names in heads.items():
            require_known(key, HEADS, f"{path} heads", "键")
            if not isinstance(names, list):
                raise TableError("不是列表", where=f"{path} heads.{key}", expected="列名的列表")
        labels = {part: dict(table.get(part, {})) for part in SETS}
        for part, entries in labels.items():
            for label, target in entries.items():
                known = [entry.id for entry in getattr(taxonomy, part)]
                require_known(target, known, f"{path} {part}.{label}", "标签")
        return cls(taxonomy, {key: tuple(heads.get(key, ())) for key in HEADS}, labels)

    def domain(self, prediction: Prediction) -> Reading | None:
        """Return the domain head's answer, or ``None`` where the model has no such head."""
        return self._read(prediction, "domain", self.label_of_domain)

    def urgency(self, prediction: Prediction) -> Reading | None:
        """Return the urgency head's answer, or ``None`` where the model has no such head."""
        labels = self.labels["urgencies"]
        return self._read(prediction, "urgency", lambda name: self.taxonomy.urgency(labels.get(name, name)))

    def nature(self, prediction: Prediction) -> Reading | None:
        """Return the nature head's answer, or ``None`` where the model has no such head."""
        labels = self.labels["natures"]
        return self._read(prediction, "nature", lambda name: self.taxonomy.nature(labels.get(name, name)))

    def label_of_domain(self, name: str) -> Label | None:
        """Return the domain that a label stands for, or ``None``."""
        return self.taxonomy.domain(name) or self.taxonomy.domain(self.labels["domains"].get(name, ""))

    def _read(self, prediction: Prediction, part: str, find: Callable[[str], Label | None]) -> Reading | None:
        for head in self.heads[part]:
            answer = prediction.answers.get(head)
            if answer is not None:
                label = find(answer.label)
                return Reading(head, answer, label, label is not None and answer.label not in (label.id, label.name))
        return None
