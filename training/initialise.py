"""The student before training: the base model with an embedding for each new piece."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse

from training import data
from training.alignment import agreed_counts, posterior
from training.config import Config
from training.network import load_body, weighted, with_static
from training.vocabulary import SCRIPT, Merged, read_vocabulary


def piece_pairs(config: Config, merged: Merged) -> tuple[list[list[int]], list[list[int]]]:
    """Token ids of each pair: the added side's own script pieces, the known side's letter pieces."""
    pieces = sorted(vocab := merged.tokenizer.get_vocab(), key=lambda p: vocab[p])
    is_added = [bool(SCRIPT[config.added].match(p.removeprefix("##"))) for p in pieces]
    is_known = [
        row >= 0 and any(c.isalpha() for c in p) for p, row in zip(pieces, merged.base_rows, strict=True)
    ]
    for special in range(5):
        is_known[special] = False
    pairs = [(p.known, p.added) for p in data.sentence_pairs(config) + data.name_pairs(config)]
    known = merged.tokenizer.encode_batch([k for k, _ in pairs], add_special_tokens=False)
    added = merged.tokenizer.encode_batch([a for _, a in pairs], add_special_tokens=False)
    limit = config.alignment.max_pieces
    a_side, k_side, spent = [], [], 0
    for a, k in zip(added, known, strict=True):
        a_ids = [i for i in a.ids if is_added[i]]
        k_ids = [i for i in k.ids if is_known[i]]
        if max(len(a_ids), len(k_ids)) <= limit and spent < config.alignment.max_links:
            a_side.append(a_ids)
            k_side.append(k_ids)
            spent += len(a_ids) * len(k_ids)
    return a_side, k_side


def make_alignment(config: Config, folder: Path) -> None:
    """Fills a folder with posterior.npz: p(known piece | added piece), (pieces, pieces), sparse."""
    merged = read_vocabulary(config.work / "vocabulary")
    added, known = piece_pairs(config, merged)
    size = len(merged.base_rows)
    settings = config.alignment
    counts = agreed_counts(added, known, (size, size), settings.rounds, settings.tension)
    sparse.save_npz(folder / "posterior.npz", posterior(counts, settings.min_posterior))


def initial_embeddings(
    base: NDArray[np.float32], rows: list[int], translated: sparse.csr_matrix
) -> NDArray[np.float32]:
    """Embeddings (pieces, dim): the base's own rows, and weighted means of them for new pieces.

    A new piece without a translation gets the mean of those that have one.
    """
    own = np.asarray(rows)
    start = np.zeros((len(rows), base.shape[1]), dtype=np.float32)
    start[own >= 0] = base[own[own >= 0]]
    means = np.asarray(translated @ start, dtype=np.float32)
    has = np.asarray(translated.sum(axis=1)).ravel() > 0
    new = own < 0
    start[new & has] = means[new & has]
    start[new & ~has] = means[new & has].mean(axis=0)
    return start


def make_student(config: Config, folder: Path) -> None:
    """Fills a folder with weights.pt: the base body with the merged vocabulary's embeddings."""
    merged = read_vocabulary(config.work / "vocabulary")
    translated = sparse.csr_matrix(sparse.load_npz(config.work / "alignment" / "posterior.npz"))
    body = load_body(config.base_folder())
    base = body.get_input_embeddings().weight.detach().numpy()
    table = torch.from_numpy(initial_embeddings(base, merged.base_rows, translated))
    torch.save(with_embeddings(body, table).state_dict(), folder / "weights.pt")


def with_embeddings(body: Any, table: torch.Tensor) -> Any:
    """The body with another token embedding table (pieces, dim)."""
    embedding = torch.nn.Embedding(len(table), table.shape[1], padding_idx=0, _weight=table)
    body.set_input_embeddings(embedding)
    body.config.vocab_size = len(table)
    return weighted(body)


def load_student(config: Config, weights: Path) -> Any:
    """A body of the merged vocabulary's size with the weights of a checkpoint."""
    return student(config, torch.load(weights, map_location="cpu", weights_only=True))


def student(config: Config, weights: dict[str, torch.Tensor]) -> Any:
    """A body of the merged vocabulary's size with these weights, as float32."""
    state = {name: tensor.float() for name, tensor in weights.items()}
    body = with_embeddings(load_body(config.base_folder()), state["embeddings.word_embeddings.weight"])
    if "static.centre" in state:
        with_static(body)
    body.load_state_dict(state)
    return body
