"""Photographs found by the names that tools give them: paths of other machines, URLs, names without an ending."""

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from urllib.parse import parse_qs, unquote, urlsplit

from seigan_tf.data.photos.files import PHOTO_SUFFIXES, find_photos, locate, name_of
from seigan_tf.data.photos.photo import Note
from seigan_tf.utils.text import shown

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
UPLOADED = re.compile(r"[0-9a-f]{8}-(?=.)")
"""Prefix that Label Studio gives the name of an uploaded photo, of which it keeps the characters of `_uploaded`."""


class PhotoNames:
    """Finds the photos of a folder by names in annotations.

    A name is a path relative to the folder, or an absolute one inside it, also without the ending and in another case
    of the letters. If no such photo is there, it means the one photo that shares the longest end of the path with it.
    """

    def __init__(self, images: Path):
        self._images = images
        self._places: dict[str, list[str]] | None = None  # names of the photos, by their last part without ending
        self._uploads: dict[str, list[str]] = {}  # names that Label Studio changes, by their last part
        self.by_end: dict[str, str] = {}
        """Photos that were found by the end of a path or URL, with the name that led to them."""

    def find(self, given: str) -> str:
        """Return the name of the photo as in `Photo.name`; of a photo that is missing, the name as it is given.

        Raises ValueError if the name cannot be that of a photo, lies outside the folder, or fits several photos alike.
        """
        path = path_of(given)
        if os.path.normpath(path) == os.curdir:
            return name_of(locate(self._images, given), self._images)  # raises
        inside = self._inside(path)
        if inside and os.path.lexists(self._images / inside):
            found = name_of(locate(self._images, inside), self._images)
            if path.startswith("/") or path != given.replace("\\", "/"):
                self.by_end.setdefault(found, given)
            return found
        parts = _parts(path)
        locate(self._images, "/".join(parts) if parts else path)  # raises for a name that no file can have
        if match := self._find_by_end(given, inside, parts):
            if _without_ending(match) != path:
                self.by_end.setdefault(match, given)
            return match
        return name_of(locate(self._images, path), self._images)

    def exists(self, given: str) -> bool:
        """Tell whether `find` leads to a file."""
        try:
            return os.path.isfile(self._images / self.find(given))
        except ValueError:
            return False

    def notes(self, where: str) -> Iterator[Note]:
        """Yield a note if photos were found by the end of their path; `where` names the annotations."""
        if self.by_end:
            name, given = next(iter(self.by_end.items()))
            count = f"{len(self.by_end)} photographs are" if len(self.by_end) > 1 else "1 photograph is"
            yield Note(f"{where}: {count} found by the end of the path, as {shown(given)} is {shown(name)}")

    def _inside(self, path: str) -> str:
        """Return an absolute path inside the folder relative to it, a relative path as it is, else an empty text."""
        if not path.startswith("/"):
            inside = os.path.normpath(path)
            return "" if inside.split(os.sep)[0] in ("..", ".") or PureWindowsPath(path).is_absolute() else inside
        for folder in (os.path.abspath(self._images), os.path.realpath(self._images)):
            relative = os.path.relpath(path, folder)
            if relative.split(os.sep)[0] not in ("..", "."):
                return relative
        return ""

    def _find_by_end(self, given: str, inside: str, parts: list[str]) -> str | None:
        last = parts[-1]
        named = PurePosixPath(last).suffix.lower() in PHOTO_SUFFIXES
        candidates = self._called(last, named)
        whole = _folded(PurePath(inside).as_posix())
        exact = [name for name in candidates if _folded(name if named else _without_ending(name)) == whole]
        if len(exact) == 1:
            return exact[0]
        if not candidates and UPLOADED.match(last):
            parts = [*parts[:-1], UPLOADED.sub("", last)]
            candidates = self._called(parts[-1], named) or self._uploads.get(_folded(parts[-1]), [])
        folder = "/".join(parts[:-1])
        ranked = [(common_end(os.path.dirname(name), folder), name) for name in candidates]
        longest = max(ranked, default=(0, ""))[0]
        best = [name for length, name in ranked if length == longest]
        if len(best) > 1:
            names = ", ".join(map(shown, best[:3]))
            raise ValueError(f"file name {shown(given)} fits {len(best)} photos alike ({names}), expected one of them")
        return best[0] if best else None

    def _called(self, last: str, named: bool) -> list[str]:
        """List the photos with that last part of their path or, unless it has the ending of a photo, that stem."""
        if self._places is None:
            self._places = {}
            for path in find_photos(self._images):
                try:
                    name = name_of(path, self._images)
                except ValueError:  # A name that no report can hold is none that annotations mean.
                    continue
                self._places.setdefault(_folded(path.stem), []).append(name)
                if (uploaded := _uploaded(path.name)) != path.name:
                    self._uploads.setdefault(_folded(uploaded), []).append(name)
        stem = PurePosixPath(last).stem if named else last
        found = self._places.get(_folded(stem), [])
        return [name for name in found if _folded(_parts(name)[-1]) == _folded(last)] if named else found


def path_of(given: str) -> str:
    """Return the path in a file name or URL, with forward slashes; of Label Studio's local files that after "?d="."""
    local = "/data/local-files/" in given
    if local or URL.match(given):
        try:
            parts = urlsplit(given)
        except ValueError:
            return given
        path = unquote(parts.path)
        path = path if parts.scheme == "file" or local else path.lstrip("/")
        return (parse_qs(parts.query).get("d", [""])[0] if local else "") or path or given
    return given.replace("\\", "/")


def common_end(first: str, second: str) -> int:
    """Return the number of parts at the end that two paths have in common."""
    count = 0
    for one, other in zip(reversed(_parts(first)), reversed(_parts(second)), strict=False):
        if _folded(one) != _folded(other):
            break
        count += 1
    return count


def _without_ending(name: str) -> str:
    return PurePosixPath(name).with_suffix("").as_posix()


def _parts(path: str) -> list[str]:
    """Split a path; the drive, "." and ".." are left out."""
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    return parts[1:] if len(parts) > 1 and re.fullmatch("[A-Za-z]:", parts[0]) else parts


def _uploaded(name: str) -> str:
    """Return a file name as Django stores uploads: with underscores for blanks, and without most other signs."""
    return re.sub(r"[^-\w.]", "", name.strip().replace(" ", "_"))


def _folded(text: str) -> str:
    """Return the text as file systems compare names that ignore case and the way in which accents are written."""
    return unicodedata.normalize("NFC", text).casefold()
