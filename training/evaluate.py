"""All development sets for one encoder, beside BM25 and the teacher."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from training import devsets
from training.config import Config
from training.measures import Floats, Measure, Ranking, matched, ranking, spearman
from training.mining import bm25, terms
from training.network import Float

Embed = Callable[[Sequence[str]], Float]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one encoder reaches: by set name, a ranking or a single measure."""

    rankings: dict[str, Ranking] = field(default_factory=dict)
    measures: dict[str, Measure] = field(default_factory=dict)


def retrieval_sets(config: Config) -> list[devsets.Retrieval]:
    """Every retrieval set, in the order in which it is published."""
    pairs = [make(config, language) for make in (devsets.news, devsets.seeds) for language in ("en", "ar")]
    return [*pairs, devsets.arcd(config), devsets.tydi(config)]


def evaluate(embed: Embed, config: Config) -> Figures:
    """The figures of an encoder on every set."""
    cut, figures = remembering(embed), Figures()
    for part in retrieval_sets(config):
        scores = cut(part.queries) @ cut(part.passages).T
        figures.rankings[part.name] = ranking(scores, part.relevant)
    sets = [
        *devsets.translations(config, "flores_devtest.en-ar.tsv", "FLORES"),
        *devsets.translations(config, "tico19_test.en-ar.tsv", "TICO-19"),
        *devsets.names(config),
    ]
    for pair in sets:
        figures.measures[pair.name] = matched((cut(pair.left) @ cut(pair.right).T)[: pair.tested])
    likeness = devsets.similarity(config)
    cosines = (cut(likeness.first) * cut(likeness.second)).sum(axis=1).astype(np.float64)
    figures.measures[likeness.name] = spearman(cosines, np.asarray(likeness.scores))
    return figures


def evaluate_english(embed: Embed, config: Config) -> Figures:
    """The English sets only: what the teacher can be compared on."""
    cut, figures = remembering(embed), Figures()
    part = devsets.tydi(config)
    figures.rankings[part.name] = ranking(cut(part.queries) @ cut(part.passages).T, part.relevant)
    likeness = devsets.similarity(config)
    cosines: Floats = (cut(likeness.first) * cut(likeness.second)).sum(axis=1).astype(np.float64)
    figures.measures[likeness.name] = spearman(cosines, np.asarray(likeness.scores))
    return figures


def evaluate_bm25(config: Config) -> Figures:
    """BM25 over folded words on the sets where question and passage share a language."""
    figures = Figures()
    for part in retrieval_sets(config):
        index = bm25(list(part.passages))
        scores = np.stack([index.get_scores(terms(query)) for query in part.queries]).astype(np.float32)
        figures.rankings[part.name] = ranking(scores, part.relevant)
    return figures


def remembering(embed: Embed) -> Embed:
    """The same embeddings, each list of texts embedded once."""
    known: dict[tuple[str, ...], Float] = {}

    def remembered(texts: Sequence[str]) -> Float:
        key = tuple(texts)
        if key not in known:
            known[key] = embed(texts)
        return known[key]

    return remembered


def first_dimensions(embed: Embed, dim: int) -> Embed:
    """Embeddings cut to their first `dim` dimensions, at unit length again."""

    def cut(texts: Sequence[str]) -> Float:
        part = embed(texts)[:, :dim]
        return np.asarray(part / np.linalg.norm(part, axis=1, keepdims=True), dtype=np.float32)

    return cut


def onnx_embed(folder: Path, threads: int) -> Embed:
    """The embedding function of an exported model folder (onnx/model_int8.onnx and tokenizer.json).

    Texts are run one at a time, as they are when serving: int8 activations are scaled by the largest of a run.
    """
    import onnxruntime as ort

    from training.network import load_tokenizer

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    path = folder / "onnx" / "model_int8.onnx"
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    tokenizer = load_tokenizer(folder, 256)

    def embed(texts: Sequence[str]) -> Float:
        rows = [np.asarray([e.ids], dtype=np.int64) for e in tokenizer.encode_batch(list(texts))]
        feeds = [{"input_ids": row, "attention_mask": np.ones_like(row)} for row in rows]
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(lambda feed: session.run(["sentence_embedding"], feed)[0], feeds))
        return np.concatenate(found)

    return embed


def torch_embed(folder: Path, threads: int) -> Embed:
    """The embedding function of a float model folder."""
    import torch

    from training.network import device, load_body, load_tokenizer
    from training.network import embed as embed_texts

    torch.set_num_threads(threads)
    body = load_body(folder).to(device()).eval()
    tokenizer = load_tokenizer(folder, 256)
    return lambda texts: embed_texts(body, tokenizer, texts)
