"""Files of input in a folder and under a URL, the same ones."""

from __future__ import annotations

from pathlib import Path

from lookalike.outputs.urls import StoreUrl

from .running import Bucket


class Twice:
    """A folder and a URL that hold the same files, put there by the store's own library."""

    def __init__(self, folder: Path, url: StoreUrl) -> None:
        self.folder, self.url = folder, str(url)
        self._bucket = Bucket(url)

    def put(self, name: str, content: bytes) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(content)
        self._bucket.write(name, content)

    def put_all(self, folder: Path) -> None:
        """The files of another folder."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.put(str(path.relative_to(folder)), path.read_bytes())

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()
        self._bucket.remove(name)

    def here(self, path: str) -> str:
        return f"{self.folder}/{path}"

    def there(self, path: str) -> str:
        return f"{self.url}/{path}"
