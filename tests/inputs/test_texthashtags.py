import pytest

from jobs.inputs.texthashtags import hashtags_of

from .reading import column_of


@pytest.mark.parametrize(
    ("text", "hashtags"),
    [
        ("", ""),
        ("no sign", ""),
        ("#one and #two.", "one|two"),
        ("#one#two", "one|two"),
        ("\uff03one \ufe5ftwo", "one|two"),
        ("word#one", ""),
        ("https://host/#part &#39; #yes", "yes"),
        ("#élan #चुनाव #東京 #выборы #انتخابات", "élan|चुनाव|東京|выборы|انتخابات"),
        ("#می‌خواهم", "می‌خواهم"),  # the joiner is a part of it
        ("#love❤️ #👩‍💻", "love❤️|👩‍💻"),
        ("#snake_case #kebab-case #c++", "snake_case|kebab-case|c++"),
        ("#2024 # #", "2024"),
        ("(#one), '#two'!", "one|two"),
        ("#one #two… #thr…", "one"),
        ("#one #two... #three …", "one|two|three"),
    ],
)
def test_hashtags_are_found_in_texts(text: str, hashtags: str) -> None:
    found = hashtags_of(column_of([b"before", text.encode(), b"\xff#after"]))
    assert [found.value(i).decode() for i in range(3)] == ["", hashtags, "after"]
