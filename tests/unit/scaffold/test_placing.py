from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from supportbot.scaffold.placing import NewFile, filled, place, taken

FILES = {"config.yaml": NewFile("new"), "knowledge/a.md": NewFile("article"), ".env": NewFile("secret", 0o600)}


def everything(folder: Path) -> dict[str, str]:
    """Read all files; a folder without any is told as one."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {
        name: path.read_text() if path.is_file() else "empty"
        for name, path in found.items()
        if path.is_file() or not any(path.iterdir())
    }


def test_a_new_folder_appears_whole(tmp_path: Path) -> None:
    place(tmp_path / "deep" / "bot", FILES)
    assert everything(tmp_path / "deep") == {f"bot/{name}": file.content for name, file in FILES.items()}


def test_a_secret_is_never_readable_by_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes = []
    write = os.fdopen

    def noted(descriptor: int, *arguments: object, **options: object) -> object:
        modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return write(descriptor, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "fdopen", noted)
    place(tmp_path / "bot", {".env": FILES[".env"]})
    assert modes == [0o600]  # before its first byte
    assert stat.S_IMODE((tmp_path / "bot" / ".env").stat().st_mode) == 0o600


@pytest.mark.parametrize("replace", [False, True])
def test_what_else_is_in_the_folder_stays(tmp_path: Path, replace: bool) -> None:
    (tmp_path / "knowledge").mkdir()
    (tmp_path / "knowledge" / "own.md").write_text("own")
    place(tmp_path, FILES, replace=replace)
    assert everything(tmp_path) == {**{name: file.content for name, file in FILES.items()}, "knowledge/own.md": "own"}


def test_a_file_that_is_there_is_not_overwritten_and_nothing_else_is_written(tmp_path: Path) -> None:
    (tmp_path / "knowledge").mkdir()
    (tmp_path / "knowledge" / "a.md").write_text("own")
    with pytest.raises(FileExistsError, match="is there already"):
        place(tmp_path, FILES)
    assert everything(tmp_path) == {"knowledge/a.md": "own"}


def test_a_folder_in_the_place_of_a_file_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    (tmp_path / ".env" / "mine").write_text("kept")

    with pytest.raises(IsADirectoryError, match="is a folder, and is not replaced"):
        place(tmp_path, FILES, replace=True)

    assert everything(tmp_path) == {".env/mine": "kept"}


def test_a_link_to_nowhere_counts_as_there(tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to(tmp_path / "gone")
    assert taken(tmp_path, FILES) == [".env"]
    with pytest.raises(FileExistsError):
        place(tmp_path, FILES)
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("steps", range(8))
def test_an_interrupt_at_any_rename_leaves_all_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    before = {"config.yaml": "old", ".env": "old secret"}
    for name, content in before.items():
        (tmp_path / name).write_text(content)
    rename, left = Path.rename, [steps]

    def interrupted(path: Path, target: Path) -> Path:
        if left[0] == 0:
            left[0] = -1
            raise KeyboardInterrupt
        left[0] -= 1
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    try:
        place(tmp_path, FILES, replace=True)
    except KeyboardInterrupt:
        assert everything(tmp_path) == before
    else:
        assert steps >= 5
        assert everything(tmp_path) == {name: file.content for name, file in FILES.items()}


@pytest.mark.parametrize("name", ["config.yaml", ".env"])
def test_an_interrupt_while_writing_leaves_no_new_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def interrupted(path: Path | str, *arguments: int, **options: int) -> int:
        if Path(path).name == name:
            raise KeyboardInterrupt
        return opened(path, *arguments, **options)

    opened = os.open
    monkeypatch.setattr("supportbot.scaffold.placing.os.open", interrupted)
    with pytest.raises(KeyboardInterrupt):
        place(tmp_path / "bot", FILES)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


def test_only_names_in_braces_are_filled_in() -> None:
    assert filled("SystemCallFilter=@system-service @{name} ${NAME}", {"name": "x"}) == (
        "SystemCallFilter=@system-service x ${NAME}"
    )
