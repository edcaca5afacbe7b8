"""The noun ``turn.knowledge``: the articles, and what became of them in this conversation."""

from __future__ import annotations

import asyncio

from supportbot.asking import Asking
from supportbot.conduct import verb
from supportbot.desk.case import Case
from supportbot.domain.article import Article
from supportbot.domain.conversation import LONGEST_QUESTION
from supportbot.domain.markdown import shorten
from supportbot.knowledge.base import Match


class TurnKnowledge:
    """Finds articles; those that were refused in this conversation are never found in it again."""

    def __init__(self, case: Case, asking: Asking) -> None:
        self._case = case
        self._asking = asking

    def match(self, text: str) -> Match:
        """Find the articles for a message, best first, and whether to answer, to suggest, or neither."""
        conversation = self._case.conversation
        return self._asking.knowledge.match(text, after=conversation.question, without=conversation.refused)

    async def find(self, text: str) -> Match:
        """Do what `match` does, in a thread where the engine takes long: nobody else waits for it."""
        if not self._asking.knowledge.is_slow:
            return self.match(text)
        return await asyncio.to_thread(self.match, text)

    def article(self, id: str, question: str = "") -> Article | None:
        """Read an article, in the language of a question where it has that; None where the base no longer has it."""
        return self._asking.knowledge.article(id, question)

    @verb
    async def question(self) -> str:
        """Tell the last question of this conversation that got no good answer."""

        async def do() -> str:
            return self._case.conversation.question

        return str(await self._asking.journal.step("knowledge", "question", str, do))

    @property
    def misses(self) -> int:
        """How many questions in a row got no good answer."""
        return self._case.conversation.misses

    @property
    def is_refused(self) -> bool:
        """Something was refused in this conversation already."""
        return bool(self._case.conversation.refused)

    @verb
    async def shown(self, article: Article, question: str) -> None:
        """Note that an article answered a question here; an agent who takes over sees it."""

        async def do() -> None:
            tried = self._case.conversation.tried
            seen = tried if article.question in tried else (*tried, article.question)
            self._case.update(tried=seen, question=shorten(question, LONGEST_QUESTION), misses=0)

        await self._step(f"shown {article.id}", do)

    @verb
    async def refused(self, *article_ids: str) -> None:
        """Note that articles did not help: they are never shown in this conversation again."""

        async def do() -> None:
            self._case.update(refused=tuple(dict.fromkeys((*self._case.conversation.refused, *article_ids))))

        await self._step(f"refused {' '.join(article_ids)}", do)

    @verb
    async def helped(self) -> None:
        """Note that the question is answered."""

        async def do() -> None:
            self._case.update(question="", misses=0)

        await self._step("helped", do)

    @verb
    async def missed(self, question: str) -> int:
        """Note that a question got no good answer, and tell how many in a row did not."""

        async def do() -> int:
            conversation = self._case.conversation
            is_theirs = self._asking.person.id == conversation.requester.id  # it becomes their ticket's subject
            asked = shorten(question, LONGEST_QUESTION) if is_theirs else conversation.question
            self._case.update(question=asked, misses=conversation.misses + 1)
            return conversation.misses + 1

        return int(await self._asking.journal.step("knowledge", "missed", int, do))

    async def _step(self, name: str, do: object) -> None:
        await self._asking.journal.step("knowledge", name, None, do)  # type: ignore[arg-type] # a coroutine function
