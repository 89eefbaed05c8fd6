"""Everything about the model: the encoder under pretraining, and the classifier with its heads.

Shapes: B tickets (or blocks), T tokens, H width of the encoder, V vocabulary, C labels of a head.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

__all__ = ["MaskedWords", "TicketClassifier", "save_encoder"]


class MaskedWords(nn.Module):
    """A BERT that guesses hidden words; only hidden positions go through the output layer."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.entries = config.vocab_size
        self.bert = BertModel(config, add_pooling_layer=False)
        self.transform = nn.Sequential(
            nn.Linear(config.hidden_size, config.hidden_size), nn.GELU(), nn.LayerNorm(config.hidden_size)
        )
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, shown: Tensor, hidden: Tensor, ids: Tensor, first: int = 0) -> Tensor:
        """Return the mean cross-entropy of the hidden tokens.

        Parameters
        ----------
        shown : Tensor of int64, shape (B, T)
            Token ids, hidden words replaced.
        hidden : Tensor of bool, shape (B, T)
            Which positions to guess.
        ids : Tensor of int64, shape (B, T)
            What was there.
        first : int
            Position of the first token, so that short blocks train far positions as well.
        """
        positions = torch.arange(first, first + shown.shape[1], device=shown.device)[None]  # (1, T)
        states = self.bert(input_ids=shown, position_ids=positions).last_hidden_state  # (B, T, H)
        guessed = self.transform(states[hidden])  # (M, H), M hidden positions
        logits = guessed @ self.bert.embeddings.word_embeddings.weight.T + self.bias  # (M, V), tied to the input
        return nn.functional.cross_entropy(logits.float(), ids[hidden])


def save_encoder(bert: BertModel, folder: Path) -> None:
    """Write ``config.json`` and ``model.safetensors``, in half precision (far below the spread of seeds)."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.half() for name, tensor in bert.state_dict().items()}
    bert.save_pretrained(folder, state_dict=state)


class TicketClassifier(nn.Module):
    """An encoder with one linear layer over its pooled states; the heads share that layer's columns.

    Parameters
    ----------
    encoder : nn.Module
        Any Hugging Face encoder that takes ``input_ids`` and ``attention_mask``.
    width : int
        H, its hidden size.
    columns : int
        Scores of all heads together.
    dropout : float
        On the pooled states.
    """

    def __init__(self, encoder: nn.Module, width: int, columns: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.Linear(2 * width, columns)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the scores (B, columns) of padded tickets, ids and mask of shape (B, T)."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state  # (B, T, H)
        real = attention_mask.unsqueeze(-1).to(states.dtype)  # (B, T, 1)
        mean = (states * real).sum(1) / real.sum(1)  # (B, H)
        highest = (states - (1 - real) * 1e4).amax(1)  # (B, H)
        scores: Tensor = self.heads(self.dropout(torch.cat([mean, highest], dim=-1)))  # (B, 2H) -> (B, columns)
        return scores
