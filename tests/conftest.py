"""What all tests share: the long form of the reliability scorecard runs only when it is asked for."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the whole figures of the reliability scorecard too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests marked `full` out, unless ``--full`` is given."""
    if config.getoption("--full"):
        return
    long = [item for item in items if item.get_closest_marker("full")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


@pytest.fixture(autouse=True)
def _finds_the_same_on_every_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the automatic choice of the FAQ's engine be the default one, whatever is installed."""
    monkeypatch.setattr("supportbot.knowledge.engines.is_installed", lambda name: name == "words")
