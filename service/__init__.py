"""Sanad over HTTP: the JSON API and the search page. Knows nothing of FAISS."""
