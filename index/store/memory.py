"""What a view holds in memory and searches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from index.store.columns import Catalog, Columns, Ints, Mask
from index.store.lexical import Postings
from index.store.main_index import MainIndex
from index.store.records import Codes


@dataclass(frozen=True, slots=True)
class Memory:
    """What a view searches: a main index, a small fresh part, what is alive, the articles' columns, and words."""

    main: MainIndex
    main_columns: Columns
    main_alive: Mask | None  # None: all
    fresh: Columns
    fresh_codes: Codes
    fresh_alive: Mask
    catalog: Catalog
    postings: Postings

    def alive(self) -> Ints:
        """The rows that may answer, ascending."""
        rows = self.main_columns.rows
        kept = rows if self.main_alive is None else rows[self.main_alive]
        return np.concatenate([kept, self.fresh.rows[self.fresh_alive]])
