"""Fresh passages into the main index, and what was removed out of it."""

from __future__ import annotations

import numpy as np

from index.store import main_index
from index.store.columns import Columns
from index.store.compact_index import CompactIndex, list_count
from index.store.exact_index import ExactIndex
from index.store.loading import arranged
from index.store.main_index import MainIndex, Tuning
from index.store.memory import Memory
from index.store.scoring import Fetch


def is_due(memory: Memory, tuning: Tuning) -> bool:
    """Whether folding would make searches notably quicker."""
    return len(memory.fresh) >= tuning.fold_at or _dead(memory) >= max(tuning.fold_at, len(memory.main) // 4)


def is_idle(memory: Memory) -> bool:
    """Whether folding would change nothing."""
    return not len(memory.fresh) and not _dead(memory)


def folded(memory: Memory, fetch: Fetch, dim: int, tuning: Tuning) -> MainIndex:
    """A new main index of all that is alive; bits that are there already are kept as long as they suit its size."""
    rows, main = memory.alive(), memory.main
    if len(rows) < tuning.exact_below:
        if not isinstance(main, ExactIndex):
            return main_index.build(rows, fetch, dim, tuning)
        kept = main.codes if memory.main_alive is None else main.codes[memory.main_alive]
        return ExactIndex.build(rows, np.concatenate([kept, memory.fresh_codes[memory.fresh_alive]]))
    outgrown = not isinstance(main, CompactIndex) or list_count(len(rows)) > main.lists
    if outgrown or _dead(memory) * 4 > len(main):
        return main_index.build(rows, fetch, dim, tuning)
    assert isinstance(main, CompactIndex)  # or it would be outgrown
    return main.plus(memory.fresh.rows[memory.fresh_alive], memory.fresh_codes[memory.fresh_alive])


def rearranged(memory: Memory, main: MainIndex) -> Memory:
    """The same passages around another main index, made from this memory or from an earlier one."""
    kept = memory.main_columns
    if memory.main_alive is not None:
        kept = kept.take(memory.main_alive)
    columns: Columns = kept.plus(memory.fresh.take(memory.fresh_alive))
    last = int(main.rows[-1]) if len(main) else 0
    newer = memory.fresh_alive & (memory.fresh.rows > last)
    return arranged(main, columns, memory.fresh_codes[newer], memory.catalog, memory.postings)


def _dead(memory: Memory) -> int:
    return 0 if memory.main_alive is None else len(memory.main) - int(np.count_nonzero(memory.main_alive))
