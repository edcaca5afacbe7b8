"""FAQ: the right article when the bot is sure, "did you mean" when it is not, nothing when nothing fits."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import msgspec

from supportbot import PASS, Choice, Pass, Reply, Settings, Skill, Start, Turn, escape, match, on

Share = Annotated[float, msgspec.Meta(gt=0, lt=1, description="a share between 0 and 1, as 0.05")]


class FaqSettings(Settings):
    """Where the articles are, and how sure the bot has to be of them."""

    sources: tuple[str, ...] = ()
    """Files and folders with articles (YAML, Markdown, CSV, JSON lines, exports of help centres); relative to the
    configuration's folder."""
    wrong_answers: Share = 0.05
    """The share of all messages that may get a wrong answer: the less, the more often the bot asks or passes."""
    expected_out_of_scope: Share = 0.4
    """The share of messages that no article can answer."""
    engine: Literal["auto", "words", "semantic", "semantic-onnx"] = "auto"
    """How articles are found; ``auto`` is the best that is installed."""


class Faq(Skill[FaqSettings]):
    """Answer questions from the knowledge base."""

    @on.start
    async def open(self, start: Start) -> None:
        """Read the articles; a missing or broken base stops the start."""
        settings, knowledge = self.settings, start.knowledge
        knowledge.promise(
            wrong_answers=settings.wrong_answers,
            expected_out_of_scope=settings.expected_out_of_scope,
            engine=settings.engine,
        )
        if settings.sources:
            await asyncio.to_thread(knowledge.serve, [start.folder / source for source in settings.sources])

    @on.message(match.question)
    async def answer(self, turn: Turn) -> Reply | Pass:
        """Answer, or offer what may be meant."""
        found = await turn.knowledge.find(turn.text)
        if found.decision == "answer" and found.top:
            return await self._article(turn, found.top.id, turn.text, second=found.second)
        if found.decision == "suggest" and found.suggestions:
            return await self._did_you_mean(turn, turn.text, [ranked.id for ranked in found.suggestions])
        return PASS

    @on.choice("show")
    async def show(self, turn: Turn) -> Reply | str:
        """Show the article that was meant."""
        asked = await turn.recall("question", turn.value, about="conversation")
        return await self._article(turn, turn.value, turn.text or asked)  # a suggestion may be typed, too

    @on.choice("helped")
    async def helped(self, turn: Turn) -> str:
        """Be glad."""
        await turn.knowledge.helped()
        return turn.phrase("faq.helped")

    @on.choice("not_quite")
    async def not_quite(self, turn: Turn) -> Reply:
        """Never show that article here again; offer the next best, or a person."""
        question = await turn.knowledge.question()
        await turn.knowledge.refused(turn.value)
        await turn.knowledge.missed(question)
        others = await turn.knowledge.find(question) if question else None
        if others and others.suggestions:
            ids = [ranked.id for ranked in others.suggestions]
            return await self._did_you_mean(turn, question, ids, intro="faq.perhaps_instead")
        return Reply(turn.phrase("faq.not_quite"), turn.way_on())

    @on.choice("none_of_these")
    async def none_of_these(self, turn: Turn) -> Reply:
        """Refuse all that was offered, and show a way on."""
        question = await turn.recall("question", "", about="conversation") or await turn.knowledge.question()
        await turn.knowledge.refused(*turn.value.split("\n"))
        await turn.knowledge.missed(question)
        return Reply(turn.phrase("faq.none_of_these_then"), turn.way_on())

    async def _article(self, turn: Turn, article_id: str, question: str, second: str = "") -> Reply:
        article = turn.knowledge.article(article_id, question)
        if article is None:
            return Reply(turn.phrase("faq.gone"), turn.way_on())
        await turn.knowledge.shown(article, question)
        if not article.answer:
            return Reply(turn.phrase("faq.no_answer_yet", question=escape(article.question)), turn.way_on())
        choices = [
            Choice(turn.phrase("faq.that_helped"), to="helped", value=article.id),
            Choice(turn.phrase("faq.not_quite_label"), to="not_quite", value=article.id),
            *turn.way_on()[:1],
        ]
        also = turn.knowledge.article(second, question) if second else None
        if also:
            choices.append(Choice(also.question, to="show", value=also.id))  # they asked that as well
        more = f"\n\n{turn.phrase('faq.read_more', link=article.link)}" if article.link else ""
        return Reply(article.answer + more, [*choices, *await _about_solved(turn, question)])

    async def _did_you_mean(self, turn: Turn, question: str, ids: list[str], intro: str = "faq.did_you_mean") -> Reply:
        await turn.remember("question", question, about="conversation")
        articles = [article for article_id in ids if (article := turn.knowledge.article(article_id, question))]
        menu = turn.phrase("faq.choose")
        choices = [Choice(article.question, to="show", value=article.id, among=menu) for article in articles]
        shown = "\n".join(article.id for article in articles)
        choices.append(Choice(turn.phrase("faq.none_of_these"), to="none_of_these", value=shown))
        return Reply(turn.phrase(intro), [*choices, *await _about_solved(turn, question)])


async def _about_solved(turn: Turn, question: str) -> list[Choice]:
    """Offer to add the question to a ticket that was solved: a new question is a new question, unless they say so."""
    current = await turn.tickets.current()
    if current is None or current.status != "solved" or not _offers(turn, "add"):
        return []
    about = turn.phrase("tickets.this_is_about", reference=current.reference)
    return [Choice(about, command=f"add {current.reference} {question[:500]}")]


def _offers(turn: Turn, command: str) -> bool:
    return any(name == command for name, _, _ in turn.commands)
