import pytest

from jobs.inputs.text.encodings import encoding_by_name, find_encoding

TEXTS = {
    "western": "Élection à Zürich, Müller und Söhne, façade, naïve, señor, coração\n" * 3,
    "russian": "Съешь ещё этих мягких французских булок, да выпей чаю\n" * 5,
    "japanese": "いろはにほへと ちりぬるを わかよたれそ つねならむ\n" * 5,
}


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        (b"", "utf-8"),
        (b"plain", "utf-8"),
        ("é😀".encode(), "utf-8"),
        ("é😀".encode()[:-1], "utf-8"),  # the head cuts a character
        (("é" * 10).encode() + b"\xff", "utf-8"),  # damage
        (b"\xef\xbb\xbfplain", "utf-8"),
        ("plain".encode("utf-16"), "utf-16"),
        ("plain".encode("utf-16-le"), "utf-16-le"),
        ("plain".encode("utf-16-be"), "utf-16-be"),
        ("plain".encode("utf-32"), "utf-32"),
        (b"M\xfcller", "cp1252"),
        (TEXTS["western"].encode("cp1252"), "cp1252"),
        (TEXTS["russian"].encode("cp1251"), "cp1251"),
        (TEXTS["japanese"].encode("shift_jis"), "cp932"),
    ],
)
def test_the_encoding_is_told_by_the_first_bytes(head: bytes, encoding: str) -> None:
    assert find_encoding(head) == encoding


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (
            "Élections législatives : les électeurs français ont voté, la réunion a été annulée. Ça suffit. ",
            "cp1252",
        ),
        ("El señor Núñez votó mañana en España; también habló de la canción y la educación pública. ", "cp1252"),
        ("Rødgrød med fløde på Ærø, blåbær og æbler, smørrebrød til børnene. ", "cp1252"),
        ("הבחירות היום בירושלים ותל אביב, הממשלה הודיעה. ", "cp1255"),
        ("الانتخابات اليوم في القاهرة، أعلنت الحكومة عن النتائج. ", "cp1256"),
        ("選挙の投票は今日の朝に行われました。ありがとうございます。", "cp932"),
    ],
)
def test_the_encoding_of_texts_in_many_languages_is_guessed(text: str, encoding: str) -> None:
    for rows in (1, 20):
        head = "id\ttext\n" + "".join(f"{row}\t{text}\n" for row in range(rows))
        assert find_encoding(head.encode(encoding)) == encoding


@pytest.mark.parametrize(
    ("head", "named", "encoding"),
    [
        (b"plain", "cp1252", "cp1252"),
        ("Müller".encode("cp1252"), "cp1252", "cp1252"),
        ("Müller".encode(), "cp1252", "utf-8"),  # of several files not all need it
        ("Müller".encode("utf-8-sig"), "cp1252", "utf-8"),
        ("Müller".encode("utf-16"), "cp1252", "utf-16"),
        ("Müller".encode("utf-16-be"), "utf-16", "utf-16-be"),
        ("選挙".encode("utf-16-le") + b"\n\0", "utf-16", "utf-16-le"),
        ("Müller".encode(), "utf-16", "utf-8"),
        ("Müller".encode("cp1252"), "utf-8", "utf-8"),
        ("選挙の投票".encode("iso2022_jp"), "iso2022_jp", "iso2022_jp"),
    ],
)
def test_a_named_encoding_holds_unless_the_text_says_another(head: bytes, named: str, encoding: str) -> None:
    assert encoding_by_name(head, named) == encoding
