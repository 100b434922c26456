"""The parameter `fields`: which parts of an answer the caller wants (a,b(c,d),files/id)."""

import re
from typing import Any, Final

from flask import abort, request

from .drive_callers import invalid

Wanted = dict[str, "Wanted | None"]
"""By name what is wanted of it; None is all of it."""

FILE_DEFAULT: Final = "kind,id,name,mimeType"
LIST_DEFAULT: Final = f"kind,incompleteSearch,nextPageToken,files({FILE_DEFAULT})"
_FILE_WORDS: Final = (
    "appProperties capabilities contentHints contentRestrictions copyRequiresWriterPermission"
    " createdTime description driveId explicitlyTrashed exportLinks fileExtension folderColorRgb"
    " fullFileExtension hasAugmentedPermissions hasThumbnail headRevisionId iconLink id"
    " imageMediaMetadata isAppAuthorized kind labelInfo lastModifyingUser linkShareMetadata"
    " md5Checksum mimeType modifiedByMe modifiedByMeTime modifiedTime name originalFilename"
    " ownedByMe owners parents permissionIds permissions properties quotaBytesUsed resourceKey"
    " sha1Checksum sha256Checksum shared sharedWithMeTime sharingUser shortcutDetails size spaces"
    " starred teamDriveId thumbnailLink thumbnailVersion trashed trashedTime trashingUser version"
    " videoMediaMetadata viewedByMe viewedByMeTime viewersCanCopyContent webContentLink"
    " webViewLink writersCanShare"
)
FILE: Final = frozenset(_FILE_WORDS.split())
"""The fields of a file (drive.v3 discovery document); not all of them have a value here."""
LIST: Final = frozenset({"kind", "incompleteSearch", "nextPageToken", "files"})
ABOUT: Final = frozenset(
    {"kind", "user", "storageQuota", "maxUploadSize", "maxImportSizes", "exportFormats"}
    | {"importFormats", "appInstalled", "canCreateDrives", "folderColorPalette"}
)
_TOKEN: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*|\*|[,()/]")


def chosen(answer: dict[str, Any], allowed: frozenset[str], usual: str) -> dict[str, Any]:
    """Give the parts of an answer that this request wants; a field there is not is refused."""
    return cut(answer, request.args.get("fields", usual), allowed)


def cut(answer: dict[str, Any], fields: str, allowed: frozenset[str]) -> dict[str, Any]:
    """Give the parts of an answer that `fields` names, if it is well said."""
    wanted = _Reader(fields).read()
    _check(wanted, allowed)
    taken: dict[str, Any] = _taken(answer, wanted)
    return taken


def _check(wanted: Wanted, allowed: frozenset[str]) -> None:
    for name, inner in wanted.items():
        if name not in allowed and name != "*":
            abort(invalid(f"Invalid field selection {name}"))
        if name == "files" and inner:
            _check(inner, FILE)


def _taken(answer: Any, wanted: Wanted | None) -> Any:  # noqa: ANN401  # reason: any JSON
    if wanted is None or "*" in wanted:
        return answer
    if isinstance(answer, list):
        return [_taken(one, wanted) for one in answer]
    if not isinstance(answer, dict):
        return answer
    return {key: _taken(value, wanted[key]) for key, value in answer.items() if key in wanted}


class _Reader:
    """Reads a selection from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _TOKEN.findall(text)
        if "".join(self._tokens) != text.replace(" ", ""):
            self._fail()

    def read(self) -> Wanted:
        """Give the whole selection."""
        wanted = self._several()
        if self._tokens:
            self._fail()
        return wanted

    def _several(self) -> Wanted:
        wanted: Wanted = {}
        while True:
            name, inner = self._one()
            known = wanted.get(name, {})
            both = inner is not None and known is not None
            wanted[name] = {**(known or {}), **(inner or {})} if both else None
            if not self._next(","):
                return wanted

    def _one(self) -> "tuple[str, Wanted | None]":
        name = self._tokens.pop(0) if self._tokens else ","
        if name in ",()/":
            self._fail()
        if self._next("/"):
            return name, dict([self._one()])
        if not self._next("("):
            return name, None
        inner = self._several()
        if not self._next(")"):
            self._fail()
        return name, inner

    def _next(self, token: str) -> bool:
        found = self._tokens[:1] == [token]
        del self._tokens[: int(found)]
        return found

    def _fail(self) -> None:
        abort(invalid(f"Invalid field selection {self._text}"))
