"""The one error tree of the library; foreign errors (SQLite, FAISS, ONNX, …) are mapped to it where they
enter.
"""

from __future__ import annotations


class IndexingError(Exception):
    """Base of all that `index` raises on purpose. `str(error)` is one line fit for a user: what was wanted,
    what came, what to do.
    """


class ReadError(IndexingError):
    """A source that cannot become an article: empty, binary, not UTF-8, too large, no passage, bad
    metadata.
    """

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class EncoderError(IndexingError):
    """A model that cannot be loaded or run, with what to install or set."""


class StoreError(IndexingError):
    """The store cannot do what was asked."""


class StoreMissingError(StoreError):
    """There is no store at the place named."""


class StoreLockedError(StoreError):
    """Another process is writing; the message names it."""


class StoreDamagedError(StoreError):
    """A checksum, offset or count does not hold. The command line exits with 3."""


class EncoderMismatchError(StoreError):
    """The store's embeddings were made by another encoder than the one given."""


class ArticleMissingError(StoreError):
    """No article has this id."""


class QueryError(IndexingError):
    """A query that cannot be answered as asked; `field` names the part at fault."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
