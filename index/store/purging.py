"""What no view can need any more leaves the database."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from index.store import contents
from index.store.schema import State


def purge(connection: sqlite3.Connection, state: State, oldest: int, before: float) -> State:
    """The state after deleting, in the open transaction, what was removed up to revision `oldest` before a time."""
    (horizon,) = connection.execute(
        "SELECT max(revision) FROM removal WHERE revision <= ? AND at < ?", (oldest, before)
    ).fetchone()
    if horizon is None:
        return state
    for (number,) in connection.execute("SELECT number FROM embedding_set").fetchall():
        connection.execute(
            f"DELETE FROM embedding_{number} WHERE row IN (SELECT row FROM passage WHERE removed <= ?)",
            (horizon,),
        )
    doomed = contents.said_by(connection, "removed <= ?", (horizon,))
    connection.execute("DELETE FROM passage WHERE removed <= ?", (horizon,))
    contents.purge(connection, doomed)
    connection.execute("DELETE FROM version WHERE removed <= ?", (horizon,))
    connection.execute("DELETE FROM removal WHERE revision <= ?", (horizon,))
    return replace(state, purged=horizon)
