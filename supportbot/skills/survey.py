"""Survey: once a ticket is solved, its requester is asked how it was; a low rating goes to the agents."""

from __future__ import annotations

from supportbot import Channel, Duration, NoAnswer, Settings, Skill, Turn, on


class SurveySettings(Settings):
    """When the survey comes."""

    delay: Duration = Duration("10m")
    """How long after solving; ``0s`` is at once."""
    low_rating_to: Channel | None = None
    """The channel that hears of a low rating, as ``slack:CHANNEL_ID``; by default the agents see it in the case."""


class Survey(Skill[SurveySettings]):
    """Ask how it was, once for each solved ticket."""

    @on.event("ticket_solved")
    async def solved(self, turn: Turn) -> None:
        """Let the survey come after a while."""
        reference = turn.data["reference"]
        await turn.schedule(self.rate, after=self.settings.delay, key=reference, reference=reference)

    @on.timer
    async def rate(self, turn: Turn) -> str | None:
        """Ask for a rating, then for a comment; neither question insists."""
        reference = turn.data["reference"]
        if not await turn.tickets.ask_rating(reference):
            return None
        labels = {turn.phrase(f"survey.label.{stars}"): str(stars) for stars in range(1, 6)}
        question = turn.phrase("survey.ask_rating", reference=reference)
        try:
            rating = int(await turn.choose(question, labels, within="7d", yielding=True, key="rating"))
            low = await turn.tickets.rate(reference, rating, low_to=self.settings.low_rating_to)
            asked = turn.phrase("survey.ask_comment_low" if low else "survey.ask_comment")
            comment = await turn.ask(asked, within="1d", yielding=True, key="comment")
        except NoAnswer:
            return None
        await turn.tickets.rate(reference, rating, comment=comment, low_to=self.settings.low_rating_to)
        return turn.phrase("survey.thanks_low" if low else "survey.thanks")
