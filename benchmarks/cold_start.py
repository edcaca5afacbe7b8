"""Measure a cold start: ``python benchmarks/cold_start.py [--quick]``.

``supportbot chat --json`` with the sample articles is started on a new folder, asked one question, and ends. CPU is the
child's own (user + system), resident memory its highest; importing numpy by itself is measured in the same run, since
it belongs to the FAQ and not to the start. Bytecode is kept in a folder of its own, as an installed package has it; the
last line is the same where Python may not write any, so that supportbot's own files are compiled anew.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping

LIMIT, MOST_MEMORY = 0.4, 60
QUESTION = b'{"from": "ada", "text": "How do I reset my password?"}\n'
FACE = "from supportbot.cli import main; main()"

Figures = tuple[float, float]
"""CPU seconds and the highest resident memory in MB."""


def measured(arguments: list[str], environment: Mapping[str, str]) -> tuple[Figures, bytes]:
    """Run a child process; returns its figures and what it wrote."""
    child = subprocess.Popen(
        [sys.executable, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(environment)
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(QUESTION)
    child.stdin.close()
    written = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, f"exit code {child.returncode}"
    return (usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024), written


def ask(environment: Mapping[str, str]) -> Figures:
    """Start the bot, ask the question, and check that the FAQ answered it."""
    with tempfile.TemporaryDirectory() as folder:
        chat = ["-c", FACE, "chat", "--json", "--clock", "simulated", "--data", folder]
        figures, written = measured(chat, environment)
    answer = json.loads(written.splitlines()[0])
    assert "password" in answer["text"], answer
    return figures


def import_numpy(environment: Mapping[str, str]) -> Figures:
    """Start Python and import numpy; a bare Python is taken off."""
    bare, _ = measured(["-c", "pass"], environment)
    both, _ = measured(["-c", "import numpy"], environment)
    return both[0] - bare[0], both[1]


def median(measure: Callable[[Mapping[str, str]], Figures], environment: Mapping[str, str], times: int) -> Figures:
    """Take the median of several runs, after one that fills the caches."""
    measure(environment)
    figures = [measure(environment) for _ in range(times)]
    return statistics.median(cpu for cpu, _ in figures), statistics.median(memory for _, memory in figures)


def run(*, quick: bool) -> None:
    """Print the table."""
    times = 3 if quick else 9
    with tempfile.TemporaryDirectory() as bytecode:
        kept = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        none = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        start, numpy = median(ask, kept, times), median(import_numpy, kept, times)
        bare = median(ask, none, times)
    print(f"{'':38}{'CPU s':>8}{'resident MB':>13}")
    print(f"{'start to the first FAQ answer and end':38}{start[0]:8.2f}{start[1]:13.1f}")
    print(f"{'importing numpy':38}{numpy[0]:8.2f}{numpy[1]:13.1f}")
    print(f"{'the first without the second':38}{start[0] - numpy[0]:8.2f}{'':13}   (limit {LIMIT} s, {MOST_MEMORY} MB)")
    print(f"{'start, where no bytecode may be kept':38}{bare[0]:8.2f}{bare[1]:13.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure the CPU and the memory of a cold start.")
    parser.add_argument("--quick", action="store_true", help="fewer runs, for a look")
    run(quick=parser.parse_args().quick)
