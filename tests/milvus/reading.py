"""What tests of stores share: waiting for what another has written, and clearing away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from index.store.milvus.address import parse
from index.types import Store, View

LONGEST_S = 30.0


def soon(reader: Store, revision: int) -> View:
    """The reader's view of this revision: at once where the engine promises that, else within seconds."""
    deadline = time.monotonic() + LONGEST_S
    while reader.view().revision < revision and time.monotonic() < deadline:
        time.sleep(0.02)
    view = reader.view()
    assert view.revision == revision
    return view


@contextmanager
def removed_after(address: str) -> Iterator[str]:
    """The address of a store whose collections and aliases are dropped in the end, whatever is left of it."""
    yield address
    from index.store.milvus.client import Client  # pymilvus takes seconds to import

    parsed = parse(address)
    client = Client.open(parsed)
    for collection in client.ask("list_collections"):
        if collection.startswith(f"{parsed.name}_"):
            for alias in client.ask("list_aliases", collection)["aliases"]:
                client.ask("drop_alias", alias)
            client.ask("drop_collection", collection)
    client.close()
