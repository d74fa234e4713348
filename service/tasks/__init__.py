"""Writes: kept on disk until they are done, carried out one at a time by one process."""
