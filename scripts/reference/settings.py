"""The page of the service's settings, made from conf/serving.yaml and the model of the settings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic_core import PydanticUndefined

from scripts.reference.markdown import code, head, joined
from serving.settings import CONFIG_FILE, CONFIG_VARIABLE, PREFIX, Settings

_INTRODUCTION = f"""\
Settings of the service, in [conf/serving.yaml](../../conf/serving.yaml). Each is also an environment variable, which
wins over the file. {code(CONFIG_VARIABLE)} names another file. An unknown key or variable is an error."""

_HEADING = re.compile(r"# --- (.*?) -*$")
_KEY = re.compile(r"(?:# )?([a-z_]+): (.*)")


def page() -> str:
    """The page in Markdown."""
    _, *blocks = CONFIG_FILE.read_text(encoding="utf-8").strip().split("\n\n")
    described = [part for block in blocks for part in _block(block.splitlines())]
    return joined(
        [head("Settings of the service", _INTRODUCTION, "conf/serving.yaml and serving/settings.py"), *described]
    )


def _block(lines: list[str]) -> Iterator[str]:
    """A heading, or a setting or several with the comment above them."""
    heading = _HEADING.fullmatch(lines[0])
    if heading:
        yield f"## {heading[1][0].upper()}{heading[1][1:]}"
        return
    settings = [match for line in lines if (match := _KEY.fullmatch(line))]
    comment = [line.removeprefix("# ") for line in lines if not _KEY.fullmatch(line)]
    yield "### " + ", ".join(code(match[1]) for match in settings)
    yield "\n".join(comment)
    yield "\n".join(_variable(match[1], match[2]) for match in settings)


def _variable(name: str, example: str) -> str:
    """The variable with the default of the model, or with the file's value if it has none."""
    default = Settings.model_fields[name].get_default()
    if default is None or default is PydanticUndefined:
        return f"- {code(PREFIX + name.upper())}: no default, for example {code(example)}"
    shown = ("false", "true")[default] if isinstance(default, bool) else "[]" if default == () else default
    return f"- {code(PREFIX + name.upper())}: default {code(shown)}"
