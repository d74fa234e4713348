"""Every operation of the OpenAPI document with every kind of key, as Schemathesis makes requests up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from service.auth import scope_needed
from tests.service.institution import Institution, institution, served
from tests.service.test_guard import OPENS

EXAMPLES = 6
"""Requests made up for each operation, key and mode."""
CHECKS = (
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Institution]:
    with institution(tmp_path_factory.mktemp("house") / "store", max_tasks=100_000) as house:
        yield house


@pytest.fixture(scope="module")
def schema(house: Institution) -> Iterator[Any]:
    with served(house.app) as base:
        yield schemathesis.openapi.from_url(f"{base}/openapi.json")


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("key", ["none", "wrong", "search", "metrics", "admin"])
def test_no_request_breaks_the_service_or_its_description(
    schema: Any, house: Institution, key: str, mode: GenerationMode
) -> None:
    broken = {}
    for found in schema.get_all_operations():
        operation = found.ok()
        needed = scope_needed(operation.method.upper(), operation.path)
        try:
            check(operation, mode, house.keys[key], may=needed is None or key in OPENS[needed])
        except Exception as error:
            broken[operation.label] = str(error)
    assert not broken, "\n".join(f"{label}: {error}" for label, error in broken.items())


def check(operation: Any, mode: GenerationMode, headers: dict[str, str], *, may: bool) -> None:
    """Raises whatever is wrong with an answer to a request that was made up."""

    @given(operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def holds(case: schemathesis.Case) -> None:
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)
        assert may or response.status_code >= 400, "no success without the scope"

    with suppress(Unsatisfiable):  # nothing can be wrong with a request that has no fields
        holds()
