"""The formats of article files: each reader turns one file's text into drafts and problems, with their lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from supportbot.errors import Problem
from supportbot.knowledge.drafts import Draft
from supportbot.knowledge.exports import read_export
from supportbot.knowledge.headings import headings

Found = Iterator[Draft | Problem]
Reader = Callable[[Path, str], Found]

_SCALARS = {
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")
}
_MAPPING, _SEQUENCE, _STRING = (f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str"))
_QuickLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it is there: 20 times as fast
_SHALLOW = 40


# --- YAML ---------------------------------------------------------------------------------------------------------


class _UnsafeTagError(ValueError):
    """A tag that would make the file do more than hold data."""

    def __init__(self, node: yaml.Node) -> None:
        self.tag, self.line = node.tag, node.start_mark.line


class _GivenTwiceError(ValueError):
    """A key that a mapping has twice."""

    def __init__(self, name: str, key: yaml.Node) -> None:
        self.name, self.line = name, key.start_mark.line


def read_yaml(file: Path, text: str) -> Found:
    """Read a list of articles, or a mapping whose `articles` is that list."""
    root = _compose(file, text, 1)
    if isinstance(root, Problem):
        yield root
        return
    if isinstance(root, yaml.MappingNode):
        root = next((value for key, value in root.value if key.value == "articles"), root)
    if not isinstance(root, yaml.SequenceNode):
        line = root.start_mark.line + 1 if root else 1
        yield Problem.at(file, line, "expected a list of articles, or `articles:` with such a list")
        return
    for entry in root.value:
        yield _draft(file, entry, 1)


def _compose(file: Path, text: str, first_line: int) -> yaml.Node | Problem | None:
    """Parse YAML to nodes, which know their lines; nothing in the file can be run or constructed."""
    try:
        return yaml.compose(text, Loader=_QuickLoader if _is_shallow(text) else yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + first_line
        return Problem.at(file, line, f"the character U+{int(error.character):04X} is not allowed; remove it")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = (mark.line if mark else 0) + first_line
        return Problem.at(file, line, f"not valid YAML: {error.problem or error.context}; check indents and quotes")
    except RecursionError:
        return Problem.at(file, None, "nested too deeply to be a list of articles; make it flatter")


def _is_shallow(text: str) -> bool:
    """Tell that libyaml may compose a text: it is well-formed, and its recursion ends long before the stack does."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_QuickLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _SHALLOW:
                return False
    except yaml.YAMLError:
        return False  # the loader in Python says more exactly where
    return True


def _draft(file: Path, node: yaml.Node, first_line: int) -> Draft | Problem:
    line = node.start_mark.line + first_line
    if not isinstance(node, yaml.MappingNode) or node.tag != _MAPPING:
        return Problem.at(file, line, "an article must be a mapping with `question` and `answer`")
    lines: dict[str, int] = {}
    try:
        values = _values(node, lines, first_line)
    except _UnsafeTagError as unsafe:
        return Problem.at(file, unsafe.line + first_line, f"the tag {unsafe.tag!r} is not allowed; write plain text")
    except _GivenTwiceError as twice:
        return Problem.at(file, twice.line + first_line, f"`{twice.name}` is given twice; keep one")
    return Draft(file, line, values, lines)


def _values(node: yaml.MappingNode, lines: dict[str, int], first_line: int, above: str = "") -> dict[str, Any]:
    """Read a mapping, and note the line of each value under its key path; only `translations` are looked into."""
    values: dict[str, Any] = {}
    for key, value in node.value:
        name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
        path = f"{above}{name}"
        if name in values:
            raise _GivenTwiceError(path, key)
        is_open = path == "translations" or (above.startswith("translations.") and above.count(".") == 1)
        if is_open and isinstance(value, yaml.MappingNode) and value.tag == _MAPPING:
            values[name] = _values(value, lines, first_line, f"{path}.")
        else:
            values[name] = _value(value)
        lines[path] = value.start_mark.line + first_line
    return values


def _value(node: yaml.Node) -> Any:
    """Read text and lists of text; everything else only by its kind, which is all that a problem needs."""
    if isinstance(node, yaml.SequenceNode) and node.tag == _SEQUENCE:
        return [{} if isinstance(entry, yaml.CollectionNode) else _value(entry) for entry in node.value]
    if isinstance(node, yaml.MappingNode) and node.tag == _MAPPING:
        return {}
    if not isinstance(node, yaml.ScalarNode) or node.tag not in _SCALARS:
        raise _UnsafeTagError(node)
    return node.value if node.tag == _STRING else _plain(node)


def _plain(node: yaml.ScalarNode) -> Any:
    """Read a scalar that YAML takes for something other than text (7, yes, 2026-01-05, ~)."""
    kind = node.tag.rpartition(":")[2]
    if kind == "int":
        return int(node.value) if node.value.isascii() and node.value.isdigit() and len(node.value) < 20 else 0.0
    if kind == "bool":
        return node.value.casefold() in ("true", "yes", "on")
    return {"null": None, "float": 0.0}.get(kind, {})


# --- Markdown -----------------------------------------------------------------------------------------------------


def read_markdown(file: Path, text: str) -> Found:
    """Read one article: YAML front matter between ``---`` lines, then the answer.

    The id defaults to the file's name, the question to the first heading (which is then not part of the answer).
    """
    lines = text.split("\n")
    values: dict[str, Any] = {}
    places: dict[str, int] = {}
    start = 0
    if lines[0].strip() == "---":
        end = next((number for number, line in enumerate(lines[1:], 1) if line.strip() == "---"), None)
        if end is None:
            yield Problem.at(file, 1, "the front matter does not end; close it with a line of `---`")
            return
        front = _front_matter(file, "\n".join(lines[1:end]))
        if isinstance(front, Problem):
            yield front
            return
        values, places, start = dict(front.values), dict(front.lines), end + 1
    body = lines[start:]
    if "question" not in values:
        heading = next(headings(body), None)
        if heading:
            values["question"] = heading.words
            places["question"] = start + heading.line + 1
            body.pop(heading.line)
    values = {"id": file.stem, "answer": "\n".join(body), **values}
    yield Draft(file, 1, values, places)


def _front_matter(file: Path, text: str) -> Draft | Problem:
    root = _compose(file, text, 2)
    if isinstance(root, Problem):
        return root
    return Draft(file, 1, {}, {}) if root is None else _draft(file, root, 2)


# --- CSV ----------------------------------------------------------------------------------------------------------


def read_csv(file: Path, text: str) -> Found:
    """Read the columns id, question, alternatives (separated by ``|``), answer, tags; a first line names them."""
    first_line = text.split("\n", 1)[0]
    separator = ";" if ";" in first_line and "," not in first_line else ","  # some spreadsheets save with ;
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    header: list[str] = []
    line = 1
    try:
        for cells in rows:
            if not header:
                header = [cell.strip().lower() for cell in cells]
                if "question" not in header:
                    yield Problem.at(file, 1, "the first line has no column `question`; name the columns there")
                    return
            elif any(cell.strip() for cell in cells):
                yield _row(file, line, header, cells)
            line = rows.line_num + 1
    except csv.Error as error:
        yield Problem.at(file, line, f"not valid CSV: {error}; check its quotes")


def _row(file: Path, line: int, header: list[str], cells: list[str]) -> Draft | Problem:
    if len(cells) > len(header):
        message = f"{len(cells)} cells for {len(header)} columns; put text with a separator in double quotes"
        return Problem.at(file, line, message)
    values: dict[str, Any] = dict(zip(header, cells, strict=False))
    values["alternatives"] = values.get("alternatives", "").split("|")
    values["tags"] = values.get("tags", "").replace(",", "|").split("|")
    return Draft(file, line, values, {})


# --- JSON lines ---------------------------------------------------------------------------------------------------


def read_json_lines(file: Path, text: str) -> Found:
    """Read one JSON object a line; blank lines are skipped."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except ValueError as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            yield Problem.at(file, number, f"not valid JSON: {reason}; write one object a line")
        except RecursionError:
            yield Problem.at(file, number, "nested too deeply to be an article; make it flatter")
        else:
            if isinstance(values, dict):
                yield Draft(file, number, values, {})
            else:
                yield Problem.at(file, number, 'an article must be an object with "question" and "answer"')


READERS: dict[str, Reader] = {
    ".yaml": read_yaml,
    ".yml": read_yaml,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".csv": read_csv,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": read_export,
}
