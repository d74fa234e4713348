"""What a search must answer, in plain NumPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def numpy_nearest(
    rows: npt.NDArray[np.int64], embeddings: npt.NDArray[np.floating], query: npt.NDArray[np.floating], k: int
) -> list[tuple[int, float]]:
    """Row and cosine of the k nearest, best first, ties by lower row; embeddings `(n, dim)` as float16 stores them."""
    stored = embeddings.astype(np.float16).astype(np.float64)
    wide = query.astype(np.float64)
    scores = (stored @ wide / np.linalg.norm(stored, axis=1) / np.linalg.norm(wide)).astype(np.float32)
    order = np.lexsort((rows, -scores))[:k]
    return [(int(rows[place]), float(scores[place])) for place in order]
