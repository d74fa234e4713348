"""deploy/kubernetes: valid manifests, which agree with the image, with the service's settings and with each other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from benchmarks import sizing
from service.routes import health
from tests.deploy.image import IMAGE, Image, version

FOLDER = Path(__file__).parent.parent.parent / "deploy" / "kubernetes"
OLDEST, NEWEST = "1.30", kubernetes_validate.latest_version()
Manifest = dict[str, Any]


def manifests() -> dict[tuple[str, str], Manifest]:
    read = [
        one for file in sorted(FOLDER.glob("*.yaml")) for one in yaml.safe_load_all(file.read_text("utf-8"))
    ]
    found = {(one["kind"], one.get("metadata", {}).get("name", "")): one for one in read}
    assert len(found) == len(read)
    return found


ALL = manifests()
KUSTOMIZATION = ALL.pop(("Kustomization", ""))
PODS = {
    name: ALL[name]["spec"]["template"] for name in (("Deployment", "sanad"), ("StatefulSet", "sanad-writer"))
}


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
@pytest.mark.parametrize("name", ALL, ids=" ".join)
def test_kubernetes_takes_it(name: tuple[str, str], release: str) -> None:
    kubernetes_validate.validate(ALL[name], release, strict=True)


def test_a_misspelt_field_is_refused() -> None:
    wrong = {**ALL["PodDisruptionBudget", "sanad"], "spec": {"maxUnavailble": 1}}
    with pytest.raises(kubernetes_validate.ValidationError, match="maxUnavailble"):
        kubernetes_validate.validate(wrong, NEWEST, strict=True)


def test_one_command_applies_all_of_it() -> None:
    files = {file.name for file in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(KUSTOMIZATION["resources"]) == files
    assert all(one["metadata"].get("namespace", "sanad") == "sanad" for one in ALL.values())
    assert [image["newTag"] for image in KUSTOMIZATION["images"]] == [version()]


@pytest.fixture(params=PODS, ids=" ".join)
def pod(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    template: Mapping[str, Any] = PODS[request.param]
    return template


@pytest.fixture
def container(pod: Mapping[str, Any]) -> Mapping[str, Any]:
    (only,) = pod["spec"]["containers"]
    found: Mapping[str, Any] = only
    return found


def test_the_image_is_pinned_and_is_the_one_that_kustomize_renames(container: Mapping[str, Any]) -> None:
    assert IMAGE.fullmatch(container["image"])
    assert container["image"] == f"{KUSTOMIZATION['images'][0]['name']}:{version()}"


def test_the_container_runs_as_the_image_is_made_and_can_write_nowhere_but_to_its_volumes(
    pod: Mapping[str, Any], container: Mapping[str, Any]
) -> None:
    image = Image.read()
    user, group = image.user.split(":")
    secured = pod["spec"]["securityContext"]
    assert (secured["runAsUser"], secured["runAsGroup"], secured["fsGroup"]) == (
        int(user),
        int(group),
        int(group),
    )
    assert secured["runAsNonRoot"] is True
    assert secured["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["spec"]["automountServiceAccountToken"] is False
    mounted = {mount["name"]: mount for mount in container["volumeMounts"]}
    there = {volume["name"] for volume in pod["spec"]["volumes"]}
    claims = ALL["StatefulSet", "sanad-writer"]["spec"]["volumeClaimTemplates"]
    assert set(mounted) <= there | {claim["metadata"]["name"] for claim in claims}
    assert mounted["keys"]["readOnly"] is True
    (keys,) = (volume["secret"] for volume in pod["spec"]["volumes"] if volume["name"] == "keys")
    assert keys["defaultMode"] == 0o440


def test_its_environment_is_settings_that_the_service_knows(
    pod: Mapping[str, Any], container: Mapping[str, Any]
) -> None:
    image = Image.read()
    told = dict(ALL["ConfigMap", "sanad-settings"]["data"])
    told |= {one["name"]: one["value"] for one in container["env"]}
    settings = image.settings(told)
    sources = [(kind, one["name"]) for source in container["envFrom"] for kind, one in source.items()]
    assert sources == [("configMapRef", "sanad-settings"), ("secretRef", "sanad-milvus")]
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert str(settings.keys_path.parent) in mounts
    assert str(settings.tasks_path.parent) in mounts
    assert [port["containerPort"] for port in container["ports"]] == [settings.port]
    assert settings.host == "0.0.0.0"
    grace = pod["spec"]["terminationGracePeriodSeconds"]
    assert settings.search_seconds + 5 + 5 <= grace


def test_what_waits_on_the_writers_disk_fits_there() -> None:
    (claim,) = ALL["StatefulSet", "sanad-writer"]["spec"]["volumeClaimTemplates"]
    settings = Image.read().settings({})
    room = quantity(claim["spec"]["resources"]["requests"]["storage"])
    assert 2 * settings.max_tasks * settings.max_batch <= room


def test_probes_ask_what_the_service_answers(container: Mapping[str, Any]) -> None:
    paths = {route.path for route in health.router.routes if hasattr(route, "path")}
    asked = {name: container[name]["httpGet"] for name in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert {name: get["path"] for name, get in asked.items()} == {
        "startupProbe": "/readyz",
        "readinessProbe": "/readyz",
        "livenessProbe": "/livez",
    }
    assert {get["path"] for get in asked.values()} <= paths
    assert {get["port"] for get in asked.values()} == {"http"}


def test_resources_are_twice_what_was_measured(container: Mapping[str, Any]) -> None:
    results = (FOLDER.parent.parent / "benchmarks" / "RESULTS.md").read_text("utf-8")
    found = re.search(r"memory in the second / last fifth \| [\d.]+ / ([\d.]+) MiB", results)
    assert found
    most = float(found[1]) * 2**20
    asked = container["resources"]
    assert most < quantity(asked["requests"]["memory"])
    assert 2 * most < quantity(asked["limits"]["memory"])
    assert (asked["requests"]["cpu"], asked["limits"]["cpu"]) == ("1", "2")


def test_services_budgets_and_the_autoscaler_mean_pods_that_there_are() -> None:
    for kind, name in (("Deployment", "sanad"), ("StatefulSet", "sanad-writer")):
        labels = PODS[kind, name]["metadata"]["labels"]
        assert ALL[kind, name]["spec"]["selector"] == {"matchLabels": labels}
        assert ALL["Service", name]["spec"]["selector"] == labels
        assert [port["targetPort"] for port in ALL["Service", name]["spec"]["ports"]] == ["http"]
    assert (
        PODS["Deployment", "sanad"]["metadata"]["labels"]
        != PODS["StatefulSet", "sanad-writer"]["metadata"]["labels"]
    )
    budget = ALL["PodDisruptionBudget", "sanad"]["spec"]
    assert budget["selector"] == ALL["Deployment", "sanad"]["spec"]["selector"]
    scaler = ALL["HorizontalPodAutoscaler", "sanad"]["spec"]
    assert scaler["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "sanad"}
    assert budget["maxUnavailable"] < scaler["minReplicas"]
    assert "replicas" not in ALL["Deployment", "sanad"]["spec"]
    assert ALL["StatefulSet", "sanad-writer"]["spec"]["replicas"] == 1


def test_nothing_passes_but_questions_names_and_milvus() -> None:
    assert ALL["NetworkPolicy", "nothing"]["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }
    policy = ALL["NetworkPolicy", "sanad"]["spec"]
    for pod in PODS.values():
        assert policy["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert [port["port"] for rule in policy["ingress"] for port in rule["ports"]] == ["http"]
    assert [port["port"] for rule in policy["egress"] for port in rule["ports"]] == [53, 53, 19530]
    assert all(rule["to"] for rule in policy["egress"])


def quantity(text: str) -> float:
    """A Kubernetes quantity in bytes."""
    found = re.fullmatch(r"(\d+)(Mi|Gi)", text)
    assert found
    return int(found[1]) * {"Mi": 2**20, "Gi": 2**30}[found[2]]


def test_the_values_of_milvus_are_those_that_the_page_on_scale_reckons() -> None:
    values = yaml.safe_load((FOLDER.parent / "milvus-values.yaml").read_text("utf-8"))
    image = values["image"]["all"]
    compose = (FOLDER.parent / "compose.yaml").read_text("utf-8")
    assert f"image: {image['repository']}:{image['tag']}${{MILVUS_DIGEST:-}}" in compose
    nodes = values["queryNode"]
    memory = nodes["replicas"] * quantity(nodes["resources"]["limits"]["memory"])
    measured = sizing.Measured.of(sizing.RESULTS.read_text("utf-8"))
    assert sizing.held(10_000_000, measured)[2] <= sizing.FULL * memory
    disk = nodes["replicas"] * quantity(nodes["resources"]["limits"]["ephemeral-storage"])
    assert 2 * 10_000_000 * (2 * measured.text + sizing.FIELDS) <= disk
    config = yaml.safe_load(values["extraConfigFiles"]["user.yaml"])
    assert config["queryNode"]["mmap"]["scalarField"] is True
    assert config["queryNode"]["mmap"]["vectorIndex"] is False
    assert config["common"]["security"]["authorizationEnabled"] is True


def test_every_file_and_name_of_the_instructions_is_there() -> None:
    text = (FOLDER.parent / "README.md").read_text("utf-8")
    for name in re.findall(r"deploy/[\w./-]+", text):
        assert (FOLDER.parent.parent / name).exists() or name == "deploy/.env", name
    for name in re.findall(r"secret generic ([\w-]+)", text):
        assert name in (FOLDER / "settings.yaml").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+\.yaml)`", text, re.M)) | {"namespace.yaml"} == set(
        KUSTOMIZATION["resources"]
    )
    for argument in re.findall(r"`(\w+_DIGEST)", text):
        assert f"${{{argument}:-" in (FOLDER.parent / "compose.yaml").read_text("utf-8")
    assert f"sanad-search-milvus:{version()}" in text
