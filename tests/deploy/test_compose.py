"""deploy/compose.yaml: a valid compose file, which agrees with the image and with the service's settings."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from tests.deploy.image import DIGEST, IMAGE, Image, version

FILE = Path(__file__).parent.parent.parent / "deploy" / "compose.yaml"
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*)|:\?(?P<needed>[^}]*))?\}")


def interpolated(text: str, given: dict[str, str]) -> str:
    """The text as compose reads it with these variables in the environment."""

    def value(found: re.Match[str]) -> str:
        if given.get(found["name"]):
            return given[found["name"]]
        assert found["needed"] is None, found["needed"]
        return found["default"] or ""

    return VARIABLE.sub(value, text)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(
        interpolated(FILE.read_text("utf-8"), {"OBJECTS_PASSWORD": "x" * 24})
    )
    return read


def test_it_is_a_compose_file_and_what_is_none_is_refused(compose: dict[str, Any]) -> None:
    def parsed(change: dict[str, Any]) -> PyCompose:
        whole = json.loads(json.dumps(compose))
        whole["services"]["milvus"].update(change)
        for service in whole[
            "services"
        ].values():  # this parser knows a tag or a digest, an image may have both
            service["image"] = re.sub(r":[^:@]+@", "@", service["image"])
        return PyCompose.from_json(json.dumps(whole))

    assert parsed({}).service_names() == ["sanad", "milvus", "etcd", "objects"]
    for wrong in ({"imagee": "x"}, {"ports": ["a:b"]}, {"depends_on": {"etcd": {"condition": "well"}}}):
        with pytest.raises(ValueError, match="at line"):
            parsed(wrong)


def test_every_name_it_refers_to_is_there(compose: dict[str, Any]) -> None:
    services, used = compose["services"], set()
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
        assert all("healthcheck" in services[name] for name in service.get("depends_on", ()))
        assert set(service["networks"]) <= set(compose["networks"])
        used |= {volume["source"] for volume in service["volumes"] if volume["type"] == "volume"}
    assert used == set(compose["volumes"])
    assert services["milvus"]["environment"]["ETCD_ENDPOINTS"] == "etcd:2379"
    assert services["milvus"]["environment"]["MINIO_ADDRESS"] == "objects:9000"
    assert services["sanad"]["environment"]["SANAD_STORE"] == "milvus://milvus:19530/sanad"


def test_every_image_is_pinned_and_takes_a_digest(compose: dict[str, Any]) -> None:
    images = {name: service["image"] for name, service in compose["services"].items()}
    assert all(IMAGE.fullmatch(image) for image in images.values()), images
    assert images["sanad"] == f"sanad-search-milvus:{version()}"
    arguments = {f"{name}_DIGEST".upper(): f"@sha256:{'0' * 64}" for name in images}
    given = interpolated(FILE.read_text("utf-8"), {**arguments, "OBJECTS_PASSWORD": "x" * 24})
    for service in yaml.safe_load(given)["services"].values():
        assert service["image"].endswith(f"@sha256:{'0' * 64}")
        assert DIGEST.search(service["image"])


def test_the_service_is_what_the_image_makes_it(compose: dict[str, Any]) -> None:
    image, service = Image.read(), compose["services"]["sanad"]
    assert service["build"] == {"context": "..", "target": "milvus"}
    assert "milvus" in image.stages
    assert service["ports"] == [f"127.0.0.1:8000:{image.port}"]
    assert service["user"] == image.user
    assert {volume["target"]: volume["type"] for volume in service["volumes"]} == {
        image.volume: "volume",
        "/articles": "bind",
    }
    kept = [service["environment"][name] for name in ("SANAD_KEYS", "SANAD_TASKS")]
    assert kept == [f"{image.volume}/keys.json", f"{image.volume}/tasks"]


def test_it_sets_only_what_the_service_knows(compose: dict[str, Any]) -> None:
    image = Image.read()
    settings = image.settings(compose["services"]["sanad"]["environment"])
    assert settings.store == "milvus://milvus:19530/sanad"
    assert settings.host == "0.0.0.0"
    assert settings.port == image.port
    assert settings.search_seconds + 5 + 5 <= seconds(compose["services"]["sanad"]["stop_grace_period"])


def test_nothing_but_the_service_is_reached_from_outside_and_it_writes_to_its_volume_alone(
    compose: dict[str, Any],
) -> None:
    assert compose["networks"]["inside"] == {"internal": True}
    for name, service in compose["services"].items():
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["deploy"]["resources"]["limits"]["memory"]
        if name != "sanad":
            assert service["networks"] == ["inside"]
            assert "ports" not in service
    assert compose["services"]["sanad"]["read_only"] is True
    assert compose["services"]["sanad"]["tmpfs"] == ["/tmp:size=64m,mode=1777"]


def test_without_a_password_for_the_object_store_it_says_what_to_set() -> None:
    with pytest.raises(AssertionError, match=r"^is set in deploy/.env; see deploy/README.md"):
        interpolated(FILE.read_text("utf-8"), {})


def seconds(text: str) -> int:
    found = re.fullmatch(r"(\d+)s", text)
    assert found
    return int(found[1])
