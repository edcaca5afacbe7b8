"""The configuration, the skills that it lists and the articles that they serve."""

from __future__ import annotations

from collections.abc import AsyncIterator

from supportbot.app import look_at_skills
from supportbot.config import Config
from supportbot.domain.finding import Finding
from supportbot.health.checks.base import Patient, counted, ok, problem, warning
from supportbot.knowledge.base import Knowledge


async def check_configuration(patient: Patient) -> AsyncIterator[Finding]:
    """Tell every mistake in the configuration, every skill that was left out, and whether there are articles."""
    knowledge = Knowledge()
    loaded, mistakes = await look_at_skills(patient.skills, knowledge)
    for mistake in (*patient.mistakes, *mistakes):
        yield problem("configuration", mistake, "correct it; nothing starts before")
    homeless = _homeless(patient.config) if patient.config else None
    if homeless:
        yield homeless
    if not patient.mistakes and not mistakes and not homeless:
        yield ok("configuration", f"{patient.file or 'the defaults'}: no mistakes")
    for failure in loaded.failures:
        yield problem("skills", failure.why, f"correct the skill {failure.skill}, or take it out of skills")
    if not loaded.failures:
        yield ok("skills", f"{counted(len(loaded.skills), 'skill')} can be loaded")
    if "faq" in {entry.name for entry in patient.skills.skills}:
        yield _articles(len(knowledge), could_not_be_read=bool(mistakes))


def _homeless(config: Config) -> Finding | None:
    """Tell where the team's channel is on a platform that is not served: a bot without one does not start."""
    platform, served = config.desk.agents_channel.partition(":")[0], config.adapters.given
    if platform in served:
        return None
    what = f"desk.agents_channel is on {platform}, which is not among the adapters; nothing starts before"
    name = next(iter(served))
    return problem("configuration", what, f"name the channel where your team works, as {name}:CHANNEL_ID")


def _articles(count: int, *, could_not_be_read: bool) -> Finding:
    if count:
        return ok("knowledge", f"{counted(count, 'article')} can be answered from")
    if could_not_be_read:
        return warning("knowledge", "no articles could be read", "see the mistakes of the configuration")
    return warning(
        "knowledge",
        "there are no articles, so every question goes to a person",
        "give the skill faq its sources, as faq: {sources: [articles]}",
    )
