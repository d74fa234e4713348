"""Bulk loads by a cluster, one after another, in a process of their own: `… -m tests.index.bulk.loading HEAD PLACE`.

Ray changes what it finds in a process, warns of much and prints to stdout; what came of each load is a line of JSON in
PLACE/told.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

from index.bulk import bulk, cluster, load
from index.errors import IndexingError
from index.read import Corpus
from index.store import create_store
from tests.fakes import ConceptEncoder
from tests.index.bulk.encoders import Lawless, Noting
from tests.index.pooled import Mortal


def main(head: str, place: Path) -> None:
    """What fails, then what goes on from there, then nothing new, then changes."""
    load.FLUSH_PASSAGES = 2  # a step for each article
    folder, notes, key = place / "articles", place / "nodes", ConceptEncoder().key
    notes.mkdir()
    with cluster(head) as cores, create_store(place / "store", key) as store:

        def told(**facts: object) -> None:
            with (place / "told").open("a", encoding="utf-8") as file:
                file.write(json.dumps(facts) + "\n")

        def loaded(encoder: load.Load) -> None:
            files: list[tuple[int, int]] = []
            try:
                done = bulk(
                    Corpus.at(folder), store, encoder, 2, progress=lambda done, all: files.append((done, all))
                )
            except IndexingError as error:
                told(error=str(error), articles=store.view().article_count)
            else:
                told(**asdict(done), last=files[-1], articles=store.view().article_count)

        told(cores=cores)
        loaded(Lawless)
        loaded(Mortal)
        loaded(partial(ConceptEncoder, "2"))
        loaded(partial(Noting, notes))
        loaded(ConceptEncoder)
        (folder / "03.txt").write_text(
            "A title\n\nThe summit was moved to the spring, the ministry said today.\n"
        )
        (folder / "04.txt").unlink()
        (folder / "05.txt").write_bytes(b"caf\xe9 \x00")
        loaded(ConceptEncoder)
        told(nodes=len(list(notes.iterdir())))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
