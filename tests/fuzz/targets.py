"""What is damaged, and what reads it."""

import random
from collections.abc import Callable
from pathlib import Path

from serving.api.cursors import encode_cursor

from .inputs import Inputs
from .mutate import damaged, damaged_json
from .outputs import Published
from .requests import Service
from .samples import HEADERS, TARGETS_OF_REQUESTS, lines, packed, parquets, texts
from .trying import Target


def targets(folder: Path) -> dict[str, Target]:
    """All targets, by name; what they need is made in the folder."""
    inputs, published = Inputs(folder), Published(folder)
    service = Service(published.output)
    text, json_lines, parquet = texts(), lines(), parquets()
    archives = [archive for content in (text[0], text[4], json_lines[0]) for archive in packed(content)]

    def damaged_of(samples: list[bytes]) -> Callable[[random.Random], bytes]:
        return lambda rng: damaged(rng, rng.choice(samples), samples)

    def packed_after(rng: random.Random) -> bytes:
        content = damaged(rng, rng.choice(text + json_lines), text)
        return rng.choice(packed(content))

    def structure(rng: random.Random) -> bytes:
        content = rng.choice(json_lines).splitlines()
        return b"\n".join(damaged_json(rng, line) for line in content)

    def manifest(rng: random.Random) -> bytes:
        whole = published.manifest
        return damaged_json(rng, whole) if rng.random() < 0.7 else damaged(rng, whole, [whole])

    def current(rng: random.Random) -> bytes:
        return damaged(rng, published.current, [published.current, published.manifest])

    def request(rng: random.Random) -> bytes:
        of = rng.choice(TARGETS_OF_REQUESTS).format(account=published.account).encode()
        others = [target.encode() for target in TARGETS_OF_REQUESTS]
        chosen = [
            damaged(rng, name + b": " + value, [value]) for name, value in rng.sample(HEADERS, rng.randint(0, 2))
        ]
        changed = damaged(rng, of, others) if rng.random() < 0.8 else of
        return b"\n".join(line.replace(b"\n", b"") for line in [changed, *chosen])

    def cursor(rng: random.Random) -> bytes:
        """A page from a place that this service did not give out: nothing in a cursor is secret."""
        place, number = (rng.choice([rng.randint(-3, 40), rng.getrandbits(64) - (1 << 63)]) for _ in range(2))
        sort, least = rng.choice(["pairs", "members", "name"]), rng.choice([("0.5", "1/2"), ("0.2", "1/5")])
        path, request = rng.choice(
            [
                (f"/api/v1/hashtags?limit=2&sort={sort}", ("hashtags", sort, "")),
                (f"/api/v1/hashtags/a/pairs?limit=2&min_similarity={least[0]}", ("pairs", "a", least[1])),
            ]
        )
        return f"{path}&cursor={encode_cursor(published.id, request, place, number)}".encode()

    def data(rng: random.Random) -> bytes:
        number = rng.randrange(len(published.entries))
        whole = (published.output / published.entries[number].path).read_bytes()
        return bytes([number]) + damaged(rng, whole, [whole])

    _warm_up(inputs, folder / "warm", [*text, *json_lines, *parquet, *archives])
    return {
        "text": Target(damaged_of(text), inputs.read),
        "jsonlines": Target(damaged_of(json_lines), inputs.read),
        "jsonvalues": Target(structure, inputs.read),
        "parquet": Target(damaged_of(parquet), inputs.read),
        "packed": Target(damaged_of(archives), inputs.read),
        "packedafter": Target(packed_after, inputs.read),
        "manifest": Target(manifest, published.parse_manifest),
        "livemanifest": Target(manifest, published.read_beside_manifest),
        "pointer": Target(current, published.parse_pointer),
        "livepointer": Target(current, published.read_beside_pointer),
        "data": Target(data, published.read_data),
        "request": Target(request, service.ask),
        "cursor": Target(cursor, service.ask),
    }


def _warm_up(inputs: Inputs, path: Path, samples: list[bytes]) -> None:
    """Read what is not damaged, so that what is compiled at first use is compiled; all of it can be read."""
    for content in samples:
        path.write_bytes(content)
        inputs.read_as_it_is(path)
