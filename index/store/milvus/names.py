"""The collections of a store, what lies in each, and what Milvus keeps at most in a field.

`NAME_articles`     a row for each part of each version of an article
`NAME_passages_1`   a row for each passage, with its embedding by the first encoder; `_2` by the second …
`NAME_words`        the words of the corpus, to find how else a name is spelled in it
`NAME_log`          a row for each commit, see log.py
`NAME_writer`       there while somebody writes, see lock.py
`NAME`, `NAME_previous`: aliases of the passages that answer and of those that can be rolled back to
"""

from __future__ import annotations

from dataclasses import dataclass

TEXT = 65_535
"""The longest text that Milvus keeps in a field, in bytes."""
KEY = 8_192
"""The longest source, in bytes, with what makes it a key."""
NAME = 256

NO_VECTOR = [0.0, 0.0]
"""Every collection must have a vector; those that nobody searches by one have this."""


@dataclass(frozen=True, slots=True)
class Names:
    """What a store's collections and aliases are called."""

    base: str

    @property
    def articles(self) -> str:
        return f"{self.base}_articles"

    @property
    def words(self) -> str:
        return f"{self.base}_words"

    @property
    def log(self) -> str:
        return f"{self.base}_log"

    @property
    def writer(self) -> str:
        return f"{self.base}_writer"

    @property
    def previous(self) -> str:
        return f"{self.base}_previous"

    def passages(self, number: int) -> str:
        """Of the embedding set of this number."""
        return f"{self.base}_passages_{number}"
