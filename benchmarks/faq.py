"""Measures how well the knowledge base matches: ``python benchmarks/faq.py FOLDER`` prints tables over its sets.

Each set is a folder with ``kb.jsonl`` (articles), ``queries.jsonl`` (``{"text", "gold_id"}``; a null gold_id means
that no article fits) and ``queries_typo.jsonl``, the same messages with slips of the keyboard. The engines that are
installed run beside rapidfuzz, bm25s and scikit-learn's tf-idf, where these are there. Each figure is a mean:

    top-1, top-3   the right article is first, or among the first three (share of the messages with an answer)
    cov@5          answered right by the limit that lets 5% of all messages get a wrong answer (share as above)
    AUROC          how well the confidence tells messages with an answer from those without
    answered       answered right by the engine's own limit, which knows no labels; offered: so, or suggested
    wrong          got a wrong answer by that limit (share of all messages); worst: the highest of any set
    typos          top-1 lost to slips of the keyboard
    ms, build      processor time: milliseconds a message, seconds for the articles

Heads are trained on one half of each set (``training/heads.py``); ``--half`` measures the other half alone. With
``--page FILE`` the tables are written into that page, below its line ``<!-- tables -->``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import msgspec
from faq_rivals import RIVALS
from generate_articles import generated, messages

from supportbot.domain.article import Article
from supportbot.knowledge.base import Knowledge, Match
from supportbot.knowledge.engines import ENGINES, is_installed
from supportbot.knowledge.index import ArticleIndex
from supportbot.knowledge.sources import read_sources

TARGET = 0.05
MARK = "<!-- tables -->"
COLD = "banking57_k10"
"""The set whose first answer is timed in a process of its own."""

Find = Callable[[str], Match]


@dataclass(frozen=True)
class Case:
    """A message, the article that answers it (None: none does), and what came of it, also with slips."""

    gold: str | None
    match: Match
    slipped: Match

    @property
    def is_right(self) -> bool:
        """The first article is the right one."""
        return is_first(self.match, self.gold)


@dataclass(frozen=True)
class Figures:
    """What one set shows, in percent but the last two."""

    top_1: float
    top_3: float
    cov_5: float
    auroc: float
    answered: float
    offered: float
    wrong: float
    typos: float
    ms: float
    build: float


def main() -> None:
    """Measure every system on every set, and print or write the tables."""
    parser = argparse.ArgumentParser(description="Measure the knowledge base on sets of questions.")
    parser.add_argument("folder", type=Path, help="the folder that holds the sets")
    parser.add_argument("--only", action="append", help="measure this system (repeatable)")
    parser.add_argument("--half", action="store_true", help="measure the half that nothing was tuned on")
    parser.add_argument("--page", type=Path, help="write the tables into this page")
    parser.add_argument("--first-answer", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.first_answer:
        print(first_answer(options.first_answer, options.folder / COLD / "kb.jsonl"))
        return
    folders = sorted(path.parent for path in options.folder.glob("*/kb.jsonl"))
    systems = options.only or [*RIVALS, *(name for name in ENGINES if is_installed(name))]
    measured = {name: {folder.name: measure(name, folder, half=options.half) for folder in folders} for name in systems}
    tables = "\n\n".join([summary(measured), by_set(measured), starts(systems, options.folder), large()])
    if options.page:
        before = options.page.read_text("utf-8").partition(MARK)[0]
        options.page.write_text(f"{before}{MARK}\n\n{tables}\n", "utf-8")
    print(tables)


def measure(system: str, folder: Path, *, half: bool) -> Figures:
    """Build one set's articles and ask all of its messages."""
    articles = read_sources([folder / "kb.jsonl"])
    began = time.process_time()
    find = finder(system, articles)
    build = time.process_time() - began
    asked, slipped = (read_messages(folder / name) for name in ("queries.jsonl", "queries_typo.jsonl"))
    wanted = [number for number in range(len(asked)) if not (half and is_for_tuning(folder.name, number))]
    began = time.process_time()
    matches = [find(asked[number][0]) for number in wanted]
    spent = time.process_time() - began
    cases = [
        Case(asked[number][1], match, find(slipped[number][0])) for number, match in zip(wanted, matches, strict=True)
    ]
    return figures(cases, 1000 * spent / len(cases), build)


def figures(cases: Sequence[Case], ms: float, build: float) -> Figures:
    """Count what came of the messages."""
    inside = [case for case in cases if case.gold is not None]
    outside = [case for case in cases if case.gold is None]
    top_1 = share(case.is_right for case in inside)
    return Figures(
        top_1=top_1,
        top_3=share(case.gold in {ranked.id for ranked in case.match.ranked[:3]} for case in inside),
        cov_5=100 * coverage(cases, TARGET),
        auroc=100 * auroc([case.match.confidence for case in inside], [case.match.confidence for case in outside]),
        answered=share(case.is_right and case.match.decision == "answer" for case in inside),
        offered=share(case.gold in {ranked.id for ranked in case.match.suggestions} for case in inside),
        wrong=share(case.match.decision == "answer" and not case.is_right for case in cases),
        typos=top_1 - share(is_first(case.slipped, case.gold) for case in inside),
        ms=ms,
        build=build,
    )


def finder(system: str, articles: Sequence[Article]) -> Find:
    """Build a system over the articles."""
    if system in RIVALS:
        return RIVALS[system](articles)
    return Knowledge(articles, engine=system).match  # type: ignore[arg-type]  # the names are those of ENGINES


def read_messages(file: Path) -> list[tuple[str, str | None]]:
    """Read the messages of a set, each with the article that answers it."""
    lines = map(json.loads, file.read_text("utf-8").splitlines())
    return [(line["text"], line["gold_id"]) for line in lines]


def is_for_tuning(name: str, number: int) -> bool:
    """Cut a set in half; the same messages of sets that differ in their phrasings only are on the same side."""
    family = name.rsplit("_k", 1)[0]
    return hashlib.md5(f"{family}:{number}".encode(), usedforsecurity=False).digest()[-1] % 2 == 0


def is_first(match: Match, gold: str | None) -> bool:
    """Tell whether the first article is the right one."""
    return gold is not None and match.top is not None and match.top.id == gold


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """Tell how likely a positive is above a negative; equal values count half; NaN where one side is empty."""
    if not positives or not negatives:
        return math.nan
    values = sorted([(value, True) for value in positives] + [(value, False) for value in negatives])
    wins, below, start = 0.0, 0, 0
    while start < len(values):
        end = start
        while end < len(values) and values[end][0] == values[start][0]:
            end += 1
        ups = sum(is_positive for _, is_positive in values[start:end])
        downs = end - start - ups
        wins += ups * (below + downs / 2)
        below += downs
        start = end
    return wins / (len(positives) * len(negatives))


def coverage(cases: Sequence[Case], target: float) -> float:
    """Find the best share answered right while at most `target` of all messages get a wrong answer."""
    right = wrong = best = 0
    inside = sum(case.gold is not None for case in cases)
    for case in sorted(cases, key=lambda case: -case.match.confidence):
        right, wrong = right + case.is_right, wrong + (not case.is_right)
        if wrong > target * len(cases):
            break
        best = right
    return best / inside if inside else math.nan


# --- tables -------------------------------------------------------------------------------------------------------


def summary(measured: dict[str, dict[str, Figures]]) -> str:
    """Lay out the means over the sets, a system a line."""
    names = [field.name for field in fields(Figures)]
    rows = []
    for system, sets in measured.items():
        columns = {name: [asdict(one)[name] for one in sets.values()] for name in names}
        decides = system not in RIVALS
        cells = [number(mean(columns[name]), name) if decides or name not in OWN_LIMIT else "" for name in names]
        worst = number(max(columns["wrong"]), "wrong") if decides else ""
        rows.append([system, *cells[: names.index("wrong") + 1], worst, *cells[names.index("wrong") + 1 :]])
    head = [name.replace("_", "-" if name.startswith("top") else "@") for name in names]
    head[names.index("auroc")] = "AUROC"
    return table(["system", *head[: names.index("wrong") + 1], "worst", *head[names.index("wrong") + 1 :]], rows)


OWN_LIMIT = ("answered", "offered", "wrong")


def by_set(measured: dict[str, dict[str, Figures]]) -> str:
    """Lay out top-1 and cov@5 of every set."""
    sets = list(next(iter(measured.values())))
    rows = [
        [name, *(f"{measured[system][name].top_1:.1f} / {measured[system][name].cov_5:.1f}" for system in measured)]
        for name in sets
    ]
    return table(["top-1 / cov@5", *measured], rows)


def starts(systems: Iterable[str], folder: Path) -> str:
    """Lay out what a first answer costs, each system in a process of its own."""
    rows = []
    for system in [name for name in systems if name in ENGINES]:
        command = [sys.executable, __file__, str(folder), "--first-answer", system]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rows.append([system, *printed.split()])
    return table(["570 phrasings", "cold start s, beside numpy and yaml", "edit of an article s", "resident MB"], rows)


def first_answer(system: str, file: Path) -> str:
    """Serve a set in this process and ask it; tells the seconds until the answer, those of an edit, and the memory."""
    import numpy as np  # noqa: F401, PLC0415  what it costs to import is not counted
    import yaml  # noqa: F401, PLC0415

    articles = read_sources([file])
    began = time.process_time()
    knowledge = Knowledge(engine=system)  # type: ignore[arg-type]  # the names are those of ENGINES
    knowledge.serve([file])
    knowledge.match("how do I get a new card?")
    cold = time.process_time() - began
    memory = resident()
    before = ArticleIndex(ENGINES[system])
    before.build(articles)
    began = time.process_time()
    after = ArticleIndex(ENGINES[system])
    after.inherit(before)
    after.build([*articles[:-1], Article(id="new", question="Is this question new?", answer="Yes.")])
    again = time.process_time() - began
    return f"{cold:.2f} {again:.2f} {memory:.0f}"


def large() -> str:
    """Lay out what a generated base costs, by how many articles it has, and whether the ridge is solved as a whole."""
    rows = []
    for count, whole in ((1_000, True), (1_000, False), (10_000, False)):
        articles = [msgspec.convert(article, Article) for article, _ in generated(count)]
        began = time.process_time()
        index = ArticleIndex(ENGINES["words"], solve_whole=3 * count if whole else 0)
        index.build(articles)
        build = time.process_time() - began
        asked = list(messages(count))[:300]
        costs, right = [], 0
        for message in asked:
            began = time.process_time()
            found = index.rank(message["text"])
            costs.append(1000 * (time.process_time() - began))
            right += is_first(found, message["gold_id"])
        solved = "once" if whole else "for each message"
        top_1, median = 100 * right / len(asked), statistics.median(costs)
        rows.append([f"{3 * count:,}", solved, f"{top_1:.1f}", f"{median:.2f}", f"{build:.2f}"])
    return table(["phrasings, generated", "ridge solved", "top-1", "ms", "build"], rows)


def resident() -> float:
    """Tell the megabytes in memory now (Linux)."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a table in Markdown."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float, name: str) -> str:
    """Write a figure with as many digits as it deserves."""
    return f"{value:.2f}" if name in ("ms", "build") else f"{value:.1f}"


def share(facts: Iterable[bool]) -> float:
    """Tell how many of them hold, in percent."""
    return 100 * mean([float(fact) for fact in facts])


def mean(values: Sequence[float]) -> float:
    """Average what is there."""
    there = [value for value in values if not math.isnan(value)]
    return sum(there) / len(there) if there else math.nan


if __name__ == "__main__":
    main()
