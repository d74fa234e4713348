"""Sanad's library: articles in, ranked passages with their provenance out. Knows nothing of HTTP."""
