"""Everything the model is trained on, read, cleaned of what is held out, in a fixed order."""

import hashlib
import json
import lzma
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from training.config import Config
from training.heldout import Held, fold, held_names

WORD = re.compile(r"\w+")
LETTERS = {"ar": re.compile(r"[\u0621-\u064a]"), "en": re.compile(r"[A-Za-z]")}


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence or word in the known language and its translation."""

    known: str
    added: str
    source: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A passage with the questions and the digest written for it."""

    source: str
    title: str
    passage: str
    known_queries: tuple[str, ...]
    added_queries: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Paragraphs:
    """An article of the added language: its title and its longer paragraphs."""

    source: str
    title: str
    paragraphs: tuple[str, ...]


def lines(path: Path) -> Iterator[str]:
    """The lines of an xz-compressed UTF-8 file, without line ends."""
    with lzma.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            yield line.rstrip("\n")


def order(text: str) -> str:
    """A fixed pseudo-random sort key."""
    return hashlib.sha256(text.encode()).hexdigest()


def sentence_pairs(config: Config) -> list[Pair]:
    """Parallel sentences, cleaned and capped by source, in a fixed random order."""
    caps = dict(config.data.caps)
    rows = [line.split("\t") for line in lines(config.data.folder / "parallel.en-ar.tsv.xz")]
    rows.sort(key=lambda row: order(row[0] + row[1]))
    kept: list[Pair] = []
    counts: dict[str, int] = {}
    seen: set[str] = set()
    for known, added, source in rows:
        if counts.get(source, 0) >= caps.get(source, 10**9) or known in seen:
            continue
        if is_translation(known, added, config):
            seen.add(known)
            counts[source] = counts.get(source, 0) + 1
            kept.append(Pair(known, added, source))
    return kept


def is_translation(known: str, added: str, config: Config) -> bool:
    """Whether two sentences could be translations: right scripts, comparable lengths, not too long."""
    n, m = len(known.split()), len(added.split())
    if not 1 <= n <= config.data.max_words or not 1 <= m <= config.data.max_words:
        return False
    added_letters = len(LETTERS[config.added].findall(added))
    if added_letters < 0.4 * len(re.sub(r"\W|\d", "", added)) or not LETTERS[config.known].search(known):
        return False
    return 0.4 <= (m + 2) / (n + 2) <= 2.2


def name_pairs(config: Config) -> list[Pair]:
    """Names and words without every pair that shares a spelling with a held one."""
    held = held_names(config)
    known = {fold(k) for k, _ in held}
    added = {fold(a) for _, a in held}
    rows = (line.split("\t") for line in lines(config.data.folder / "names_words.en-ar.tsv.xz"))
    pairs = [Pair(k, a, s) for k, a, s in rows if fold(k) not in known and fold(a) not in added]
    return sorted(pairs, key=lambda pair: order(pair.known + pair.added))


def judged_passages(config: Config) -> list[Judged]:
    """Passages with written questions, of all the question files that exist, without overlaps."""
    held = Held.read(config)
    found: dict[str, Judged] = {}
    for path in config.data.queries:
        if not path.exists():
            continue
        for line in lines(path):
            row = json.loads(line)
            if not held.overlaps(row["passage"]):
                found.setdefault(row["passage"][:80], _judged(row))
    return sorted(found.values(), key=lambda j: order(j.passage))


def _judged(row: dict[str, str]) -> Judged:
    def given(*names: str) -> tuple[str, ...]:
        return tuple(row[n].strip() for n in names if (row.get(n) or "").strip())

    return Judged(
        row["source"],
        (row.get("title") or "").strip(),
        row["passage"],
        given("query_en", "query_en2"),
        given("query_ar", "query_ar2"),
        (row.get("digest_en") or "").strip(),
    )


def articles(config: Config) -> list[Paragraphs]:
    """News and encyclopaedia articles with at least one paragraph of the wanted length."""
    held = Held.read(config)
    low, high = config.data.paragraph_words
    found = []
    for source, title, text in _raw_articles(config.data.folder):
        wanted = (" ".join(p.split()) for p in text.split("\n"))
        kept = tuple(p for p in wanted if low <= p.count(" ") + 1 <= high and not held.overlaps(p))
        if kept and title:
            found.append(Paragraphs(source, title, kept))
    return sorted(found, key=lambda a: order(a.source))


def _raw_articles(folder: Path) -> Iterator[tuple[str, str, str]]:
    for line in lines(folder / "ant_news.jsonl.xz"):
        row = json.loads(line)
        yield "ant:" + row["id"], row["title"].strip(), row["text"]
    block = re.compile(r'<doc id="([^"]+)"[^>]*title="([^"]*)"[^>]*>(.*?)</doc>', re.S)
    for line in lines(folder / "wiki_ar.jsonl.xz"):
        for match in block.finditer(json.loads(line)["text"]):
            yield "wiki:" + match[1], match[2].strip(), match[3]


def known_questions(config: Config) -> list[tuple[str, str]]:
    """Questions in the known language with the sentence or paragraph that answers them."""
    squad = (line.split("\t") for line in lines(config.data.folder / "squad_en_question_sentence.tsv.xz"))
    rows = [(question, text) for question, text in squad]
    rows += tydi_questions(config)[config.data.held_questions :]
    return sorted(rows, key=lambda row: order(row[0]))


def tydi_questions(config: Config) -> list[tuple[str, str]]:
    """TyDi QA's English questions and paragraphs; the first `held_questions` are kept for the test."""
    rows = (json.loads(line) for line in lines(config.data.folder / "tydi_en_question_paragraph.jsonl.xz"))
    return sorted(((row["question"], row["context"]) for row in rows), key=lambda row: order(row[1]))
