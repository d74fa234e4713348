"""The processor time that a reader may use before it takes its next step; beyond it the kernel ends its process."""

from __future__ import annotations

import resource

SECONDS = 20
"""For one article, one page of a PDF, a thousand records looked through. An ordinary article takes a tenth of one."""

_bounded: list[bool] = []


def begin() -> None:
    """Bound this process from now on: only one that does nothing but read should be."""
    _bounded.append(True)
    renew()


def renew() -> None:
    """Let the processor be used for `SECONDS` from now; nothing in a process that is not bounded."""
    if _bounded:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(usage.ru_utime + usage.ru_stime) + SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))
