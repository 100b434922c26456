"""A person's files: lists, bytes by ranges, small uploads."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from flask import Request, Response

from multi_user_oauth.errors import RequestError
from multi_user_oauth.errors.connector import (
    NotSupportedError,
    RangeNotSatisfiableError,
)
from multi_user_oauth.http.acting import Acts, Asked, SaidInQuery, in_query
from multi_user_oauth.http.byte_range import wanted_range, within_one_answer
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.file_answers import content_type, shown, streamed, unsatisfiable
from multi_user_oauth.http.file_names import file_name, item_id
from multi_user_oauth.http.large_bodies import LargeBodies
from multi_user_oauth.http.links import Links
from multi_user_oauth.http.paths import CONNECTORS
from multi_user_oauth.http.reading import answer, body_of
from multi_user_oauth.http.words import limit
from multi_user_oauth.model import Action, Provider
from multi_user_oauth.model.files import FileQuery, NewFile

BARE: Final = "/{connector_type}"
LARGEST_SMALL: Final = 4 * 1024 * 1024
SMALL: Final = 64 * 1024
AT_ONCE: Final = 32 * 1024 * 1024
"""Bytes of larger uploads that an instance holds at once: each is there twice on its way to Drive."""
LONGEST_SEARCH: Final = 500
_LISTING: Final = frozenset({"search", "folder_id", "limit", "page_token"})
_PLACE: Final = frozenset({"name", "folder_id"})


class FileRoutes:
    """For persons and agents."""

    def __init__(self, *, acts: Acts, links: Links) -> None:
        self._acts = acts
        self._links = links
        self._large = LargeBodies(small=SMALL, most=AT_ONCE)

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        lists = (
            ("/onedrive/files", partial(self.files, provider=Provider.MICROSOFT)),
            ("/drive/files", partial(self.files, provider=Provider.GOOGLE)),
            ("/files/{file_id}", self.file),
            ("/files/{file_id}/content", self.content),
        )
        return (
            Route(methods=("GET", "PUT"), paths=_paths("/files"), handler=self.files_or_upload),
            *(Route(methods=("GET",), paths=_paths(path), handler=h) for path, h in lists),
        )

    def files_or_upload(self, request: Request, connector_type: str) -> Response:
        """Answer a list, or store a file."""
        if request.method == "PUT":
            return self.upload(request, connector_type)
        return self.files(request, connector_type)

    def files(
        self, request: Request, connector_type: str, provider: Provider | None = None
    ) -> Response:
        """Answer one page of a folder, or of what a search finds; `provider` admits no other."""

        def work(asked: Asked, said: SaidInQuery) -> Response:
            if provider not in (None, asked.provider):
                message = "this connector type is of the other provider"
                raise NotSupportedError(message, field="connector_type")
            return self._page(asked, said.fields)

        return self._acts.read(request, connector_type, Action.FILES_READ, _LISTING, work)

    def _page(self, asked: Asked, fields: Mapping[str, str]) -> Response:
        search, folder_id = _search(fields), _folder(fields.get("folder_id"))
        if search is not None and folder_id is not None:
            raise RequestError("a search looks everywhere: leave folder_id out", field="folder_id")
        # Which list it is belongs to the token: it opens no other.
        route = f"files {'folder' if search is None else 'search'} {search or folder_id or ''}"
        query = FileQuery(
            search=search,
            folder_id=folder_id,
            limit=limit(fields.get("limit")),
            cursor=self._links.cursor(asked.caller, asked.key, route, fields.get("page_token")),
        )
        page = asked.services.files.files(asked.person, query)
        body: dict[str, object] = {"files": [shown(each) for each in page.items]}
        token = self._links.page_token(asked.caller, asked.key, route, page.cursor)
        return answer(body | ({} if token is None else {"next_page_token": token}))

    def file(self, request: Request, connector_type: str, file_id: str) -> Response:
        """Answer what is known of one file."""

        def work(asked: Asked, _: SaidInQuery) -> Response:
            return answer(
                shown(asked.services.files.file(asked.person, item_id(file_id, "file_id")))
            )

        return self._acts.read(request, connector_type, Action.FILES_READ, (), work)

    def content(self, request: Request, connector_type: str, file_id: str) -> Response:
        """Answer a file's bytes, or those of the range asked for, as they come."""

        def work(asked: Asked, _: SaidInQuery) -> Response:
            file = asked.services.files.file(asked.person, item_id(file_id, "file_id"))
            if file.folder:
                raise RequestError("a folder has no bytes", field="file_id")
            try:
                wanted = within_one_answer(wanted_range(request), file.size)
                download = asked.services.files.download(asked.person, file.id, wanted)
            except RangeNotSatisfiableError as refused:
                return unsatisfiable(refused, file.size)
            return streamed(file, download, partial=wanted is not None)

        return self._acts.read(request, connector_type, Action.FILES_READ, (), work)

    def upload(self, request: Request, connector_type: str) -> Response:
        """Store a small file under a name that is free, and answer what is known of it."""

        def work(asked: Asked, said: SaidInQuery) -> Response:
            name = file_name(said.fields.get("name", ""))
            folder_id = _folder(said.fields.get("folder_id"))
            asked.person.token(*asked.services.files.write_scopes)
            kind = content_type(request.mimetype)
            with self._large.held(min(request.content_length or LARGEST_SMALL, LARGEST_SMALL)):
                content = body_of(request, LARGEST_SMALL)
                new = NewFile(name=name, folder_id=folder_id, size=len(content), content_type=kind)
                stored = asked.services.files.upload(asked.person, new, content)
            return answer(shown(stored), 201)

        def say(request: Request) -> SaidInQuery:
            return in_query(request, _PLACE)

        return self._acts.change(request, connector_type, Action.FILES_WRITE, say, work)


def _paths(path: str) -> tuple[str, ...]:
    return CONNECTORS + path, BARE + path


def _search(fields: Mapping[str, str]) -> str | None:
    search = fields.get("search")
    if search is None:
        return None
    if not 1 <= len(search) <= LONGEST_SEARCH or not search.isprintable() or not search.strip():
        raise RequestError(
            f"search is one line of 1 to {LONGEST_SEARCH} characters", field="search"
        )
    return search


def _folder(folder_id: str | None) -> str | None:
    return None if folder_id is None else item_id(folder_id, "folder_id")
