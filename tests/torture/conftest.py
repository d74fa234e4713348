"""Figures that torture tests measure, printed when they are done."""

from __future__ import annotations

from collections.abc import Callable

import pytest

FIGURES = pytest.StashKey[dict[str, object]]()


@pytest.fixture
def record_figure(request: pytest.FixtureRequest) -> Callable[[str, object], None]:
    """Remember a figure under a name, for the summary at the end."""
    figures = request.config.stash.setdefault(FIGURES, {})
    return figures.__setitem__


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print all that was recorded."""
    figures = config.stash.get(FIGURES, {})
    if figures:
        terminalreporter.section("figures")
    for name, figure in figures.items():
        terminalreporter.write_line(f"{name}: {figure}")
