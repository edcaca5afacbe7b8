"""The logs of a TinyDB folder: places in memory, and the key itself looked at when a line is read."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

from supportbot.storage import logs
from supportbot.storage.disk import Disk
from supportbot.storage.logs import FileLogs

LINE = '{"commit":1,"key":"c_0123456789abcdef/%d","person":"","entry":{"text":"hello"}}\n'


def test_an_entry_under_a_key_of_its_own_takes_little_memory(tmp_path: Path) -> None:
    (tmp_path / "offers.jsonl").write_text("".join(LINE % number for number in range(20_000)))

    tracemalloc.start()
    opened = FileLogs(tmp_path, Disk(), 1, read_only=True)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(opened.read("offers", "c_0123456789abcdef/7", 5, None)[0]) == 1
    assert size / 20_000 < 150


def test_keys_whose_hashes_are_the_same_are_kept_apart(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(logs, "hash", lambda _key: 7, raising=False)
    opened = FileLogs(tmp_path, Disk(), 0, read_only=False)
    for number in range(3):
        opened.append("talk", f"k{number % 2}", "", "", b'{"number":%d}' % number)
    opened.settle(opened.flush(1))

    assert opened.read("talk", "k0", 5, None) == ([b'{"number":2}', b'{"number":0}'], None)
    assert opened.read("talk", "k1", 5, None) == ([b'{"number":1}'], None)
    assert opened.read("talk", "k2", 5, None) == ([], None)
