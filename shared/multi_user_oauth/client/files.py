"""A person's files."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from multi_user_oauth.client.area import Area, Item, media_type, path_of, query_of
from multi_user_oauth.client.downloads import Source, downloaded, written
from multi_user_oauth.client.uploads import Target, uploaded

Progress = Callable[[int, int], None]
"""Is told how many bytes are there, and of how many."""


class Files(Area):
    """Lists them, and carries their bytes."""

    def files(
        self,
        connector_type: str,
        user_email: str,
        *,
        search: str | None = None,
        folder_id: str | None = None,
        page_size: int | None = None,
        purpose: str = "",
    ) -> Iterator[Item]:
        """Yield files and folders: of a folder (the top one otherwise), or found anywhere by `search`."""
        params = query_of(user_email, purpose, search=search, folder_id=folder_id, limit=page_size)
        return self._pages(path_of(connector_type, "files"), "files", params)

    def file(
        self, connector_type: str, user_email: str, file_id: str, *, purpose: str = ""
    ) -> Item:
        """Return what is known of a file, without its bytes."""
        path = path_of(connector_type, "files", file_id)
        return self._read(path, query_of(user_email, purpose))

    def download(
        self,
        connector_type: str,
        user_email: str,
        file_id: str,
        into: Path | BinaryIO,
        *,
        progress: Progress | None = None,
        purpose: str = "",
    ) -> Path | None:
        """
        Write a file's bytes, by ranges; return where, if `into` is a path.

        In a folder it gets the name that it has at the provider. Beside the path lies, until all is
        there, a `.part` of it: what broke off goes on there, this time or the next. What stood there
        before is replaced at the end. Raise `OSError` too.
        """
        source = Source(
            transport=self._transport,
            path=path_of(connector_type, "files", file_id, "content"),
            params=query_of(user_email, purpose),
            file=self.file(connector_type, user_email, file_id, purpose=purpose),
            progress=progress or _silent,
        )
        if isinstance(into, Path):
            return downloaded(source, into)
        written(source, into, 0)
        return None

    def upload(
        self,
        connector_type: str,
        user_email: str,
        path: Path,
        *,
        name: str | None = None,
        folder_id: str | None = None,
        progress: Progress | None = None,
        purpose: str = "",
    ) -> Item:
        """
        Store a file; return what the provider made of it.

        A large one goes in chunks, and a chunk that was dropped goes once more. Raise `OSError` too.
        """
        target = Target(
            transport=self._transport,
            path=path_of(connector_type, "files"),
            user_email=user_email,
            name=path.name if name is None else name,
            folder_id=folder_id,
            content_type=media_type(path),
            purpose=purpose,
            progress=progress or _silent,
        )
        return uploaded(target, path)


def _silent(_: int, __: int) -> None:
    """Tell nobody."""
