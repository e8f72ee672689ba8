"""What the examples expect of a machine, in a folder: a few posts and accounts, and where to write to."""

import re
from pathlib import Path

from .examples import ROOT

POSTS = "id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags\n"
ACCOUNTS = "id\tcreated_at\tscreen_name\n"


class Machine:
    """Five accounts with similar names; nobody has posted anything."""

    def __init__(self, folder: Path) -> None:
        """Make it in an empty folder."""
        self._folder, self._files = folder, 0
        self.output, self.metrics, self.log = folder / "data/out", folder / "data/metrics", folder / "log/job.log"
        for path in ("data/posts", "data/accounts", "data/out", "data/metrics", "log"):
            (folder / path).mkdir(parents=True)
        names = "".join(f"a{number}\t2023-01-01\tmaga_eagle_0{number}\n" for number in range(5))
        (folder / "data/accounts/1.tsv").write_text(ACCOUNTS + names)

    def add_posts(self, *authors: int) -> None:
        """A new file, in which each of these accounts has a post with the hashtag covid."""
        self._files += 1
        rows = "".join(f"p{author}\t2023-01-01\ta{author}\tFalse\ttext\tcovid\n" for author in authors)
        unfinished = self._folder / "unfinished.tsv"
        unfinished.write_text(POSTS + rows)
        unfinished.rename(self._folder / f"data/posts/{self._files}.tsv")  # a run sees all of it or nothing

    def here(self, text: str) -> str:
        """A text of an example with the places of this machine in it, and of the project where it lies."""
        for place, path in (("/opt/lookalike", ROOT), ("/data", "data"), ("/var/log/lookalike", "log")):
            text = re.sub(rf"(?<![\w.-]){place}(?![\w.-])", str(self._folder / path), text)
        return text
