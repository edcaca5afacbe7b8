"""An export is for other programs and for people: stable columns, no formulas, and all that is held about somebody."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from supportbot.data import export, people
from supportbot.domain.person import Person
from supportbot.domain.ticket import TICKETS
from supportbot.domain.timeline import Entry

DOCS = Path(__file__).parents[3] / "docs" / "howto" / "privacy.md"


async def exported(desk: Any, folder: Path, named: str = "") -> dict[str, int]:
    export.make_folder(folder)
    if not named:
        return await export.export(desk.store, folder, lambda _count: None)
    someone = await people.find(desk.store, named, lambda _count: None)
    return await export.export_person(desk.store, folder, someone, lambda _count: None)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


async def test_tickets_ratings_and_conversations_are_there_as_csv_and_as_json_lines(desk: Any, tmp_path: Path) -> None:
    await desk.case("c_1", desk.person("Ada"))
    await desk.case("c_2", Person("slack/T1/U2", "Bob"), agent=desk.person("Sam"))
    folder = tmp_path / "report"

    counts = await exported(desk, folder)

    assert counts == {"tickets": 2, "ratings": 2, "conversations": 2, "transcripts": 2}
    [first, second] = rows(folder / "tickets.csv")
    assert (first["reference"], first["requester"], first["created_at"]) == (
        "T-c_1",
        "Ada",
        "2026-01-05T09:00:00.000Z",
    )
    assert (second["assignee"], second["solved_at"]) == ("Sam", "")
    assert [(row["rating"], row["comment"]) for row in rows(folder / "ratings.csv")] == [
        ("5", "says Ada"),
        ("5", "says Bob"),
    ]
    assert [row["text"] for row in rows(folder / "transcripts.csv")] == ["hello", "hello"]
    assert lines(folder / "conversations.jsonl")[0]["transcript"][0]["who"] == "Ada"
    assert {name: tuple(rows(folder / f"{name}.csv")[0]) for name in export.COLUMNS} == export.COLUMNS


@pytest.mark.parametrize("words", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1"])
async def test_no_cell_becomes_a_formula(desk: Any, tmp_path: Path, words: str) -> None:
    await desk.case("c_1", desk.person("Ada"))
    ticket = await desk.store.get(TICKETS, "main/T-c_1")
    await desk.commit(("put", TICKETS, msgspec.structs.replace(ticket, subject=words)))

    await exported(desk, tmp_path / "report")

    assert rows(tmp_path / "report" / "tickets.csv")[0]["subject"] == f"'{words}"
    assert lines(tmp_path / "report" / "tickets.jsonl")[0]["subject"] == words


@pytest.mark.parametrize("name", ["../../../etc/x", "/x", "..", "", "a\0b", "x" * 500, "𠀀" * 500])
async def test_a_file_is_written_into_the_folder_whatever_its_name(desk: Any, tmp_path: Path, name: str) -> None:
    ada = desk.person("Ada")
    await desk.case("c_ada", ada)
    await desk.send_file(msgspec.structs.replace(ada, name=name), b"hers", "c_ada")

    await exported(desk, tmp_path / "for-ada", "slack/T1/Ada")

    [written] = (tmp_path / "for-ada" / "files").iterdir()
    assert written.read_bytes() == b"hers"
    assert written.name.startswith("001-")


async def test_everything_about_a_person_is_one_folder_and_nothing_of_others(desk: Any, tmp_path: Path) -> None:
    bob = desk.person("Bob")
    await desk.everything_of(desk.person("Ada"))
    said = Entry(at=1, kind="note", who="Ada", text="I know that", person="slack/T1/Ada")
    await desk.case("c_bob", bob, Entry(at=1, kind="requester", who="Bob", text="secret", person=bob.id), said)
    folder = tmp_path / "ada"

    counts = await exported(desk, folder, "Ada")

    assert (counts["tickets"], counts["conversations"], counts["files"]) == (1, 1, 1)
    assert [path.read_bytes() for path in (folder / "files").iterdir()] == [b"I am the file of Ada"]
    assert [path.name for path in (folder / "files").iterdir()] == ["001-Ada.txt"]
    sorts = {(line["sort"], line["name"]) for line in lines(folder / "records.jsonl")}
    assert {("document", "memories"), ("entry", "once"), ("work", "turns"), ("buried", "dead")} <= sorts
    about = json.loads((folder / "about.json").read_text())
    assert (about["id"], about["names"], about["holds"]["tickets"]) == ("slack/T1/Ada", ["Ada"], 1)
    whole = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"I know that" in whole
    assert b"secret" not in whole


async def test_a_folder_with_something_in_it_is_not_mixed_with_an_export(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")

    with pytest.raises(export.NotEmpty, match="has something in it"):
        export.make_folder(tmp_path)


def test_the_docs_name_every_column() -> None:
    text = DOCS.read_text("utf-8")
    for name, columns in export.COLUMNS.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}.csv`"))
        assert [part.strip(" `") for part in row.split("|")[2].split(",")] == list(columns)
