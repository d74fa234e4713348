"""Settings shared by all tests. They import each other's fakes as `tests.fakes`: pytest runs from the root."""

from __future__ import annotations

import pytest
from hypothesis import settings

# A busy machine must not fail a test of what is true; pytest-timeout stops what hangs.
settings.register_profile("sanad", deadline=None)
settings.load_profile("sanad")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser's tests last: Playwright keeps an event loop running, and beside it no other can be started."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
