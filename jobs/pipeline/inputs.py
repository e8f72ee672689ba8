"""What a run reads, found and examined before Spark starts."""

from __future__ import annotations

import dataclasses

from jobs.inputs.files import find_files
from jobs.inputs.tables import ACCOUNTS, POSTS, InputFile
from jobs.options.config import JobConfig
from jobs.options.ignored import IgnoreList


@dataclasses.dataclass(frozen=True)
class Inputs:
    """The files of posts and of accounts, and the hashtags to ignore."""

    posts: tuple[InputFile, ...]
    accounts: tuple[InputFile, ...]
    ignored: IgnoreList

    @classmethod
    def find(cls, config: JobConfig) -> Inputs:
        """Find what the options name. Raises UsageError if something is missing or cannot be read."""
        return cls(
            posts=find_files(POSTS, config.posts, quoting=config.quoting),
            accounts=find_files(ACCOUNTS, config.accounts, quoting=config.quoting),
            ignored=IgnoreList.read(config.ignore_hashtags),
        )
