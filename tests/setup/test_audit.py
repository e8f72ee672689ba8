"""`make audit`: what it says of what a database of weaknesses answers, and its exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.audit import main

from .launching import executable

WEAK = {"name": "one", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1", "2.0"]}]}
UNMENDED = {"name": "one", "version": "1.0", "vulns": [{"id": "CVE-2", "fix_versions": []}]}
SOUND = {"name": "two", "version": "2.0", "vulns": []}
UNKNOWN = {"name": "three", "skip_reason": "Dependency not found"}


def answer(*dependencies: dict[str, Any]) -> str:
    return f"echo '{json.dumps({'dependencies': dependencies, 'fixes': []})}'; exit 1"


@pytest.mark.parametrize(
    ("program", "code", "out", "err"),
    [
        (answer(SOUND), 0, "No weakness is known of the dependencies in a.txt, b.txt\n", ""),
        (answer(), 0, "No weakness is known of the dependencies in a.txt, b.txt\n", ""),
        (
            answer(WEAK, SOUND),
            1,
            "a.txt: one 1.0: CVE-1, mended in 1.1, 2.0\nb.txt: one 1.0: CVE-1, mended in 1.1, 2.0\n",
            "",
        ),
        (
            f"case $* in *a.txt*) {answer(UNMENDED, UNKNOWN)} ;; *) {answer(SOUND)} ;; esac",
            1,
            "a.txt: one 1.0: CVE-2, mended in no version yet\na.txt: three: not looked up\n",
            "",
        ),
        (
            answer(SOUND, UNKNOWN),
            3,
            "a.txt: three: not looked up\nb.txt: three: not looked up\n",
            "",
        ),
        (
            answer(UNKNOWN, UNKNOWN),
            3,
            "",
            "no database of weaknesses answers: nothing is known there of three and the others of a.txt; name one: ",
        ),
        (
            "echo 'Traceback'; echo 'requests.exceptions.ConnectionError: no route' >&2; exit 1",
            3,
            "",
            "no database of weaknesses answers: requests.exceptions.ConnectionError: no route; name one: ",
        ),
        (
            f"case $* in *a.txt*) {answer(WEAK)} ;; *) echo 'Could not connect to it' >&2; exit 1 ;; esac",
            1,
            "a.txt: one 1.0: CVE-1, mended in 1.1, 2.0\n",
            "no database of weaknesses answers: Could not connect to it; name one: ",
        ),
        ("echo 'no such option' >&2; exit 2", 2, "", "a.txt: {program}: no such option\n"),
        ("exit 7", 2, "", "a.txt: {program}: ended with code 7\n"),
    ],
)
def test_what_a_database_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], program: str, code: int, out: str, err: str
) -> None:
    path = executable(tmp_path / "pip-audit", f"#!/bin/sh\n{program}\n")
    assert main([str(path), "a.txt", "b.txt"]) == code
    printed = capsys.readouterr()
    assert printed.out == out
    said = printed.err.replace("make audit AUDIT='--vulnerability-service osv --osv-url URL'\n", "")
    assert said == (f"error: {err}".replace("{program}", str(path)) if err else "")


def test_options_reach_the_program_and_the_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = executable(tmp_path / "pip-audit", f'#!/bin/sh\necho "$@" >>{tmp_path}/told\n{answer(SOUND)}\n')
    assert main([str(path), "a.txt", "--", "--osv-url", "URL"]) == 0
    assert (tmp_path / "told").read_text().endswith("--requirement a.txt --osv-url URL\n")
    assert capsys.readouterr().err == ""


def test_a_program_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none"), "a.txt"]) == 2
    assert capsys.readouterr().err == f"error: [Errno 2] No such file or directory: '{tmp_path}/none'\n"
