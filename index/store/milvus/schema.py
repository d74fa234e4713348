"""How the collections of a store are made; see names.py for what lies in each."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from pymilvus import DataType, Function, FunctionType, MilvusClient

from index.errors import StoreError
from index.store.lexical import LENGTH, SATURATION
from index.store.milvus.client import Client, Version
from index.store.milvus.names import KEY, NAME, NO_VECTOR, TEXT, Names

HNSW = {"M": 16, "efConstruction": 200}
LOAD_S = 600.0
HOLDER = "sanad.writer"


def make(client: Client, names: Names, dim: int, *, words: bool) -> None:
    """Make the collections of a new store but for the log, where the first commit says that there is a store."""
    steps = [
        partial(make_articles, client, names),
        partial(make_passages, client, names.passages(1), dim, words=words),
        partial(make_words, client, names),
    ]
    with ThreadPoolExecutor(len(steps)) as pool:
        for made in [pool.submit(step) for step in steps]:
            made.result()


def make_articles(client: Client, names: Names) -> None:
    """A row a part of a version: the first part has the provenance, all together the text and headings as JSON."""
    schema = _schema(("key", KEY))
    for name, length in (("id", NAME), ("digest", NAME), ("source", KEY), ("publisher", KEY), ("lang", NAME)):
        schema.add_field(name, DataType.VARCHAR, max_length=length)
    for name in ("version", "part", "added", "root", "passages", "day"):
        schema.add_field(name, DataType.INT64)
    for name in ("record", "body"):
        schema.add_field(name, DataType.VARCHAR, max_length=TEXT)
    _create(client, names.articles, schema, by=("id",))


def make_passages(client: Client, collection: str, dim: int, *, words: bool) -> None:
    """A row a passage, with all that a search filters by, its embedding and its words, to be searched by if `words`."""
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("row", DataType.INT64, is_primary=True)
    for name in ("id", "article", "lang"):
        schema.add_field(name, DataType.VARCHAR, max_length=NAME)
    for name in ("source", "publisher"):
        schema.add_field(name, DataType.VARCHAR, max_length=KEY)
    for name in ("added", "paragraph", "start", "stop", "day", "size", "said"):
        schema.add_field(name, DataType.INT64)
    schema.add_field("bands", DataType.VARCHAR, max_length=NAME)
    for name in ("text", "heading"):
        schema.add_field(name, DataType.VARCHAR, max_length=TEXT)
    schema.add_field(
        "words", DataType.VARCHAR, max_length=TEXT, **(_analysis(client.version) if words else {})
    )
    schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=dim)
    indexes: list[dict[str, Any]] = [
        {"field_name": "embedding", "index_type": "HNSW", "metric_type": "COSINE", "params": HNSW}
    ]
    if words:
        schema.add_field("bm25", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(
            Function(
                name="bm25_of_words",
                function_type=FunctionType.BM25,
                input_field_names=["words"],
                output_field_names=["bm25"],
            )
        )
        tuning = {"bm25_k1": SATURATION, "bm25_b": LENGTH}
        indexes.append(
            {
                "field_name": "bm25",
                "index_type": "SPARSE_INVERTED_INDEX",
                "metric_type": "BM25",
                "params": tuning,
            }
        )
    _create(client, collection, schema, by=("id", "article"), indexes=indexes)


def make_words(client: Client, names: Names) -> None:
    """A row a word of the corpus, found by its consonants."""
    schema = _schema(("word", NAME))
    schema.add_field("skeleton", DataType.VARCHAR, max_length=NAME)
    _create(client, names.words, schema, by=("skeleton",))


def make_log(client: Client, names: Names) -> None:
    """A row a part of a commit."""
    schema = _schema(("key", NAME))
    for name in ("serial", "part", "parts"):
        schema.add_field(name, DataType.INT64)
    schema.add_field("token", DataType.VARCHAR, max_length=NAME)
    schema.add_field("record", DataType.VARCHAR, max_length=TEXT)
    _create(client, names.log, schema)


def make_lock(client: Client, names: Names, description: str) -> None:
    """The collection whose being there is the writer's lock; never loaded. Raises: StoreError: it is there already."""
    schema = _schema(("key", NAME), description)
    kept = {"properties": {HOLDER: description}} if client.version.is_lite else {}  # it forgets descriptions
    client.ask("create_collection", names.writer, schema=schema, **kept)


def lock_of(client: Client, names: Names) -> str | None:
    """The description of the lock that is there; None for none."""
    if not client.ask("has_collection", names.writer):
        return None
    made = client.ask("describe_collection", names.writer)
    return str(made.get("properties", {}).get(HOLDER) or made.get("description", ""))


def load(client: Client, collections: Sequence[str]) -> None:
    """Let the server's nodes serve these collections; waits until they do."""
    with ThreadPoolExecutor(len(collections)) as pool:
        for loaded in [pool.submit(_load, client, collection) for collection in collections]:
            loaded.result()


def point(client: Client, alias: str, collection: str) -> None:
    """Let an alias name this collection, whatever it named before."""
    try:
        client.ask("create_alias", collection, alias)
    except StoreError:
        client.ask("alter_alias", collection, alias)


def _load(client: Client, collection: str) -> None:
    state = client.ask("get_load_state", collection)["state"]
    if str(getattr(state, "name", state)) != "Loaded":
        client.ask("load_collection", collection, timeout=LOAD_S)


def _schema(key: tuple[str, int], description: str = "") -> Any:
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False, description=description)
    schema.add_field(key[0], DataType.VARCHAR, is_primary=True, max_length=key[1])
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=len(NO_VECTOR))
    return schema


def _create(
    client: Client,
    collection: str,
    schema: Any,
    *,
    by: Sequence[str] = (),
    indexes: Sequence[dict[str, Any]] = (),
) -> None:
    """Make a collection, found `by` these fields without reading it all, and load it."""
    params = MilvusClient.prepare_index_params()
    for index in indexes or [{"field_name": "vector", "index_type": "FLAT", "metric_type": "L2"}]:
        params.add_index(**index)
    kind = "INVERTED" if client.version.is_lite or client.version.number >= (2, 4) else "Trie"
    for field in by:
        params.add_index(field_name=field, index_type=kind)
    if client.ask("has_collection", collection):  # left by one that was killed while it made this store
        client.ask("drop_collection", collection)
    # Session: the server takes the time that each read asks to see, also where pymilvus says nothing of consistency.
    client.ask("create_collection", collection, schema=schema, consistency_level="Session")
    client.ask("create_index", collection, params, sync=False)
    client.ask("load_collection", collection, timeout=LOAD_S)


def _analysis(version: Version) -> dict[str, Any]:
    """How a server finds the words in what is folded already: they stand between blanks."""
    # milvus-lite has no `whitespace`; its `standard` takes what words.py makes of a word for one word too.
    tokenizer = "standard" if version.is_lite else "whitespace"
    return {"enable_analyzer": True, "enable_match": True, "analyzer_params": {"tokenizer": tokenizer}}
