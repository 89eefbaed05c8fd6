"""From a ticket's raw words to the one text that is classified: clean, strip boilerplate, mask."""

from __future__ import annotations

import functools

from pipeline.text.boilerplate import Boilerplate
from pipeline.text.clean import clean
from pipeline.text.mask import mask

__all__ = ["prepare"]


@functools.cache
def _boilerplate() -> Boilerplate:
    """Return the project's table of operators' phrases, loaded once."""
    return Boilerplate.load()


def prepare(title: str, text: str) -> str:
    """Return the text that signals, model and routing read.

    Parameters
    ----------
    title, text : str
        As the export holds them; either may be empty. A title that the text begins with is not repeated.

    Returns
    -------
    str
        Clean and masked; safe to log and to train on.
    """
    body, head = _boilerplate().strip(clean(text)), clean(title)
    if head and head.rstrip("。.…") not in body:
        body = f"{head}。{body}" if body else head
    return mask(body)
