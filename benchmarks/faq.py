"""Measures how well the knowledge base matches: ``python benchmarks/faq.py FOLDER`` prints a table over its sets.

Each set is a folder with ``kb.jsonl`` (articles) and ``queries.jsonl`` (``{"text", "gold_id"}``; a null gold_id means
that no article fits). Top-1, top-3 and coverage are shares of the messages with an answer, `wrong` of all messages:

    top-1, top-3   the right article is first, or among the first three
    answered       ... and the decision is to answer
    offered        ... or the right article is among the suggestions
    wrong          a wrong article was the answer
    bothered       a message without an answer was answered or got suggestions (share of those messages)
    AUROC          how well the confidence tells messages with an answer from those without
    cov@5          share answered right by the limit that lets 5% of all messages get a wrong answer
    ms             processor time a message
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from supportbot.knowledge.base import Knowledge, Match

TARGET = 0.05


@dataclass(frozen=True)
class Figures:
    """What one set shows, each in percent but `ms`."""

    top_1: float
    top_3: float
    answered: float
    offered: float
    wrong: float
    bothered: float
    auroc: float
    cov_5: float
    ms: float


@dataclass(frozen=True)
class Case:
    """A message, the article that answers it (None: none does), and what came of it."""

    gold: str | None
    match: Match

    @property
    def is_right(self) -> bool:
        """The first article is the right one."""
        return self.gold is not None and self.match.top is not None and self.match.top.id == self.gold


def main() -> None:
    """Print one line a set, and their mean."""
    parser = argparse.ArgumentParser(description="Measure the knowledge base on sets of questions.")
    parser.add_argument("folder", type=Path, help="the folder that holds the sets")
    parser.add_argument("--messages", default="queries.jsonl", help="the file of messages in each set")
    options = parser.parse_args()
    names = [field.name.replace("_", "-") for field in fields(Figures)]
    print(f"{'set':22}" + "".join(f"{name:>9}" for name in names))
    rows = []
    for folder in sorted(path.parent for path in options.folder.glob("*/kb.jsonl")):
        rows.append(measure(folder, options.messages))
        print(_line(folder.name, astuple(rows[-1])))
    columns = zip(*(astuple(row) for row in rows), strict=True)
    print(_line("mean", [_mean([value for value in column if not math.isnan(value)]) for column in columns]))


def measure(folder: Path, messages: str) -> Figures:
    """Serve one set's articles and match all of its messages."""
    knowledge = Knowledge()
    knowledge.serve([folder / "kb.jsonl"])
    lines = (folder / messages).read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line) for line in lines]
    began = time.process_time()
    matches = [knowledge.match(question["text"]) for question in questions]
    spent = time.process_time() - began
    cases = [Case(question["gold_id"], match) for question, match in zip(questions, matches, strict=True)]
    inside = [case for case in cases if case.gold is not None]
    outside = [case for case in cases if case.gold is None]
    return Figures(
        top_1=_share(case.is_right for case in inside),
        top_3=_share(case.gold in {ranked.id for ranked in case.match.ranked[:3]} for case in inside),
        answered=_share(case.is_right and case.match.decision == "answer" for case in inside),
        offered=_share(case.gold in {ranked.id for ranked in case.match.suggestions} for case in inside),
        wrong=_share(case.match.decision == "answer" and not case.is_right for case in cases),
        bothered=_share(case.match.decision != "none" for case in outside),
        auroc=100 * auroc([case.match.confidence for case in inside], [case.match.confidence for case in outside]),
        cov_5=100 * coverage(cases, TARGET),
        ms=1000 * spent / len(cases),
    )


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


def _share(facts: Iterable[bool]) -> float:
    return 100 * _mean([float(fact) for fact in facts])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _line(name: str, values: Sequence[float]) -> str:
    return f"{name:22}" + "".join(f"{value:9.1f}" for value in values[:-1]) + f"{values[-1]:9.2f}"


if __name__ == "__main__":
    main()
