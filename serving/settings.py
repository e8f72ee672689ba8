"""What the service is asked to do: read once from conf/serving.yaml and the environment, and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationError

from lookalike.outputs.urls import StoreUrl, parse_output

PREFIX: Final = "LOOKALIKE_"
# Of the folder in which several workers count together. prometheus_client reads it when it is imported.
METRICS_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
CONFIG_VARIABLE: Final = "LOOKALIKE_CONFIG"
CONFIG_FILE: Final = Path(__file__).resolve().parents[1] / "conf" / "serving.yaml"


class SettingsError(Exception):
    """A setting that cannot be used; one line for the person who starts the service."""

    exit_code = 2


def _listed(value: Any) -> Any:
    """A list as a variable of the environment holds it: separated by commas."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _blank_is_none(value: Any) -> Any:
    return None if value == "" else value


def _networks(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        ip_network(name)  # its error names what is wrong with it
    return names


Port = Annotated[int, Field(ge=1, le=65535)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Settings(BaseModel):
    """The settings of the service, described in conf/serving.yaml. Sizes in bytes, times in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    output: Annotated[Path | StoreUrl, PlainValidator(parse_output)]
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Port = 8080
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    poll_seconds: Annotated[float, Field(ge=0.02, le=3600)] = 2.0

    cache_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 40)] = 256 << 20
    block_cache_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 40)] = 256 << 20
    unsent_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 40)] = 256 << 20
    open_footers: Annotated[int, Field(ge=8, le=100_000)] = 1024
    reading_threads: Annotated[int, Field(ge=1, le=64)] = 4

    live_max_members: Annotated[int, Field(ge=0, le=1_000_000)] = 20_000
    live_max_pairs: Annotated[int, Field(ge=1, le=100_000_000)] = 2_000_000
    live_max_seconds: Annotated[float, Field(gt=0, le=600)] = 5.0
    lookalikes_max_members: Annotated[int, Field(ge=0, le=100_000_000)] = 2_000_000

    max_limit: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    max_url_bytes: Annotated[int, Field(ge=256, le=65_536)] = 16_384
    max_parameter_bytes: Annotated[int, Field(ge=64, le=65_536)] = 4096
    request_timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 30.0
    max_concurrent: Annotated[int, Field(ge=1, le=100_000)] = 256

    max_headers: Annotated[int, Field(ge=8, le=10_000)] = 100
    max_header_bytes: Annotated[int, Field(ge=1024, le=1 << 20)] = 16_384
    head_timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 10.0
    body_timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 10.0
    send_timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 10.0
    keep_alive_seconds: Annotated[float, Field(gt=0, le=3600)] = 5.0
    max_connections: Annotated[int, Field(ge=1, le=100_000)] = 512
    max_connections_per_address: Annotated[int, Field(ge=1, le=100_000)] = 256
    trusted_proxies: Annotated[Names, AfterValidator(_networks)] = ()

    api_keys_file: Annotated[Path | None, BeforeValidator(_blank_is_none)] = None
    rate_limit_per_minute: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    rate_burst: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    cors_origins: Names = ()
    ops_port: Annotated[Port | None, BeforeValidator(_blank_is_none)] = None

    log_format: Literal["auto", "json", "text"] = "auto"
    access_log: bool = True


def load_settings(environ: Mapping[str, str]) -> Settings:
    """The settings of the YAML file, under those of the environment. Raises SettingsError naming each bad key.

    LOOKALIKE_CONFIG names another file than conf/serving.yaml; LOOKALIKE_PORT is `port`, and so on.
    """
    file = Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else CONFIG_FILE
    # The file that comes with the service may be absent where only the code is installed.
    options = {} if file == CONFIG_FILE and not file.exists() else _read(file)
    variables = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name != CONFIG_VARIABLE
    }
    try:
        return Settings(**{**options, **variables})
    except ValidationError as error:
        problems = [_describe(problem, variables, file) for problem in error.errors(include_url=False)]
        raise SettingsError("; ".join(dict.fromkeys(problems))) from None


def _read(file: Path) -> dict[str, Any]:
    try:
        options = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(options, dict):
        raise SettingsError(f"{file}: is not a list of keys and values")
    return {str(key): value for key, value in options.items()}


def _describe(problem: Any, variables: Mapping[str, str], file: Path) -> str:
    key = str(problem["loc"][0])
    variable = PREFIX + key.upper()
    if problem["type"] == "missing":
        return f"{variable} is missing: the folder or URL that the job publishes to"
    where = variable if key in variables else f"{file}: {key}"
    if problem["type"] == "extra_forbidden":
        known = ", ".join(Settings.model_fields)
        return f"{where}: unknown; the settings are {known}"
    message = problem["msg"].removeprefix("Value error, ")
    return f"{where}: {message[0].lower()}{message[1:]}, not {str(problem['input'])[:80]!r}"
