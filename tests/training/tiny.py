"""A base model of two thousand weights and a data folder of a few lines, in the shapes of the real ones."""

from __future__ import annotations

import gzip
import json
import lzma
from pathlib import Path

from training.config import Config, overlay

ENGLISH = [
    "house",
    "book",
    "river",
    "king",
    "bread",
    "city",
    "the",
    "old",
    "new",
    "is",
    "in",
    "where",
    "?",
    "##s",
]
ARABIC = {
    "house": "بيت",
    "book": "كتاب",
    "river": "نهر",
    "king": "ملك",
    "bread": "خبز",
    "city": "مدينة",
    "old": "قديم",
    "new": "جديد",
}


def base_model(folder: Path) -> Path:
    """A BERT with one layer of 16 dimensions and a vocabulary of a few words."""
    import torch
    from transformers import BertConfig, BertModel

    from training.network import save_folder, weighted
    from training.vocabulary import SPECIAL, build

    torch.manual_seed(0)
    letters = "abcdefghijklmnopqrstuvwxyz"
    pieces = list(dict.fromkeys([*SPECIAL, *ENGLISH, *letters, *(f"##{c}" for c in letters)]))
    shape = BertConfig(
        vocab_size=len(pieces),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    save_folder(weighted(BertModel(shape)), str(build(pieces).to_str()), folder)
    return folder


def data_folder(folder: Path) -> Path:
    """Every file that the pipeline reads, beside each other as `data`, `judged`, `seeds`, `queries`."""
    nouns = ["house", "book", "river", "king", "bread", "city"]
    phrases = [(f"the {a} {n} is in the {m}", f"{ARABIC[n]} {ARABIC[a]} في {ARABIC[m]}")
               for a in ("old", "new") for n in nouns for m in nouns if n != m]  # fmt: skip
    _xz(folder / "data/parallel.en-ar.tsv.xz", [f"{e}\t{a}\ttatoeba" for e, a in phrases])
    names = [f"{n}{m}\t{ARABIC[n]}{ARABIC[m]}\tnetranslit" for n in nouns for m in nouns]
    _xz(folder / "data/names_words.en-ar.tsv.xz", names)
    paragraphs = [" ".join(a for _, a in phrases[i : i + 5]) + "." for i in range(0, len(phrases), 3)]
    news = [
        {"id": str(i), "title": phrases[i][1], "text": "\n".join(paragraphs[i : i + 2])}
        for i in range(len(paragraphs) - 1)
    ]
    _xz(folder / "data/ant_news.jsonl.xz", [json.dumps(row) for row in news])
    wiki = {
        "text": "\n".join(f'<doc id="{i}" url="" title="ملك">\n{p}\n</doc>' for i, p in enumerate(paragraphs))
    }
    _xz(folder / "data/wiki_ar.jsonl.xz", [json.dumps(wiki)])
    _xz(
        folder / "data/squad_en_question_sentence.tsv.xz",
        [f"where is the {n} ?\tthe {n} is old" for n in nouns],
    )
    tydi = [
        {"question": f"where is the new {n}?", "context": f"the new {n} is in the {m}"}
        for n in nouns
        for m in nouns
    ]
    _xz(folder / "data/tydi_en_question_paragraph.jsonl.xz", [json.dumps(row) for row in tydi])
    _development(folder)
    asked = [
        {
            "id": str(i),
            "source": "ant:1",
            "title": "",
            "passage": p,
            "query_en": phrases[3 * i][0],
            "query_ar": phrases[3 * i][1],
            "digest_en": phrases[3 * i + 1][0],
        }
        for i, p in enumerate(paragraphs)
    ]
    _xz(folder / "queries/passages_queries.jsonl.xz", [json.dumps(row) for row in asked])
    return folder


def _development(folder: Path) -> None:
    for name in ("judged", "seeds", "data/dev"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / "judged/news_dev_corpus.jsonl.gz", "wt", encoding="utf-8") as stream:
        stream.write(json.dumps({"id": "e0", "text": "نص لا يشبه شيئا مما سبق أبدا"}) + "\n")
    for name in ("news_dev_questions.jsonl", "seeds_dev.jsonl"):
        (folder / "judged" / name).write_text("")
    (folder / "data/dev/arcd.jsonl").write_text("")
    for name in ("flores_devtest.en-ar.tsv", "tico19_test.en-ar.tsv"):
        (folder / "data/dev" / name).write_text("a river runs far away\tنهر يجري بعيدا جدا\n")


def _xz(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", encoding="utf-8", preset=0) as stream:
        stream.write("\n".join(lines) + "\n")


def configuration(folder: Path, base: Path) -> Config:
    """The whole recipe with a handful of steps, one thread (so that sums have one order)."""
    optimiser = {"warmup": 2, "chunk_tokens": 64}
    return overlay(
        Config(),
        {
            "base": base,
            "work": folder / "work",
            "threads": 1,
            "data": {
                "folder": folder / "data",
                "judged": folder / "judged",
                "seeds": folder / "seeds",
                "queries": [folder / "queries/passages_queries.jsonl.xz"],
                "paragraph_words": [5, 60],
                "held_names": 6,
                "held_questions": 3,
            },
            "vocabulary": {"pieces": 2_000},
            "distillation": {
                "steps": 6, "cycle": "PNE", "pairs": 4, "names": 4, "english": 4, "bank": 8, "save_every": 2,
                "optimiser": optimiser,
            },
            "lexical": {
                "steps": 3, "cycle": "APA", "paragraphs": 8, "latest": 12, "save_every": 2, "optimiser": optimiser,
            },
            "retrieval": {
                "steps": 6, "cycle": "QAX", "passages": 6, "neighbours": 2, "save_every": 2,
                "matryoshka": [[8, 0.3]], "optimiser": optimiser,
            },
            "averaging": {"last": 2},
            "joining": {
                "steps": 6, "cycle": "QABPNE", "paragraphs": 8, "questions": 3, "answers": 4, "sentences": 4,
                "names": 4, "last": 2, "save_every": 2, "optimiser": optimiser,
            },
        },
    )  # fmt: skip
