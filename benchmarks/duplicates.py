"""How many near-duplicates a store finds, how many passages it takes for one, and what that costs when they are stored.

`python -m benchmarks.duplicates --data ../shared/data`: Arabic news and encyclopaedia passages, 100,000 of them; copies
are made of 2,000, each in every way that is listed in `ALIKE` and `OTHERS`.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks import results
from index.arabic import words
from index.identity import article_id, passage_id
from index.sentences import sentences
from index.store import contents
from index.store.embedded import EmbeddedStore
from index.types import Article, EncoderKey, Entry, Passage, Provenance

PASSAGES, COPIED, PER_ARTICLE, STEP = 100_000, 2000, 10, 50
SHORTEST, LONGEST = 150, 900
KEY = EncoderKey("one direction", "1", 2)
WORD = re.compile(r"[^\W\d_]{3,}")
NUMBER = re.compile(r"\d+")
TASHKEEL = "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652"
NAMES = (
    "محمد",
    "أحمد",
    "علي",
    "خالد",
    "يوسف",
    "إبراهيم",
    "سعيد",
    "حسن",
    "تونس",
    "باريس",
    "سوريا",
    "مصر",
    "ليبيا",
    "الجزائر",
)

INTRO = """\
`python -m benchmarks.duplicates --data ../shared/data --record`, on two busy cores. Arabic news and encyclopaedia
paragraphs of 150 to 900 characters, of each of 2,000 of them a copy made in every way below where it can be. What is
measured is what the store finds, among all others; beside it the rule before: nine words in ten the same, looked at in
the answer only.
"""
CLOSING = """
What is missed of sentences added or left out is what MinHash does not bring together: three values must agree in one
of ten bands.
"""

Make = Callable[[str, random.Random, str], str | None]
"""A passage made of a text, by chance, with a sentence at hand; None where that cannot be done."""


def respelt(text: str, chance: random.Random, _: str) -> str | None:
    """With tashkeel, hamzas left out, other quotes and digits, without commas."""
    table = str.maketrans("أإآى", "ااا" + "ي") | str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    return "".join(
        char + (chance.choice(TASHKEEL) if "ب" <= char <= "ي" and chance.random() < 0.1 else "")
        for char in re.sub(r"،(?!\d)", " ", text.translate(table))
    )


def bylined(text: str, chance: random.Random, _: str) -> str | None:
    """By another agency."""
    lead = chance.choice(("القاهرة (رويترز) - ", "باريس - أ ف ب - ", "عواصم/وكالات/ ", "تونس (وات) - "))
    return lead + text


def credited(text: str, chance: random.Random, _: str) -> str | None:
    """With an agency's name at the end."""
    return f"{text} ({chance.choice(('رويترز', 'أ ف ب', 'وكالات'))})"


def longer(text: str, chance: random.Random, more: str) -> str | None:
    """With a sentence more, at the beginning, at the end, or between two."""
    parts = [text[span.start : span.end] for span in sentences(text)]
    if not text.endswith((".", "؟", "!")) or 2 * len(words(more)) > len(words(text)):
        return None
    parts.insert(chance.randint(0, len(parts)), more)
    return " ".join(parts)


def shorter(text: str, chance: random.Random, _: str) -> str | None:
    """Without one of its sentences."""
    parts = [text[span.start : span.end] for span in sentences(text)]
    gone = chance.randrange(len(parts))
    left = " ".join(part for place, part in enumerate(parts) if place != gone)
    return left if len(words(text)) <= 1.5 * len(words(left)) else None


def both(text: str, chance: random.Random, more: str) -> str | None:
    """By another agency, and with a sentence more."""
    made = longer(text, chance, more)
    return made and bylined(made, chance, more)


def renumbered(text: str, chance: random.Random, _: str) -> str | None:
    """One digit is another."""
    found = list(NUMBER.finditer(text))
    if not found:
        return None
    at = chance.choice(found).start()
    return text[:at] + str((int(text[at]) + chance.randint(1, 9)) % 10) + text[at + 1 :]


def renamed(text: str, chance: random.Random, _: str) -> str | None:
    """One name is another."""
    found = [match for match in WORD.finditer(text) if match.group() in NAMES]
    if not found:
        return None
    name = chance.choice(found)
    other = chance.choice([one for one in NAMES if one != name.group()])
    return text[: name.start()] + other + text[name.end() :]


def denied(text: str, chance: random.Random, _: str) -> str | None:
    """With a "not" before a word."""
    at = chance.choice(list(WORD.finditer(text))).start()
    return text[:at] + "لم " + text[at:]


def reworded(text: str, chance: random.Random, more: str) -> str | None:
    """One word is another."""
    at, other = chance.choice(list(WORD.finditer(text))), chance.choice(WORD.findall(more) or ["قالت"])
    return None if plain(other) == plain(at.group()) else text[: at.start()] + other + text[at.end() :]


ALIKE: dict[str, Make] = {
    "the same text": lambda text, _chance, _more: text,
    "other spelling, punctuation and digits": respelt,
    "another agency's dateline": bylined,
    "an agency's credit at the end": credited,
    "a sentence more": longer,
    "a sentence less": shorter,
    "another dateline and a sentence more": both,
}
OTHERS: dict[str, Make] = {
    "a digit is another": renumbered,
    "a name is another": renamed,
    'a "not" is added': denied,
    "a word is another": reworded,
}


def texts(data: Path) -> Iterator[str]:
    """Distinct paragraphs of news, then of the encyclopaedia."""
    seen = set()
    for name in ("ant_news.jsonl.xz", "wiki_ar.jsonl.xz"):
        with lzma.open(data / name, "rt", encoding="utf-8") as lines:
            for line in lines:
                for text in map(str.strip, json.loads(line)["text"].split("\n")):
                    if SHORTEST <= len(text) <= LONGEST and (said := plain(text)) not in seen:
                        seen.add(said)
                        yield text


def plain(text: str) -> str:
    """The words of a text, folded."""
    return " ".join(word.text for word in words(text))


def entry(source: str, passages: list[str]) -> Entry:
    """An article of these passages, all of the same direction."""
    key, text, start = article_id(source), "\n\n".join(passages), 0
    made = []
    for place, one in enumerate(passages):
        name = passage_id(key, one, passages[:place].count(one))
        made.append(Passage(name, key, place + 1, start, start + len(one), one, "ar"))
        start += len(one) + 2
    rows = np.tile(np.array([1, 0], dtype=np.float32), (len(passages), 1))
    return Entry(Article(key, Provenance(source, "0" * 64, source, "ar"), text), tuple(made), rows)


def measured(data: Path, count: int) -> str:
    """The table of it."""
    corpus, chance = list(zip(texts(data), range(count), strict=False)), random.Random(8)
    originals = [text for text, _ in corpus]
    drawn = chance.sample(range(len(originals)), COPIED)
    makes = ALIKE | OTHERS
    made: dict[str, dict[int, str]] = {kind: {} for kind in makes}
    for place in drawn:
        others = [
            s for s in map(str.strip, re.split(r"(?<=[.؟!])\s", chance.choice(originals))) if s.endswith(".")
        ]
        more = min(others, key=len, default="وأضاف أن ذلك سيتم قريبا.")
        for kind, make in makes.items():
            if (text := make(originals[place], chance, more)) is not None:
                made[kind][place] = text
    with TemporaryDirectory() as folder, EmbeddedStore.create(Path(folder) / "store", KEY) as store:
        spent, total = _timed(store, originals)
        row_of = {place: row for row, place in enumerate(range(len(originals)), start=1)}
        natural = store.view().contents(list(row_of.values()))
        lines = [INTRO, _cost(store, spent, total, len(originals)), _natural(natural), ""]
        lines += [
            "| what was made of a passage | so many | folded | by nine words in ten |",
            "|---|--:|--:|--:|",
        ]
        for kind, copies in made.items():
            before = store.view().passage_count
            places = list(copies)
            for start in range(0, len(places), 200):
                part = places[start : start + 200]
                store.put([entry(f"{kind} {place}", [copies[place]]) for place in part])
            rows = _rows(store, kind, places)
            told, first = store.view().contents(rows), store.view().contents([row_of[p] for p in places])
            folded = sum(o.number in {c.number, *c.near} for c, o in zip(told, first, strict=True))
            old = sum(_jaccard(copies[p], originals[p]) >= 0.9 for p in places)
            assert store.view().passage_count == before + len(places)
            store.delete([article_id(f"{kind} {place}") for place in places])
            lines.append(
                f"| {kind} | {len(places):,} | {folded / len(places):.1%} | {old / len(places):.1%} |"
            )
            sys.stderr.write(lines[-1] + "\n")
    return "\n".join([*lines, CLOSING])


def _rows(store: EmbeddedStore, kind: str, places: list[int]) -> list[int]:
    with store._revisions.reading() as connection:
        found = dict(
            connection.execute(
                "SELECT article.id, row FROM passage JOIN article ON key = article WHERE removed IS NULL"
                " ORDER BY row DESC LIMIT ?",
                (len(places),),
            ).fetchall()
        )
    return [found[article_id(f"{kind} {place}")] for place in places]


def _timed(store: EmbeddedStore, originals: list[str]) -> tuple[list[float], float]:
    """Seconds of processor time that each passage's content took, and all of putting them."""
    real, spent = contents.write, list[float]()

    def timed(*arguments: object) -> None:
        began = time.thread_time()
        real(*arguments)  # type: ignore[arg-type]
        spent.append(time.thread_time() - began)

    contents.write = timed
    total = 0.0
    for start in range(0, len(originals), PER_ARTICLE * STEP):
        entries = [
            entry(f"article {at}", originals[at : at + PER_ARTICLE])
            for at in range(start, min(start + PER_ARTICLE * STEP, len(originals)), PER_ARTICLE)
        ]
        began = time.thread_time()
        store.put(entries)
        total += time.thread_time() - began
    contents.write = real
    return spent, total


def _cost(store: EmbeddedStore, spent: list[float], total: float, count: int) -> str:
    with store._revisions.reading() as connection:
        size = sum(
            found[0]
            for name in ("content", "said", "near", "band", "said_content", "sqlite_autoindex_content_1")
            for found in connection.execute(
                "SELECT sum(pgsize) FROM dbstat WHERE name = ?", (name,)
            ).fetchall()
            if found[0]
        )
    mean, last = 1000 * np.mean(spent), 1000 * np.array(spent[-5000:])
    return (
        f"{count:,} passages: of {1000 * total / count:.2f} ms of processor time for storing a passage this takes"
        f" {mean:.2f} ({last.mean():.2f} for the last 5,000, 99 % of them below {np.percentile(last, 99):.2f}),"
        f" of its room {size / count:.0f} bytes."
    )


def _natural(found: list[object]) -> str:
    near = sum(bool(content.near) for content in found)  # type: ignore[attr-defined]
    return f"Of the {len(found):,}, all of different words, {near:,} are near-duplicates of another as they came."


def _jaccard(one: str, two: str) -> float:
    first, second = ({word.text for word in words(text)} for text in (one, two))
    return len(first & second) / len(first | second)


def main() -> None:
    """Measure, print, and write it down where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--passages", type=int, default=PASSAGES)
    parser.add_argument("--record", action="store_true", help="write the figures to RESULTS.md")
    asked = parser.parse_args()
    table = measured(asked.data, asked.passages)
    sys.stdout.write(table + "\n")
    if asked.record:
        results.put("Near-duplicates", table)


if __name__ == "__main__":
    main()
