"""TinyDB's extension point, a storage class: the whole state in one file that is never seen half written."""

from __future__ import annotations

from pathlib import Path

import msgspec
from tinydb.storages import Storage

from supportbot.errors import StoreUnreadable
from supportbot.storage.disk import Disk
from supportbot.storage.rows import Row, Tables

_encode = msgspec.json.Encoder().encode


class WholeFile(Storage):
    """Keeps the parsed state in memory, so that reading costs nothing, and writes it beside, syncs and renames.

    Stock TinyDB writes over the old content, and a kill in between leaves a file that nothing can read. The file has
    one row a line, for people and for `diff`.
    """

    def __init__(self, path: Path, disk: Disk) -> None:
        self._path = path
        self._disk = disk
        self._tables = self._parse()

    def _parse(self) -> Tables | None:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return msgspec.json.decode(content, type=Tables) if content.strip() else None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise StoreUnreadable(
                f"{self._path} is not a TinyDB file: {error}; restore a backup, or move it away"
            ) from error

    def read(self) -> Tables | None:
        """Give the state itself, not a copy: only this store changes it."""
        return self._tables

    def write(self, data: Tables) -> None:
        """Write all tables at once; OSError leaves the file as it was, or, where only the folder failed, as `data`."""
        self._tables = data
        self._disk.replace(self._path, b"{\n" + b",\n".join(map(_spell_table, data.items())) + b"\n}\n")
        self._disk.sync_folder(self._path.parent)


def _spell_table(table: tuple[str, dict[str, Row]]) -> bytes:
    name, rows = table
    lines = b",\n".join([b'"%s": %s' % (number.encode(), _encode(row)) for number, row in rows.items()])
    return b"%s: {%s}" % (_encode(name), b"\n" + lines + b"\n" if lines else b"")
