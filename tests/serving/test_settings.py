from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from serving.settings import CONFIG_FILE, Settings, SettingsError, load_settings

from .running import ROOT


def load(tmp_path: Path, text: str = "", **variables: str) -> Settings:
    file = tmp_path / "serving.yaml"
    file.write_text(text)
    environ = {"LOOKALIKE_CONFIG": str(file), "LOOKALIKE_OUTPUT": "out", "PATH": "/bin"}
    return load_settings(environ | {f"LOOKALIKE_{name.upper()}": value for name, value in variables.items()})


def test_the_file_that_comes_with_the_service_holds_the_defaults_and_every_setting() -> None:
    assert load_settings({"LOOKALIKE_OUTPUT": "out"}) == Settings(output=Path("out"))
    text = CONFIG_FILE.read_text()
    named = re.findall(r"^(?:# )?([a-z_]+):(?: |$)", text, re.MULTILINE)
    assert set(named) >= set(Settings.model_fields)
    assert set(yaml.safe_load(text)) <= set(Settings.model_fields)


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    settings = load(tmp_path, "port: 1000\nworkers: 2\ncors_origins: [https://a.org]\n", port="2000")
    assert (settings.port, settings.workers, settings.cors_origins) == (2000, 2, ("https://a.org",))


def test_variables_are_read_as_their_types(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        cors_origins="https://a.org, https://b.org",
        access_log="false",
        api_keys_file="",
        poll_seconds="0.5",
    )
    assert settings.cors_origins == ("https://a.org", "https://b.org")
    assert (settings.access_log, settings.api_keys_file, settings.poll_seconds) == (False, None, 0.5)


@pytest.mark.parametrize(
    ("text", "variables", "message"),
    [
        ("prot: 1", {}, r"serving\.yaml: prot: unknown; the settings are output, host, port"),
        ("", {"prot": "1"}, "LOOKALIKE_PROT: unknown; the settings are"),
        ("port: 0", {}, r"serving\.yaml: port: input should be greater than or equal to 1, not '0'"),
        ("", {"port": "x"}, "LOOKALIKE_PORT: input should be a valid integer.*, not 'x'"),
        ("", {"cache_bytes": "10"}, "LOOKALIKE_CACHE_BYTES: "),
        ("", {"poll_seconds": "nan"}, "LOOKALIKE_POLL_SECONDS: "),
        ("- 1", {}, "is not a list of keys and values"),
        ("{", {}, "is not YAML"),
        ("port: 0", {"workers": "0"}, "port: .*; LOOKALIKE_WORKERS: |LOOKALIKE_WORKERS: .*; .*port: "),
    ],
)
def test_what_cannot_be_used_is_named_in_one_line(
    tmp_path: Path, text: str, variables: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        load(tmp_path, text, **variables)
    assert "\n" not in str(caught.value)


def test_without_an_output_or_a_file_that_was_named_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="LOOKALIKE_OUTPUT is missing"):
        load_settings({})
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings({"LOOKALIKE_CONFIG": str(tmp_path / "none.yaml")})


@pytest.mark.parametrize("module", ["serving", "uvicorn"])
def test_a_wrong_setting_ends_the_process_with_one_line(module: str) -> None:
    arguments = ["--factory", "serving.app:create_app"] if module == "uvicorn" else []
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LOOKALIKE_")}
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environ | {"LOOKALIKE_PORT": "x"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert re.fullmatch(r"error: LOOKALIKE_OUTPUT is missing: .*; LOOKALIKE_PORT: .*\n", done.stderr)


def test_importing_starts_nothing() -> None:
    script = "import threading, serving.app; assert threading.active_count() == 1"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")


def test_the_help_starts_nothing_and_a_flag_is_refused() -> None:
    """The settings have no flags: one that was ignored would look as if it worked."""
    command = [sys.executable, "-m", "serving"]
    shown = subprocess.run([*command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "LOOKALIKE_PORT=8080" in shown.stdout
    refused = subprocess.run([*command, "--port", "1"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.endswith("unrecognized arguments: --port 1\n")
