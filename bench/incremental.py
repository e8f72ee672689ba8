"""What a run over a hundredth of new posts costs, against a full run over all."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

from bench.agreement import live_manifest
from bench.generate import Shape, generate
from bench.jobrun import CACHE, ROOT, data_set, told
from bench.processes import Measurement, measure

NEW_SHARE = 100  # one post in so many is new
_OUTPUT = CACHE / "incremental"
_TINY = CACHE / "tiny"


def incremental(size: str, rounds: int) -> dict[str, Any]:
    """A run over the last hundredth of a data set's posts, by turns with a full run and one over next to nothing.

    The last is the start that both others pay, too. RuntimeError if the two do not count the same.
    """
    folder = data_set(size)
    known, new = divided(folder / "posts.tsv")
    accounts = folder / "accounts.tsv"
    if not (_TINY / "posts.tsv").exists():
        generate(Shape(accounts=1000, posts=5000, hashtags=100), _TINY)
    shutil.rmtree(_OUTPUT, ignore_errors=True)
    told("base", partial(_run, [known], accounts, _OUTPUT / "live", "full"))
    current = _OUTPUT / "live" / "CURRENT"
    base = current.read_bytes()
    runs: dict[str, list[dict[str, float]]] = {"start": [], "full": [], "incremental": []}
    stages = {}
    for turn in range(1, rounds + 1):
        tiny = partial(_run, [_TINY / "posts.tsv"], _TINY / "accounts.tsv", _OUTPUT / "tiny", "full")
        runs["start"].append(told(f"start {turn}/{rounds}", tiny).figures())
        full = partial(_run, [known, new], accounts, _OUTPUT / "full", "full")
        runs["full"].append(told(f"full {turn}/{rounds}", full).figures())
        add = partial(_run, [known, new], accounts, _OUTPUT / "live", "incremental")
        runs["incremental"].append(told(f"incremental {turn}/{rounds}", add).figures())
        manifest = live_manifest(_OUTPUT / "live")
        stages = manifest["seconds"]
        _check_counts(live_manifest(_OUTPUT / "full"), manifest)
        shutil.rmtree(_OUTPUT / "live" / "snapshots" / manifest["id"])
        current.write_bytes(base)
        shutil.rmtree(_OUTPUT / "full")
    shutil.rmtree(_OUTPUT)
    return {"of": size, **runs, "incremental_stages": stages}


def divided(posts: Path) -> tuple[Path, Path]:
    """The posts but the last hundredth, and this, as two files beside the one; made if they are not there."""
    known, new = posts.with_name("known.tsv"), posts.with_name("new.tsv")
    if not new.exists():
        with posts.open("rb") as lines:
            header = next(lines)
            count = sum(1 for _ in lines)
        with posts.open("rb") as lines, known.open("wb") as most, new.with_suffix(".part").open("wb") as rest:
            rest.write(header)
            for number, line in enumerate(lines):
                (most if number <= count - count // NEW_SHARE else rest).write(line)
        new.with_suffix(".part").rename(new)
    return known, new


def _run(posts: list[Path], accounts: Path, output: Path, mode: str) -> Measurement:
    command = ["./spark-submit.sh", "--posts", *map(str, posts), "--accounts", str(accounts), "--output", str(output)]
    return measure([*command, "--mode", mode, "--no-progress"], ROOT)


def _check_counts(full: dict[str, Any], made: dict[str, Any]) -> None:
    if made["mode"]["name"] != "incremental":
        raise RuntimeError(f"the run was not incremental: {made['mode']['reason']}")
    for name in ("accounts", "posts", "memberships", "hashtags", "pairs_sharing", "similar_pairs"):
        if full["counts"][name] != made["counts"][name]:
            raise RuntimeError(f"{name}: {made['counts'][name]}, in a full run {full['counts'][name]}")
