"""Many articles → a store, past one machine, by a Ray cluster."""

from __future__ import annotations

from index.bulk.load import Loaded, bulk, cluster

__all__ = ["Loaded", "bulk", "cluster"]
