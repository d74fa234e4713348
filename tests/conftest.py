"""Settings shared by all tests. They import each other's fakes as `tests.fakes`: pytest runs from the root."""

from __future__ import annotations

from hypothesis import settings

# A busy machine must not fail a test of what is true; pytest-timeout stops what hangs.
settings.register_profile("sanad", deadline=None)
settings.load_profile("sanad")
