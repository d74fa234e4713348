"""Teacher embeddings of every text in the known language: what the student is pulled to."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.progress import track

from training import data
from training.config import Config
from training.network import Float, device, embed, load_body, load_tokenizer


@dataclass(frozen=True, slots=True)
class Targets:
    """Unit teacher embeddings, float32 (n, dim), and the row of each text."""

    embeddings: Float
    rows: dict[str, int]

    def of(self, texts: Sequence[str]) -> Float:
        """The embeddings (len(texts), dim) in order. Raises KeyError for a text that has no target."""
        return self.embeddings[[self.rows[text] for text in texts]]


def make_targets(config: Config, texts: Iterable[str], folder: Path) -> None:
    """Fills a folder with the teacher's embeddings of the distinct texts, in order of first appearance."""
    torch.set_num_threads(config.threads)
    distinct = list(dict.fromkeys(texts))
    teacher = load_body(config.teacher_folder()).to(device()).eval()
    tokenizer = load_tokenizer(config.teacher_folder(), config.teacher.max_tokens)
    size = 4_096
    parts = [
        embed(teacher, tokenizer, distinct[start : start + size])
        for start in track(range(0, len(distinct), size), "teacher targets")
    ]
    np.save(folder / "embeddings.npy", np.concatenate(parts).astype(np.float16))
    (folder / "texts.json").write_text(json.dumps(distinct, ensure_ascii=False), "utf-8")


def read_targets(folder: Path) -> Targets:
    """The targets of a finished stage."""
    texts = json.loads((folder / "texts.json").read_text("utf-8"))
    embeddings = np.load(folder / "embeddings.npy").astype(np.float32)
    return Targets(embeddings, {text: row for row, text in enumerate(texts)})


def sentence_targets(config: Config, folder: Path) -> None:
    """Targets of the parallel sentences, names and English question–answer texts."""
    texts = [pair.known for pair in data.sentence_pairs(config) + data.name_pairs(config)]
    texts += [text for row in data.known_questions(config) for text in row]
    make_targets(config, texts, folder)


def question_targets(config: Config, folder: Path) -> None:
    """Targets of the questions and digests written for passages."""
    judged = data.judged_passages(config)
    make_targets(config, [t for j in judged for t in (*j.known_queries, j.digest)], folder)
