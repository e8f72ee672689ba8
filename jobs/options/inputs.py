"""The options that say what is read, and how."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from jobs.options.option import Option
from jobs.options.values import Columns, Encoding, OptionalPath, OptionalPaths, Output, Paths, SparkFormat

INPUT: Final = "Input and output"
READING: Final = "How the input is read"


class InputOptions(BaseModel):
    """The first options of JobConfig, which see."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    posts: Annotated[
        Paths,
        Option(
            INPUT,
            "Read the posts from these files, folders, globs or URLs. A file is TSV, CSV or JSON Lines, plain or "
            "compressed (.gz, .bz2, .zst, .xz, .zip), or Parquet. --inspect shows how a file would be read.",
            metavar="PATH",
            allowed="a path or a list of paths",
            example="[posts.tsv]",
            details="A URL begins with s3://, s3a://, gs://, az://, abfs://, abfss://, hdfs:// or file://. It is a "
            "file, a folder or a glob, too. The credentials come from the environment. The columns are id, "
            "created_at, author_id, is_repost, text and hashtags. Only id, author_id, and hashtags or text must be "
            "there. table:NAME is a table of the catalogue of Spark's session, such as table:db.posts.",
        ),
    ]
    accounts: Annotated[
        OptionalPaths,
        Option(
            INPUT,
            "Read the accounts from these files, folders, globs or URLs, in the same formats as the posts.",
            metavar="PATH",
            allowed="a path or a list of paths",
            example="[accounts.tsv]",
            details="The columns are id, created_at, screen_name and seen_at; created_at and seen_at may be "
            "missing. Of an account with several names the one with the latest seen_at counts, then with the "
            "latest created_at, then the last in the files.",
        ),
    ] = None
    posts_format: Annotated[
        SparkFormat,
        Option(
            INPUT,
            "Let Spark read the posts, as this format of its session, such as orc or avro.",
            metavar="FORMAT",
            allowed="auto or the name of a format",
            details="With auto the job reads them itself. Rows that Spark has read are copied into the output while "
            "the job runs. See --partition-column for runs that copy only what is new.",
        ),
    ] = "auto"
    partition_column: Annotated[
        str | None,
        Field(min_length=1),
        Option(
            INPUT,
            "Take the posts with each value of this column as one file, so that later runs copy only those that are "
            "new. For posts that Spark reads.",
            metavar="NAME",
            unset="none",
            details="It is a column such as the day, by which the table is best partitioned: text, a whole number, a "
            "date or a boolean, with at most 10,000 values. A checksum tells whether posts have changed.",
        ),
    ] = None
    accounts_format: Annotated[
        SparkFormat,
        Option(
            INPUT,
            "Let Spark read the accounts, as this format of its session.",
            metavar="FORMAT",
            allowed="auto or the name of a format",
        ),
    ] = "auto"
    accounts_from: Annotated[
        Literal["files", "posts"],
        Option(
            INPUT,
            "Say where the accounts are.",
            choices={
                "files": "in the files of --accounts",
                "posts": "in the posts: each has the id and the screen name of its author. An account with several "
                "names has that of its latest post",
            },
            details="A preset knows the columns of the authors. Else name the column of the names: --columns "
            "screen_name=NAME.",
        ),
    ] = "files"
    output: Annotated[
        Output,
        Option(
            INPUT,
            "Publish the snapshot in this folder, which is made if it does not exist, or below this URL of an "
            "object store or in HDFS, such as s3://BUCKET/PREFIX.",
            metavar="DIR",
            allowed="a path or a URL",
            example="out",
            details="Earlier snapshots in it stay. It must be apart from the folders of the input: none of them, in "
            "one or above one. A URL begins with s3://, gs://, az://, abfss:// or "
            "hdfs://; the credentials come from the environment.",
        ),
    ]
    quoting: Annotated[
        Literal["auto", "none", "rfc4180", "backslash"],
        Option(
            READING,
            "Say how the fields of text files are quoted.",
            choices={
                "auto": "the job finds out from the quotes in all files of a kind, and starts over or stops if a "
                "later row contradicts what it found",
                "none": 'fields are not quoted: a " is a character like any other',
                "rfc4180": "fields may be in double quotes, as pandas, DuckDB, polars and spreadsheets write "
                "them, with tabs and line ends inside and each inner quote doubled",
                "backslash": "fields may be in double quotes, as Spark and R write them, with a backslash before "
                "each inner quote",
            },
        ),
    ] = "auto"
    encoding: Annotated[
        Encoding,
        Option(
            READING,
            "Say how the characters of text files are encoded: auto, or a name such as utf-8, utf-16 or cp1252.",
            metavar="NAME",
            allowed="auto or the name of an encoding, such as utf-8, utf-16, cp1252 or latin-1",
            details="With auto, marks and zero bytes tell UTF-16, and what is not UTF-8 is guessed. A name holds for "
            "the files that are not clearly UTF-8. In UTF-8, a byte of a name that cannot be decoded counts as one "
            "character.",
        ),
    ] = "auto"
    delimiter: Annotated[
        Literal["auto", "tab", "comma", "semicolon", "pipe"],
        Option(
            READING,
            "Say what separates the fields of text files.",
            choices={
                "auto": "the job takes what finds the columns in the header",
                "tab": "a tab",
                "comma": "a comma",
                "semicolon": "a semicolon",
                "pipe": "a vertical bar",
            },
        ),
    ] = "auto"
    skip_lines: Annotated[
        int,
        Field(ge=0),
        Option(
            READING,
            "Pass over this many lines above the header of text files.",
            metavar="N",
            details="A file that begins with its header has no such lines, and is read from there.",
        ),
    ] = 0
    preset: Annotated[
        str,
        Option(
            READING,
            "Take the columns by the names of this common export; auto finds it out, none takes no preset.",
            metavar="NAME",
            allowed="auto, none or the name of a preset",
            details="The presets are in docs/reference/presets.md.",
        ),
    ] = "auto"
    columns: Annotated[
        Columns,
        Option(
            READING,
            "Say how the columns are named in the files, if not as the job names them: hashtags=tags,author_id=user.",
            metavar="COLUMN=NAME",
            unset="none",
            allowed="one or several of the form COLUMN=NAME",
            details="posts.id=... is for the posts alone, accounts.id=... for the accounts, id=... for both. "
            "Upper and lower case, and spaces or quotes around a name, make no difference.",
        ),
    ] = ()
    hashtags_from: Annotated[
        Literal["auto", "column", "text"],
        Option(
            READING,
            "Say where the hashtags of a post are.",
            choices={
                "auto": "in the column, or in the text where there is no such column",
                "column": "in the column hashtags",
                "text": "in the text",
            },
        ),
    ] = "auto"
    hashtag_separator: Annotated[
        Literal["auto", "bar", "comma", "semicolon", "space", "list"],
        Option(
            READING,
            "Say what stands between the hashtags of a post in one field.",
            choices={
                "auto": "the job finds out from the first posts",
                "bar": "a vertical bar: one|two",
                "comma": "a comma: one, two",
                "semicolon": "a semicolon: one; two",
                "space": "a space: #one #two",
                "list": "the field is a list as Python, R or JSON write it: ['one', 'two'], [one, two]",
            },
        ),
    ] = "auto"
    day_first: Annotated[
        bool, Option(READING, "Read a date such as 10/9/2013 as the 10th of September, not October 9th.")
    ] = False
    exclude_reposts: Annotated[bool, Option(INPUT, "Leave out posts that are marked as reposts.")] = False
    ignore_hashtags: Annotated[
        OptionalPath,
        Option(
            INPUT,
            "Leave out the hashtags in this file, one on a line, in any spelling, with or without the #.",
            metavar="FILE",
            unset="none",
            details="Name hashtags that say nothing, such as those that the posts were collected by. The file is "
            "UTF-8 and has no comments. Posts keep their other hashtags.",
        ),
    ] = None
