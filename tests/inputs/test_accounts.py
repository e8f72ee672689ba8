import itertools
from typing import Literal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.inputs.accounts.joined import joined
from jobs.inputs.accounts.table import AccountTable, EarlierNames
from lookalike.kernel.names import CharacterCodes, compared_names, count_code_points, encode_names
from lookalike.strings.idindex import build_index, find_ids
from lookalike.strings.values import pack_values
from tests.examples import examples

from .reading import column_of

ID_SETS = st.sets(st.text(max_size=20).filter(lambda text: text.isprintable()), max_size=30)


def table_of(names: dict[str, str], fold: Literal["none", "case"] = "none") -> AccountTable:
    ids = sorted(names, key=str.encode)
    return AccountTable.build(
        pa.array(ids, pa.large_string()),
        pa.array([names[id_] for id_ in ids], pa.large_string()),
        np.arange(len(ids), dtype=np.int64),
        fold=fold,
    )


@examples(50)
@given(ID_SETS, st.lists(st.text(max_size=20), max_size=20))
def test_lookup_finds_exactly_the_ids_that_are_there(ids: set[str], others: list[str]) -> None:
    table = table_of(dict.fromkeys(ids, "name"))
    place = {id_: i for i, id_ in enumerate(sorted(ids, key=str.encode))}
    asked = [*ids, *others]
    found = table.lookup(*column_of([text.encode("utf-8", "replace") for text in asked], b"before"))
    assert found.dtype == np.int64
    assert found.tolist() == [place.get(text, -1) for text in asked]


def test_a_large_table_finds_every_id_and_nothing_else() -> None:
    ids = sorted(b"%d" % (i * 7919) for i in range(50_000))
    packed, offsets = pack_values(*column_of(ids))
    slots = build_index(packed, offsets)
    assert find_ids(slots, packed, offsets, *column_of(ids)).tolist() == list(range(len(ids)))
    others = column_of([b"%d" % (i * 7919 + 1) for i in range(50_000)])
    assert (find_ids(slots, packed, offsets, *others) == -1).all()


def test_ids_of_one_hash_stay_apart() -> None:
    packed, offsets = pack_values(*column_of([b"one", b"other"]))
    half = np.uint64(0xFFFFFFFF)
    honest = build_index(packed, offsets)
    # As if both had the hash of b"one": its slots say `other`, `one`, nothing.
    for place in range(len(honest)):
        if honest[place] & half == 0 and honest[place] != ~np.uint64(0):
            slots = np.full(len(honest), ~np.uint64(0))
            slots[place] = honest[place] | np.uint64(1)
            slots[(place + 1) % len(slots)] = honest[place]
    assert find_ids(slots, packed, offsets, *column_of([b"one"])).tolist() == [0]
    slots[slots == honest[honest & half == 0][0]] = ~np.uint64(0)
    assert find_ids(slots, packed, offsets, *column_of([b"one"])).tolist() == [-1]


def test_an_id_that_is_not_utf_8_is_found_in_its_escaped_form() -> None:
    table = table_of({"\\xff": "a", "\\xffé": "b", "é": "c"})
    asked = column_of([b"\xff", b"\xff\xc3\xa9", "é".encode(), b"\xfe", b"\xff\xff"])
    assert table.lookup(*asked).tolist() == [0, 1, 2, -1, -1]


@examples(15)
@given(ids=ID_SETS, name=st.text("aé😀", max_size=5))
def test_a_written_table_opens_as_it_was(tmp_path_factory: pytest.TempPathFactory, ids: set[str], name: str) -> None:
    table = table_of({id_: name + id_ for id_ in ids})
    path = str(tmp_path_factory.mktemp("table") / "accounts.arrow")
    table.write(path)
    opened = AccountTable.open(path)
    assert len(opened) == len(ids)
    assert (opened.ids, opened.screen_names) == (table.ids, table.screen_names)
    for one, other in zip(_arrays(opened), _arrays(table), strict=True):
        assert (one.dtype, one.tolist()) == (other.dtype, other.tolist())
    assert opened.names.alphabet == table.names.alphabet
    asked = column_of([id_.encode() for id_ in sorted(ids)] + [b"nobody else"])
    assert opened.lookup(*asked).tolist() == table.lookup(*asked).tolist()


def _arrays(table: AccountTable) -> list[np.ndarray]:
    names = table.names
    return [table.created_at, table.slots, names.codes, names.offsets, names.once, names.twice]


@pytest.mark.parametrize(
    ("fold", "compared"), [("none", ["MARIA", "Straße", "ЖУК", "x"]), ("case", ["maria", "strasse", "жук", "x"])]
)
def test_names_are_folded_for_comparison_only(fold: Literal["none", "case"], compared: list[str]) -> None:
    written = ["MARIA", "Straße", "ЖУК", "x"]
    table = table_of(dict(zip("abcd", written, strict=True)), fold)
    expected = encode_names(compared)
    assert table.screen_names.to_pylist() == written
    assert table.names.offsets.tolist() == expected.offsets.tolist()
    assert table.names.codes.tolist() == expected.codes.tolist()


@examples(30)
@given(
    names=st.dictionaries(
        st.text("abé", max_size=4), st.lists(st.text("xyŽ😀", min_size=1, max_size=6), min_size=1, max_size=3)
    ),
    cuts=st.lists(st.integers(0, 12), max_size=4),
    more=st.sampled_from(["", "".join(map(chr, range(0x4E00, 0x4F10)))]),  # so many characters need wider codes
)
def test_a_table_joined_of_pieces_is_written_as_the_whole_one_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, names: dict[str, list[str]], cuts: list[int], more: str
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    ids = sorted(names, key=str.encode)
    used = [names[id_][0] + more for id_ in ids]
    other = [(owner, name) for owner, id_ in enumerate(ids) for name in names[id_][1:]]

    def built(start: int, end: int, characters: CharacterCodes | None = None) -> AccountTable:
        owned = [(owner - start, name) for owner, name in other if start <= owner < end]
        return AccountTable.build(
            pa.array(ids[start:end], pa.large_string()),
            pa.array(used[start:end], pa.large_string()),
            np.arange(start, end, dtype=np.int64),
            fold="case",
            earlier=EarlierNames(
                np.array([owner for owner, _ in owned], np.uint32),
                pa.array([name for _, name in owned], pa.large_string()),
            ),
            characters=characters,
        )

    built(0, len(ids)).write(str(folder / "whole.arrow"))
    everything = pa.array([*used, *(name for _, name in other)], pa.large_string())
    characters = CharacterCodes.by_frequency(count_code_points(compared_names(everything, fold="case")))
    edges = [0, *sorted(min(cut, len(ids)) for cut in cuts), len(ids)]
    pieces = []
    for number, (start, end) in enumerate(itertools.pairwise(edges)):
        built(start, end, characters).write(str(folder / f"{number}.arrow"))
        pieces.append(AccountTable.open(str(folder / f"{number}.arrow")))
    joined(pieces).write(str(folder / "joined.arrow"))
    assert (folder / "joined.arrow").read_bytes() == (folder / "whole.arrow").read_bytes()
