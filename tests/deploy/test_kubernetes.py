"""The manifests, held against the schemas of Kubernetes and of the Spark operator."""

import copy
import json
from functools import reduce
from typing import Any

import pytest

from . import environments
from .examples import manifest

pytestmark = pytest.mark.thorough

VERSIONS = ("1.31", "1.37")  # the first in which all that the CronJob uses is stable, and the newest
POD_TEMPLATES = ("../kubernetes/driver.yaml", "../kubernetes/executor.yaml")
POD = ("spec", "jobTemplate", "spec", "template", "spec")


def wrong_with(*manifests: Any) -> list[str]:
    found: list[str] = environments.run("schemas", "under_schemas.py", *VERSIONS, given=json.dumps(manifests))
    return found


def changed(name: str, *path: str | int, to: object) -> Any:
    """A manifest of which one field is another."""
    result = copy.deepcopy(manifest(name))
    *parents, last = path
    reduce(lambda value, step: value[step], parents, result)[last] = to
    return result


def test_the_manifests_are_what_their_schemas_ask_for() -> None:
    names = ("cronjob.yaml", "scheduledsparkapplication.yaml", "prune.yaml", *POD_TEMPLATES)
    assert wrong_with(*map(manifest, names)) == [""] * len(names)


def test_the_schemas_would_find_an_unknown_field_and_a_wrong_type() -> None:
    operator = "scheduledsparkapplication.yaml"
    broken = [
        changed("cronjob.yaml", "spec", "concurencyPolicy", to="Forbid"),
        changed("cronjob.yaml", *POD, "containers", 0, "resources", "request", to={}),
        changed("cronjob.yaml", "spec", "jobTemplate", "spec", "backoffLimit", to="two"),
        changed(operator, "spec", "template", "driver", "podSecurityContext", "fsgroup", to=185),
        changed(operator, "spec", "template", "volumes", 0, "name", to=1),
        *(changed(name, "spec", "volumes", 0, "emptyDir", "sizelimit", to="1Gi") for name in POD_TEMPLATES),
    ]
    assert [bool(wrong) for wrong in wrong_with(*broken)] == [True] * len(broken)


def test_the_pod_templates_name_the_containers_that_spark_looks_for() -> None:
    for name, role in zip(POD_TEMPLATES, ("driver", "executor"), strict=True):
        (container,) = manifest(name)["spec"]["containers"]
        assert container["name"] == f"spark-kubernetes-{role}"
        assert [mount["name"] for mount in container["volumeMounts"]] == [
            volume["name"]
            for volume in manifest(name)["spec"]["volumes"]
            if volume["name"].startswith("spark-local-dir-")
        ]
