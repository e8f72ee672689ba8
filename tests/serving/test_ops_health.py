"""What the probes are told."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp

from serving.api import health
from serving.middleware.head import HeadAsGet
from serving.ops.metrics import ROUTES, Metrics
from serving.problems import handlers
from serving.snapshots.holder import Refused
from serving.state import State
from tests.serving.opscall import Observed, call, settings_of

SERVED: Any = SimpleNamespace(
    id="20261123T150102Z-1a2b3c",
    manifest=SimpleNamespace(created=datetime(2026, 11, 23, 15, 1, 2, tzinfo=UTC)),
)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State.of(settings_of(tmp_path), Metrics())


@pytest.fixture(params=["routes", "second port"])
def app(state: State, request: pytest.FixtureRequest) -> ASGIApp:
    """Both ways in which the three paths are served."""
    if request.param == "second port":
        return Observed(health.HealthPort(state)).app
    application = FastAPI()
    application.state.lookalike = state
    application.include_router(health.make_router())
    handlers.install(application)
    return Observed(HeadAsGet(application)).app


def test_a_service_without_a_snapshot_lives_but_is_not_ready(app: ASGIApp) -> None:
    assert (call(app, "/livez").status, call(app, "/livez").body) == (200, b'{"status":"alive"}')
    answer = call(app, "/readyz")
    assert answer.status == 503
    assert answer.problem["detail"] == "Not ready: no snapshot has been published yet."
    assert answer.header("retry-after") == "2"


def test_a_ready_service_names_its_snapshot(app: ASGIApp, state: State) -> None:
    state.holder.served = SERVED
    answer = call(app, "/readyz")
    assert answer.status == 200
    assert answer.header("cache-control") == "no-store"
    assert health.Readiness.model_validate_json(answer.body) == health.Readiness(
        snapshot=SERVED.id, created=SERVED.manifest.created, refused=None
    )


def test_a_refused_snapshot_is_shown_while_the_old_one_is_served(app: ASGIApp, state: State) -> None:
    state.holder.served = SERVED
    state.holder.refused = Refused("20261124T150102Z-1a2b3c", "pairs is damaged")
    readiness = health.Readiness.model_validate_json(call(app, "/readyz").body)
    assert readiness.refused == health.RefusedSnapshot(snapshot="20261124T150102Z-1a2b3c", reason="pairs is damaged")


def test_a_service_whose_first_snapshot_is_refused_says_why_it_is_not_ready(app: ASGIApp, state: State) -> None:
    state.holder.refused = Refused("20261124T150102Z-1a2b3c", "pairs is damaged")
    assert call(app, "/readyz").problem["detail"] == "Not ready: refused: pairs is damaged."


def test_the_metrics_are_text_for_prometheus(app: ASGIApp) -> None:
    answer = call(app, "/metrics")
    assert answer.header("content-type") == "text/plain; version=0.0.4; charset=utf-8"
    assert b"lookalike_workers 1.0\n" in answer.body


@pytest.mark.parametrize("path", health.PATHS)
def test_probes_may_ask_for_the_head_alone(app: ASGIApp, state: State, path: str) -> None:
    state.holder.served = SERVED
    assert call(app, path, method="HEAD").status == 200


def test_other_methods_and_paths_are_problems(app: ASGIApp) -> None:
    wrong = call(app, "/livez", method="POST")
    assert (wrong.status, wrong.problem["type"]) == (405, "urn:lookalike:problem:method-not-allowed")
    assert "GET" in str(wrong.header("allow"))
    assert call(app, "/api/v1/snapshot").problem["type"] == "urn:lookalike:problem:not-found"


def test_every_documented_path_has_its_label_in_the_metrics() -> None:
    from serving import api  # not above: what fails in it fails here alone

    application = FastAPI()
    application.include_router(api.router)
    application.include_router(health.make_router())
    documented = set(application.openapi()["paths"])
    assert documented == set(ROUTES) - {"/api/get_similar_accounts", "/docs"}


def test_requests_are_counted_under_the_documented_path(state: State) -> None:
    from serving import api

    application = FastAPI()
    application.state.lookalike = state
    application.include_router(api.router)
    handlers.install(application)
    observed = Observed(application)
    call(observed.app, "/api/v1/hashtags/abc/pairs")
    assert observed.last["labels.route"] == "/api/v1/hashtags/{hashtag}/pairs"
