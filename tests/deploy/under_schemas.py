"""Run in the environment of the schemas: reads a list of manifests as JSON from stdin; says what is wrong with each.

An unknown field is wrong. Kubernetes' own resources are held against its schemas of the versions named as arguments,
the Spark operator's against its models.
"""

import json
import sys
from typing import Any

import kubernetes_validate
from kubeflow_spark_api.models import SparkV1beta2ScheduledSparkApplication
from pydantic import ValidationError


def of_kubernetes(manifest: Any, version: str) -> str:
    """What is wrong, or nothing."""
    try:
        used = kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return f"{version}: {error.message}"
    return "" if used == version else f"{version}: no schema of this version"


def of_the_operator(manifest: Any) -> str:
    """Likewise; fields that the models do not know are those that they do not give back."""
    try:
        known = SparkV1beta2ScheduledSparkApplication.from_dict(manifest)
    except ValidationError as error:
        return str(error)
    return "; ".join(unknown(manifest, known.to_dict()))


def unknown(given: Any, known: Any, path: str = "") -> list[str]:
    """Where something was given that is not known."""
    if isinstance(given, dict) and isinstance(known, dict):
        return [found for key in given for found in unknown(given[key], known.get(key), f"{path}.{key}")]
    if isinstance(given, list) and isinstance(known, list) and len(given) == len(known):
        pairs = enumerate(zip(given, known, strict=True))
        return [found for place, pair in pairs for found in unknown(*pair, f"{path}[{place}]")]
    return [] if given == known else [f"{path}: unknown"]


def main(manifests: list[Any], versions: list[str]) -> list[str]:
    """What is wrong with each manifest."""
    return [
        of_the_operator(manifest)
        if manifest["apiVersion"].startswith("sparkoperator.k8s.io/")
        else "; ".join(filter(None, (of_kubernetes(manifest, version) for version in versions)))
        for manifest in manifests
    ]


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin), sys.argv[1:])))
