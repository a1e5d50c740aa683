"""Records on disk between cutting and writing, given back in the order of their keys, in little memory."""

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

CACHE = 16  # megabytes kept in memory, however many records there are


class Spool:
    """Keys and serialized records of several splits, in one temporary file, which must not exist before.

    Every method raises OSError if the file cannot be written or read, for example because the disk is full.
    """

    def __init__(self, path: Path):
        self._path = path
        with self._errors():
            self._file = sqlite3.connect(path, isolation_level=None)
            # Nothing to recover: an unfinished build is begun anew.
            self._file.execute("PRAGMA journal_mode = OFF")
            self._file.execute("PRAGMA synchronous = OFF")
            self._file.execute(f"PRAGMA cache_size = {-1000 * CACHE}")
            self._file.execute("CREATE TABLE records (split TEXT, key BLOB, record BLOB, PRIMARY KEY (split, key))")
            self._file.execute("BEGIN")

    def add(self, split: str, key: bytes, record: bytes) -> None:
        """Adds a record; ValueError if the split has a record with this key."""
        try:
            with self._errors():
                self._file.execute("INSERT INTO records VALUES (?, ?, ?)", (split, key, record))
        except sqlite3.IntegrityError:
            raise ValueError(f"two records of one key in {split}") from None

    def bytes_of(self, split: str) -> int:
        """Returns the bytes of all records of the split."""
        with self._errors():
            query = "SELECT coalesce(sum(length(record)), 0) FROM records WHERE split = ?"
            return self._file.execute(query, (split,)).fetchone()[0]

    def keys(self, split: str) -> Iterator[bytes]:
        """Yields the keys of the split in ascending order."""
        with self._errors():
            for (key,) in self._file.execute("SELECT key FROM records WHERE split = ? ORDER BY key", (split,)):
                yield key

    def records(self, split: str) -> Iterator[bytes]:
        """Yields the records of the split in ascending order of their keys."""
        with self._errors():
            for (record,) in self._file.execute("SELECT record FROM records WHERE split = ? ORDER BY key", (split,)):
                yield record

    def close(self) -> None:
        self._file.close()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path)) from None
            raise OSError(errno.EIO, str(error), str(self._path)) from None
