"""Join of photos and objects that annotations hold apart, in little memory."""

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

MAX_ID = 2**63 - 1  # numbers are stored in 64 bits

# Ids and keys have no type: as INTEGER the text 12e2 would become the number 1200.
TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA temp_store = FILE;
PRAGMA cache_size = -8000;  -- KiB of memory; the rest lies on disk
CREATE TABLE photos (position INTEGER PRIMARY KEY, name TEXT UNIQUE, given TEXT, width INTEGER, height INTEGER,
    refused INTEGER DEFAULT 0, incomplete INTEGER DEFAULT 0);
CREATE TABLE keys (key PRIMARY KEY, photo INTEGER) WITHOUT ROWID;
CREATE TABLE objects (position INTEGER PRIMARY KEY, photo INTEGER, id UNIQUE, box BLOB, content BLOB);
CREATE INDEX objects_of_photo ON objects (photo);
BEGIN;
"""
# Both orders are those of the tables and the index: SQLite walks along them and sorts nothing.
JOINED = """
SELECT photos.position, name, width, height, incomplete, objects.position, id, box, content
FROM photos LEFT JOIN objects ON objects.photo = photos.position
WHERE NOT refused ORDER BY photos.position, objects.position
"""
BOXES = """
SELECT box, width, height FROM photos JOIN objects ON objects.photo = photos.position WHERE NOT refused
"""
UNSIZED = (
    "SELECT position, name FROM photos WHERE NOT width AND NOT refused AND position > ? ORDER BY position LIMIT 1000"
)


class Stored(NamedTuple):
    """An object as it was added."""

    position: int  # unique, in the order of adding
    id: int | str | None
    box: bytes
    content: bytes


class Join:
    """Photos and objects in a temporary SQLite database; a context manager that closes it at the end.

    Several keys may lead to one photo; the key of a refused photo leads to None. Raises ValueError, which names the
    annotations, if there is no room on the disk.
    """

    def __init__(self, annotations: Path):
        self._annotations = annotations

    def __enter__(self) -> "Join":
        # No name stands for a file that SQLite makes when it needs one, in TMPDIR, and that no killed process leaves.
        # A consumer may ask for the first photo on one thread and for the next on another.
        self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._file.executescript(TABLES)
        return self

    def __exit__(self, kind, error, trace) -> None:
        self._file.close()
        if isinstance(error, sqlite3.Error):
            raise ValueError(
                f"{self._annotations}: the temporary file of its photos cannot be written ({error}), expected room for"
                " as much as the annotations take; TMPDIR chooses the folder"
            ) from None

    def add_photo(self, name: str, given: str = "", width: int = 0, height: int = 0) -> tuple[int, str | None]:
        """Return the photo's number, and None or, if there is a photo of that name already, what was given for it.

        `given` is what the annotations call the photo; an earlier photo of the name stays as it is.
        """
        added = self._file.execute(
            "INSERT OR IGNORE INTO photos (name, given, width, height) VALUES (?, ?, ?, ?)",
            (name, given, width, height),
        )
        number, earlier = self._file.execute("SELECT position, given FROM photos WHERE name = ?", (name,)).fetchone()
        return number, None if added.rowcount else earlier

    def size(self, photo: int) -> tuple[int, int]:
        """Return width and height of the photo; 0 if unknown."""
        return self._file.execute("SELECT width, height FROM photos WHERE position = ?", (photo,)).fetchone()

    def set_size(self, photo: int, width: int, height: int) -> None:
        self._file.execute("UPDATE photos SET width = ?, height = ? WHERE position = ?", (width, height, photo))

    def unsized(self) -> Iterator[tuple[int, str]]:
        """Yield number and name of each photo whose size is unknown; it may be set meanwhile."""
        last = 0
        while rows := self._file.execute(UNSIZED, (last,)).fetchall():
            yield from rows
            last = rows[-1][0]

    def link(self, key: int | str, photo: int | None) -> None:
        """Make the key lead to the photo, or to None."""
        self._file.execute("REPLACE INTO keys VALUES (?, ?)", (key, photo))

    def linked(self, key: int | str) -> tuple[int | None, str | None] | None:
        """Return number and name of the key's photo, None for both if refused; None if the key is unknown."""
        return self._file.execute(
            "SELECT photo, name FROM keys LEFT JOIN photos ON position = photo WHERE key = ?", (key,)
        ).fetchone()

    def refuse(self, key: int | str) -> None:
        """Leave out the photo that the key leads to, with all its objects, and make the key lead to None."""
        photo = self.linked(key)
        if photo and photo[0]:
            self.refuse_photo(photo[0])
        self.link(key, None)

    def refuse_photo(self, photo: int) -> None:
        """Leave out the photo with all its objects."""
        self._file.execute("UPDATE photos SET refused = 1 WHERE position = ?", (photo,))

    def add_object(self, photo: int, identity: int | str | None, box: bytes, content: bytes) -> bool:
        """Add an object and return True; if its id is not new, mark the photo as incomplete and return False."""
        values = photo, identity, box, content
        if self._file.execute("INSERT OR IGNORE INTO objects VALUES (NULL, ?, ?, ?, ?)", values).rowcount:
            return True
        self.lacks_object(photo)
        return False

    def lacks_object(self, photo: int) -> None:
        """Mark the photo as incomplete: it shows an object that could not be added."""
        self._file.execute("UPDATE photos SET incomplete = 1 WHERE position = ?", (photo,))

    def boxes(self) -> Iterator[tuple[bytes, int, int]]:
        """Yield each box with width and height of its photo."""
        yield from self._file.execute(BOXES)

    def __iter__(self) -> Iterator[tuple[str, int, int, bool, list[Stored]]]:
        """Yield name, width, height, incompleteness and objects of each photo; all in order of adding."""
        for _, group in groupby(self._file.execute(JOINED), key=lambda row: row[0]):
            rows: list[tuple[Any, ...]] = list(group)
            objects = [Stored(*row[5:]) for row in rows if row[5] is not None]
            name, width, height, incomplete = rows[0][1:5]
            yield name, width, height, bool(incomplete), objects
