"""Metrics: the vitals and a look at the store, worded for Prometheus when it asks and not before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from supportbot.app import App
from supportbot.clock import SECOND
from supportbot.health.look import Look
from supportbot.storage.base import place_of
from supportbot.version import __version__
from supportbot.vitals import Durations, Vitals


class Metrics(Collector):
    """Gives Prometheus what is counted; the last look is set before each scrape."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._look = Look()
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)  # memory, open files, CPU

    def text(self, look: Look) -> bytes:
        """Word everything in Prometheus' text format."""
        self._look = look
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Tell nothing ahead: the registry would collect everything once to learn the names."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Word each metric; its help is the row of the table in docs/howto/operating.md."""
        yield from _counted(self._app.bot.vitals)
        yield from _seen(self._look)
        about = GaugeMetricFamily("supportbot_info", "1; release and store are labels", labels=["release", "store"])
        about.add_metric([__version__, place_of(self._app.config.storage.url)[0]], 1)
        yield about
        up = {
            name: 0 if name in self._app.down or adapter.trouble else 1 for name, adapter in self._app.adapters.items()
        }
        yield _gauge("adapter_up", "1 while a platform is connected", "adapter", up)
        switches = self._app.bot.switches
        on = {skill: int(switches.is_on(skill)) for skill in self._app.bot.handlers.skills}
        yield _gauge("skill_on", "0 while a skill is switched off after failures", "skill", on)


def _counted(vitals: Vitals) -> Iterator[Metric]:
    yield _counter("events", "Events that adapters handed over", "adapter", vitals.events)
    yield _counter("duplicates", "Events dropped because they had come before", "adapter", vitals.duplicates)
    yield _counter("refused", "Events not taken, by the limit that refused them", "limit", vitals.refused)
    yield _histogram("turn_seconds", "Turns and how long they took", "outcome", vitals.turns)
    deliveries = CounterMetricFamily("supportbot_deliveries", "Tries to show a message", labels=["adapter", "outcome"])
    for adapter, outcomes in list(vitals.deliveries.items()):
        for outcome, count in list(outcomes.items()):
            deliveries.add_metric([adapter, outcome], count)
    yield deliveries
    yield _counter("skill_failures", "Failures of skills", "skill", vitals.skill_failures)
    yield _counter("skill_blocks", "Skills interrupted because they held the loop", "skill", vitals.skill_blocks)
    yield _counter("skill_switch_offs", "Skills switched off after failures", "skill", vitals.skills_switched_off)
    yield _counter("buried", "Work that became a dead letter", "queue", vitals.buried)
    failures = CounterMetricFamily("supportbot_store_failures", "Commits that the disk or the server refused")
    failures.add_metric([], vitals.store_failures)
    yield failures
    lag = HistogramMetricFamily("supportbot_loop_lag_seconds", "How late the event loop came to what was due")
    lag.add_metric([], vitals.loop_lag.cumulative(), vitals.loop_lag.sum)
    yield lag


def _seen(look: Look) -> Iterator[Metric]:
    answered = GaugeMetricFamily("supportbot_store_up", "1 when the store answered just now")
    answered.add_metric([], 0 if look.error else 1)
    yield answered
    waiting = {queue: seen.count for queue, seen in look.waiting.items()}
    yield _gauge("work_waiting", "Due work that is not done, counted up to 1000", "queue", waiting)
    ages = {queue: seen.age / SECOND for queue, seen in look.waiting.items()}
    yield _gauge("work_age_seconds", "How long the oldest due work has waited", "queue", ages)
    dead = GaugeMetricFamily("supportbot_dead_letters", "Dead letters, counted up to 1000")
    if not look.error:
        dead.add_metric([], look.dead_letters)
    yield dead


def _counter(name: str, help: str, label: str, tally: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(f"supportbot_{name}", help, labels=[label])
    for key, count in list(tally.items()):  # at once: the bot's own thread counts on
        family.add_metric([key], count)
    return family


def _gauge(name: str, help: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"supportbot_{name}", help, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _histogram(name: str, help: str, label: str, durations: Mapping[str, Durations]) -> Metric:
    family = HistogramMetricFamily(f"supportbot_{name}", help, labels=[label])
    for key, taken in list(durations.items()):
        family.add_metric([key], taken.cumulative(), taken.sum)
    return family
