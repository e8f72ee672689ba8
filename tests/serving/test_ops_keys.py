"""API keys: made, kept as hashes, known, and known anew when their file changes."""

import hashlib
import hmac
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from serving.keys import KeyRing, KeysError, add_key, given_key, main, read_keys


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def changed(ring: KeyRing) -> None:
    """The next request looks at the file."""
    ring._next_look = 0.0


def test_a_new_key_is_known_by_its_name(file: Path) -> None:
    key = add_key(file, "crawler-7")
    name, _, secret = key.partition(".")
    assert name == "crawler-7"
    assert len(secret) >= 43  # 256 bits in base64
    assert KeyRing(file).name_of(key.encode()) == "crawler-7"


def test_the_file_holds_no_secret_and_is_its_owners_alone(file: Path) -> None:
    secret = add_key(file, "one").partition(".")[2]
    assert file.read_text() == f"one:{hashlib.sha256(secret.encode()).hexdigest()}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_keys_are_added_to_what_a_person_wrote(file: Path) -> None:
    file.write_text(f"# ours\n\n  old:{'a' * 64}  ")  # without a newline at its end
    add_key(file, "new")
    assert sorted(read_keys(file)) == [b"new", b"old"]
    assert file.read_text().startswith("# ours\n\n")


@pytest.mark.parametrize("change", ["", "x", "shorter", "name", "case"])
def test_a_key_that_differs_is_unknown(file: Path, change: str) -> None:
    key = add_key(file, "one")
    add_key(file, "two")
    other = {
        "": "",
        "x": key + "x",
        "shorter": key[:-1],
        "name": key.replace("one", "two"),
        "case": key.swapcase(),
    }[change]
    assert KeyRing(file).name_of(other.encode()) is None


@pytest.mark.parametrize("key", [b".", b"nobody.", b"\xff\xfe.\x00", b"one", b"." * 100_000])
def test_no_key_breaks_the_ring(file: Path, key: bytes) -> None:
    add_key(file, "one")
    assert KeyRing(file).name_of(key) is None


def test_the_hash_of_a_secret_is_no_key(file: Path) -> None:
    add_key(file, "one")
    name, _, digest = file.read_text().strip().partition(":")
    assert KeyRing(file).name_of(f"{name}.{digest}".encode()) is None


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (os.mkfifo, "is not a file"),
        (lambda file: file.symlink_to("/dev/zero"), "is not a file"),
        (Path.mkdir, "cannot be read: Is a directory"),
    ],
)
def test_what_is_no_file_is_refused_and_not_waited_for(
    file: Path, make: Callable[[Path], None], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = add_key(file, "one")
    ring = KeyRing(file)
    file.unlink()
    make(file)
    changed(ring)
    assert ring.name_of(key.encode()) == "one"
    message = f"{file}: {reason}"
    assert [record.getMessage() for record in caplog.records] == [
        f"API keys: {message}; the keys known so far stay valid"
    ]
    with pytest.raises(KeysError, match=f"^{message}$"):
        KeyRing(file)
    with pytest.raises(KeysError, match=f"^{message}$"):
        add_key(file, "two")


def test_a_changed_file_is_read_again(file: Path) -> None:
    first = add_key(file, "first").encode()
    ring = KeyRing(file)
    second = add_key(file, "second").encode()
    changed(ring)
    assert (ring.name_of(first), ring.name_of(second)) == ("first", "second")
    file.write_text(file.read_text().splitlines()[1])
    changed(ring)
    assert (ring.name_of(first), ring.name_of(second)) == (None, "second")


def test_a_file_is_looked_at_only_now_and_then(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = add_key(file, "one").encode()
    ring = KeyRing(file)
    file.write_text("")
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    assert ring.name_of(key) == "one"
    monkeypatch.setattr(time, "monotonic", lambda: 1e12)
    assert ring.name_of(key) is None


@pytest.mark.parametrize("damage", ["broken", "gone", "binary"])
def test_a_file_that_cannot_be_read_any_more_changes_nothing(
    file: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = add_key(file, "one").encode()
    ring = KeyRing(file)
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(b"one:abc" if damage == "broken" else b"\xff\xfe\x00")
    for _ in range(3):
        changed(ring)
        assert ring.name_of(key) == "one"
    assert len(caplog.records) == 1  # not once a second
    assert "abc" not in caplog.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("one", "line 1 is not NAME:HASH"),
        (f"\none:{'a' * 63}", "line 2 is not NAME:HASH"),
        (f"One:{'a' * 64}", "line 1 is not NAME:HASH"),
        (f"one:{'a' * 64}\none:{'b' * 64}", "line 2: the name one is there twice"),
        ("#" * ((1 << 20) + 1), "is larger than 1048576 bytes"),
    ],
)
def test_a_bad_file_is_refused_at_the_start_naming_the_line_and_not_its_text(
    file: Path, text: str, message: str
) -> None:
    file.write_text(text)
    with pytest.raises(KeysError) as refused:
        KeyRing(file)
    assert str(refused.value) == f"{file}: {message}"


def test_a_missing_file_is_refused_at_the_start(file: Path) -> None:
    with pytest.raises(KeysError, match="cannot be read: No such file"):
        KeyRing(file)


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({b"authorization": b"Bearer a.b"}, b"a.b"),
        ({b"authorization": b"bearer  a.b "}, b"a.b"),
        ({b"x-api-key": b"a.b"}, b"a.b"),
        ({b"authorization": b"Bearer a.b", b"x-api-key": b"c.d"}, b"a.b"),
        ({b"authorization": b"Basic Zm9v", b"x-api-key": b"c.d"}, b"c.d"),  # some proxy's own
        ({b"authorization": b"Basic Zm9v"}, None),
        ({}, None),
    ],
)
def test_a_key_comes_in_either_header(headers: dict[bytes, bytes], key: bytes | None) -> None:
    assert given_key(headers) == key


def test_the_command_prints_the_key_alone_on_standard_output(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "one", "--file", str(file)]) == 0
    printed = capsys.readouterr()
    assert KeyRing(file).name_of(printed.out.strip().encode()) == "one"
    assert printed.out.count("\n") == 1
    assert printed.out.strip() not in printed.err


@pytest.mark.parametrize("name", ["", "A", "a.b", "a:b", "-a", "a" * 41, "é", "a\nb"])
def test_the_command_refuses_what_is_no_name(file: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "--file", str(file), "--", name]) == 2
    assert capsys.readouterr().err.startswith("error: not a name: ")
    assert not file.exists()


def test_the_command_refuses_a_name_twice(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["new", "one", "--file", str(file)])
    before = file.read_text()
    assert main(["new", "one", "--file", str(file)]) == 2
    assert "has a key named one already" in capsys.readouterr().err
    assert file.read_text() == before


def test_the_command_says_when_the_file_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "one", "--file", str(tmp_path / "no" / "keys")]) == 2
    assert capsys.readouterr().err == f"error: {tmp_path}/no/keys: cannot be written: No such file or directory\n"


def test_an_unknown_name_is_compared_all_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_key(file, "one")
    compared: list[tuple[bytes, bytes]] = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return False

    monkeypatch.setattr(hmac, "compare_digest", compare)
    ring = KeyRing(file)
    assert ring.name_of(b"one.x") is ring.name_of(b"two.x") is None
    assert [len(b) for _, b in compared] == [32, 32]


def test_keys_are_kept_on_disk_before_they_are_shown(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    add_key(file, "one")
    assert len(synced) == 1
