"""Trains the heads that decide: ``python training/heads.py FOLDER`` writes one small file an engine.

FOLDER holds sets as for ``benchmarks/faq.py``; they stay outside the package. Each set is cut in half, always the same
way: the heads are fitted on one half of all sets together, and the figures stored beside them are of the other half.
Every set counts the same, messages without an answer count as 40% of it, and the same messages with slips of the
keyboard count half.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from supportbot.knowledge.calibration import SIGNS, TRAINED, Head, Heads
from supportbot.knowledge.engines import ENGINES, is_installed
from supportbot.knowledge.index import ArticleIndex, Engine
from supportbot.knowledge.sources import read_sources

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
from faq import auroc, is_for_tuning

OUT_OF_SCOPE = 0.4
FILES = {"queries.jsonl": 1.0, "queries_typo.jsonl": 0.5}
"""Where the messages are, and how much they count."""
SMOOTHING = 0.1
"""Pulls the weights of the standardised signs towards zero."""
LIMITS = np.linspace(-4, 6, 41)
LICENCE = (
    "Fitted to public data sets, of which no text is contained here: BANKING77 (Casanueva et al. 2020, PolyAI, CC BY"
    " 4.0), CLINC150 (Larson et al. 2019, CC BY 3.0), HWU64 (Liu et al. 2019, CC BY 4.0), HINT3 SOFMattress (Arora et"
    " al. 2020, Haptik, ODbL 1.0 / DbCL 1.0)."
)


@dataclass(frozen=True)
class Judged:
    """The signs of messages, whether the first article was right, one of the first three, or none could be."""

    signs: NDArray[Any]
    right: NDArray[Any]
    third: NDArray[Any]
    inside: NDArray[Any]
    weights: NDArray[Any]
    tuning: NDArray[Any]


def main() -> None:
    """Train every engine that is installed, or those that are named."""
    parser = argparse.ArgumentParser(description="Train the heads that decide.")
    parser.add_argument("folder", type=Path, help="the folder that holds the sets")
    parser.add_argument("--engine", action="append", choices=list(ENGINES), help="train this one (repeatable)")
    options = parser.parse_args()
    folders = sorted(path.parent for path in options.folder.glob("*/kb.jsonl"))
    for name in options.engine or [name for name in ENGINES if is_installed(name)]:
        sets = {folder.name: judged(ENGINES[name], folder) for folder in folders}
        learnt = train(list(sets.values()))
        file = TRAINED / f"{name}.json"
        file.write_text(json.dumps(stored(learnt, figures(learnt, sets)), indent=1) + "\n", "utf-8")
        print(f"{file.name}: {json.dumps(figures(learnt, sets)['mean'])}")


def judged(engine: Engine, folder: Path) -> Judged:
    """Ask one set's messages."""
    nothing = Head((0.0,) * len(SIGNS), 0.0)
    index = ArticleIndex(engine, heads=Heads(nothing, nothing, ((0.0, 0.0, 0.0),)))
    index.build(read_sources([folder / "kb.jsonl"]))
    rows, weights, tuning = [], [], []
    for file, weight in FILES.items():
        lines = (folder / file).read_text("utf-8").splitlines()
        messages = [json.loads(line) for line in lines]
        for number, message in enumerate(messages):
            signs, found = index.signs(message["text"])
            gold = message["gold_id"]
            rows.append((*signs, found[0] == gold, gold in found, gold is not None))
            tuning.append(is_for_tuning(folder.name, number))
            weights.append(weight)
    table = np.array(rows, dtype=float)
    inside = table[:, -1] > 0
    return Judged(
        table[:, : len(SIGNS)],
        table[:, -3] > 0,
        table[:, -2] > 0,
        inside,
        balanced(np.array(weights), inside),
        np.array(tuning),
    )


def balanced(weights: NDArray[Any], inside: NDArray[Any]) -> NDArray[Any]:
    """Let messages without an answer count as their expected share, and the set as a hundred messages."""
    if not inside.all():
        share = weights[~inside].sum() / weights.sum()
        weights = weights * np.where(inside, (1 - OUT_OF_SCOPE) / (1 - share), OUT_OF_SCOPE / share)
    counted: NDArray[Any] = 100 * weights / weights.sum()
    return counted


def train(sets: Sequence[Judged]) -> Heads:
    """Fit both heads, and find out how often the first is wrong by how sure it has to be."""
    signs = np.concatenate([one.signs[one.tuning] for one in sets])
    weights = np.concatenate([one.weights[one.tuning] for one in sets])
    right = logistic(signs, np.concatenate([one.right[one.tuning] for one in sets]), weights)
    third = logistic(signs, np.concatenate([one.third[one.tuning] for one in sets]), weights)
    return Heads(right, third, tuple(curve(right, sets)))


def logistic(signs: NDArray[Any], truths: NDArray[Any], weights: NDArray[Any]) -> Head:
    """Fit a logistic regression by Newton's method."""
    mean = np.average(signs, axis=0, weights=weights)
    spread = np.sqrt(np.average((signs - mean) ** 2, axis=0, weights=weights)) + 1e-9
    inputs = np.column_stack([(signs - mean) / spread, np.ones(len(signs))])
    pull = np.diag([SMOOTHING] * len(mean) + [0.0])
    solution = np.zeros(inputs.shape[1])
    for _ in range(25):
        chances = 1 / (1 + np.exp(-inputs @ solution))
        slope = inputs.T @ (weights * (truths - chances)) - pull @ solution
        bend = (inputs * (weights * chances * (1 - chances))[:, None]).T @ inputs + pull
        solution += np.linalg.solve(bend, slope)
    plain = solution[:-1] / spread
    return Head(tuple(round(float(weight), 4) for weight in plain), round(float(solution[-1] - plain @ mean), 4))


def curve(head: Head, sets: Sequence[Judged]) -> Iterable[tuple[float, float, float]]:
    """Average over the sets how often the head is wrong by limit, apart for messages with and without an answer."""
    for limit in LIMITS.tolist():
        wrong, answered = [], []
        for one in sets:
            sure = sureness(head, one) >= limit
            used = one.tuning & (one.weights > 0)
            wrong.append(float(np.mean((sure & ~one.right)[used & one.inside])))
            if (used & ~one.inside).any():
                answered.append(float(np.mean(sure[used & ~one.inside])))
        yield limit, round(float(np.mean(wrong)), 4), round(float(np.mean(answered)), 4)


def sureness(head: Head, one: Judged) -> NDArray[Any]:
    """Give the head's logits."""
    logits: NDArray[Any] = one.signs @ np.array(head.weights) + head.bias
    return logits


def figures(heads: Heads, sets: dict[str, Judged]) -> dict[str, dict[str, float]]:
    """Measure the half that nothing was fitted to, without the slips of the keyboard."""
    table = {}
    for name, one in sets.items():
        reported = ~one.tuning & (np.arange(len(one.tuning)) < len(one.tuning) // 2)
        sure, inside, right = sureness(heads.right, one)[reported], one.inside[reported], one.right[reported]
        table[name] = {
            "top-1": 100 * float(right[inside].mean()),
            "AUROC": 100 * auroc(sure[inside].tolist(), sure[~inside].tolist()),
        }
    columns = {column: [row[column] for row in table.values()] for column in ("top-1", "AUROC")}
    table["mean"] = {column: float(np.nanmean(values)) for column, values in columns.items()}
    return {
        name: {column: round(value, 1) for column, value in row.items() if not math.isnan(value)}
        for name, row in table.items()
    }


def stored(heads: Heads, measured: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Put together what the file holds."""
    return {
        "signs": SIGNS,
        "right": {"weights": heads.right.weights, "bias": heads.right.bias},
        "third": {"weights": heads.third.weights, "bias": heads.third.bias},
        "curve": heads.curve,
        "trained by": "training/heads.py, on one half of each set",
        "figures of the other half": measured,
        "licence": LICENCE,
    }


if __name__ == "__main__":
    main()
