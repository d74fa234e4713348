"""Settings shared by all tests. They import each other's fakes as `tests.fakes`: pytest runs from the root."""

from __future__ import annotations

import pytest
from hypothesis import settings

# A busy machine must not fail a test of what is true; pytest-timeout stops what hangs.
settings.register_profile("sanad", deadline=None)
settings.register_profile("fast", deadline=None, max_examples=10)
settings.load_profile("sanad")


SLOW = (
    "tests/training/",
    "tests/test_cli.py",
    "tests/test_readme.py",
    "tests/test_seeds.py",
    "test_folding.py",
    "tests/index/read/test_html.py",
    "tests/index/read/test_pdf.py",
    "tests/index/store/test_commands.py",
    "tests/index/test_encoder.py",
    "test_protocol.py",
    "test_compat.py",
)
"""Those that need torch or the openai client at hand, the bundled encoder end to end, thousands of passages, the
libraries of a format, or clients slow on purpose.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what is slow by where it is; puts the browser's tests last: Playwright keeps an event loop running, and
    beside it no other can be started.
    """
    for item in items:
        if any(part in item.path.as_posix() for part in SLOW):
            item.add_marker("slow")
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
