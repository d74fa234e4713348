"""What a view holds in memory and searches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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

    def __len__(self) -> int:
        """How many passages may answer."""
        main = len(self.main) if self.main_alive is None else int(np.count_nonzero(self.main_alive))
        return main + int(np.count_nonzero(self.fresh_alive))

    def langs(self, rows: Ints) -> npt.NDArray[np.int8]:
        """The language codes of these rows `(n,)`, which are of this revision."""
        columns, fresh = self.main_columns, self.fresh
        in_main = rows <= (columns.rows[-1] if len(columns) else 0)
        codes = np.empty(len(rows), dtype=np.int8)
        codes[in_main] = columns.langs[np.searchsorted(columns.rows, rows[in_main])]
        codes[~in_main] = fresh.langs[np.searchsorted(fresh.rows, rows[~in_main])]
        return codes

    def alive(self) -> Ints:
        """The rows that may answer, ascending."""
        rows = self.main_columns.rows
        kept = rows if self.main_alive is None else rows[self.main_alive]
        return np.concatenate([kept, self.fresh.rows[self.fresh_alive]])
