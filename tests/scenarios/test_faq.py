"""The bot does not guess: it answers, suggests, or says that it cannot and shows a way on."""

from __future__ import annotations

import pytest

from supportbot.domain.article import Article, Translation
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts

THREE = ["That helped", "Not quite", "Talk to a person"]
WAY_ON = ["Talk to a person", "Open a ticket"]
PASSWORD = "How do I reset my password?"
NONSENSE = "zebra quartz wombat"
EXPORTS = [
    Article(id="a", question="How do I export my invoices as files?", answer="Press Export."),
    Article(id="b", question="How do I export my reports as files?", answer="Press Export too."),
    Article(id="c", question="Where is the office?", answer="In Berlin."),
]


async def test_a_right_answer_comes_with_its_three_choices(bot: BotHarness) -> None:
    heard = await bot.requester("ada").says(PASSWORD)
    assert "Forgot password?" in heard
    assert heard.choices == THREE


async def test_an_answer_that_helped_makes_the_bot_glad(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says(PASSWORD)
    assert await ada.presses("That helped") == texts("faq.helped")


async def test_after_an_answer_a_person_is_one_press_away(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says(PASSWORD)
    assert await ada.presses("Talk to a person") == texts("handoff.queued", reference="T-1001")
    assert PASSWORD in bot.agents_channel


async def test_not_quite_is_answered_with_a_way_on(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says(PASSWORD)
    heard = await ada.presses("Not quite")
    assert heard == texts("faq.not_quite")
    assert heard.choices == WAY_ON


@pytest.mark.parametrize("again", [PASSWORD, "I forgot my password", "reset password", "Change my password"])
async def test_a_refused_article_is_never_shown_again_in_that_conversation(bot: BotHarness, again: str) -> None:
    ada = bot.requester("ada")
    await ada.says(PASSWORD)
    await ada.presses("Not quite")
    heard = await ada.says(again)
    assert "Forgot password?" not in heard
    assert PASSWORD not in heard.choices


async def test_a_refused_article_stays_refused_after_a_restart(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    await ada.says(PASSWORD)
    await ada.presses("Not quite")
    await bot.restart()
    assert "Forgot password?" not in await ada.says(PASSWORD)


async def test_what_one_person_refused_another_still_gets(bot: BotHarness) -> None:
    ada, bob = bot.requester("ada"), bot.requester("bob")
    await ada.says(PASSWORD)
    await ada.presses("Not quite")
    assert "Forgot password?" in await bob.says(PASSWORD)


async def test_an_unsure_bot_asks_what_was_meant_and_none_of_these_is_among_it(bot: BotHarness, texts: Texts) -> None:
    heard = await bot.requester("ada").says("exports")
    assert heard == texts("faq.did_you_mean")
    assert heard.choices == ["How do I export my data?", "None of these"]


async def test_choosing_what_was_meant_shows_it_with_the_three_choices(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    await ada.says("exports")
    heard = await ada.presses("How do I export my data?")
    assert "Your data is yours" in heard
    assert heard.choices == THREE


async def test_none_of_these_is_honest_and_never_offers_them_again(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("exports")
    heard = await ada.presses("None of these")
    assert heard == texts("faq.none_of_these_then")
    assert heard.choices == WAY_ON
    assert "How do I export my data?" not in (await ada.says("exports")).choices


async def test_a_suggestion_that_does_not_help_is_refused_like_an_answer(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    await ada.says("exports")
    await ada.presses("How do I export my data?")
    await ada.presses("Not quite")
    assert "How do I export my data?" not in (await ada.says("exports")).choices


async def test_when_nothing_fits_the_bot_says_so_and_shows_a_way_on(bot: BotHarness, texts: Texts) -> None:
    heard = await bot.requester("ada").says(NONSENSE)
    assert heard == texts("faq.not_found")
    assert heard.choices == WAY_ON


async def test_an_unanswered_question_becomes_the_tickets_subject(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says(NONSENSE)
    heard = await ada.presses("Open a ticket")
    assert heard.startswith(texts("tickets.about", subject=NONSENSE))


async def test_none_of_these_leads_to_a_ticket_about_the_question(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("exports")
    await ada.presses("None of these")
    assert (await ada.presses("Open a ticket")).startswith(texts("tickets.about", subject="exports"))


async def test_the_question_taken_over_is_the_last_one_not_an_earlier_suggestion(bot_with, texts: Texts) -> None:
    bot = await bot_with(articles=EXPORTS)
    ada = bot.requester("ada")
    assert "None of these" in (await ada.says("my files do not export")).choices
    await ada.says("How do I export my invoices as files?")
    if "None of these" in (await ada.presses("Not quite")).choices:
        await ada.presses("None of these")
    heard = await ada.presses("Open a ticket")
    assert heard.startswith(texts("tickets.about", subject="How do I export my invoices as files?"))


async def test_repeated_misses_become_a_handoff_that_is_told(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says(NONSENSE)
    await ada.says("gnu basalt lemur")
    heard = await ada.says("yak feldspar okapi")
    assert heard == texts("handoff.after_misses", reference="T-1001")
    assert texts("handoff.reason_misses", count=3) in bot.agents_channel


async def test_a_good_answer_between_misses_counts_them_anew(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says(NONSENSE)
    await ada.says("gnu basalt lemur")
    await ada.says(PASSWORD)
    await ada.presses("That helped")
    assert await ada.says("yak feldspar okapi") == texts("faq.not_found")


async def test_none_of_these_counts_as_one_miss_however_many_were_offered(bot_with, texts: Texts) -> None:
    bot = await bot_with(articles=EXPORTS)
    ada = bot.requester("ada")
    assert len((await ada.says("my files do not export")).choices) == 3
    await ada.presses("None of these")
    assert await ada.says(NONSENSE) == texts("faq.not_found")


async def test_the_misses_that_an_operator_allows_are_a_setting(bot_with, texts: Texts) -> None:
    bot = await bot_with(built_in=("tickets", "handoff", {"fallback": {"hand_off_after": 1}}))
    heard = await bot.requester("ada").says(NONSENSE)
    assert heard == texts("handoff.after_misses", reference="T-1001")


async def test_a_choice_pressed_after_a_restart_still_works(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says(PASSWORD)
    await bot.restart()
    assert await ada.presses("That helped") == texts("faq.helped")


async def test_a_bot_without_tickets_and_people_offers_neither(bot_with) -> None:
    bot = await bot_with(articles=[Article(id="a", question=PASSWORD, answer="Like so.")], built_in=("faq",))
    ada = bot.requester("ada")
    assert (await ada.says(PASSWORD)).choices == ["That helped", "Not quite"]
    assert (await ada.says(NONSENSE)).choices == []


async def test_the_label_of_a_choice_that_is_typed_presses_it(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("How do I reset my password?")
    assert await ada.says(texts("faq.that_helped").upper()) == texts("faq.helped")
    assert await ada.says(texts("faq.that_helped")) != texts("faq.helped")  # it was the last message no more


async def test_an_article_with_a_link_says_where_to_read_more(bot_with, texts: Texts) -> None:
    link = "https://help.example.com/password"
    bot = await bot_with(articles=[Article(id="a", question=PASSWORD, answer="Like so.", link=link)])
    heard = await bot.requester("ada").says(PASSWORD)
    assert heard == f"Like so.\n\n{texts('faq.read_more', link=link)}"


async def test_a_requester_is_answered_in_their_own_language(bot_with) -> None:
    german = Translation(language="de", question="Wie setze ich mein Passwort zurück?", answer="Auf Vergessen drücken.")
    bot = await bot_with(
        articles=[Article(id="a", question=PASSWORD, answer="Press Forgot on the first page.", translations=(german,))]
    )
    assert await bot.requester("ada").says(PASSWORD) == "Press Forgot on the first page."
    assert await bot.requester("bea").says("Wie setze ich mein Passwort zurück?") == "Auf Vergessen drücken."


async def test_of_two_questions_the_first_is_answered_and_the_second_offered(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    heard = await ada.says("Hi! How do I reset my password? And can I get a refund?")
    assert "Forgot password?" in heard
    assert heard.choices == [*THREE, "Can I get a refund?"]
    assert "refund" in await ada.presses("Can I get a refund?")


async def test_a_follow_up_leans_on_the_question_before(texts: Texts) -> None:
    phones = [
        Article(id="ios", question="How do I install the app on an iPhone?", answer="From the App Store."),
        Article(id="android", question="How do I install the app on Android?", answer="From Google Play."),
        Article(id="office", question="Where is the office?", answer="In Berlin."),
    ]
    async with BotHarness(articles=phones) as bot:
        ada = bot.requester("ada")
        assert "App Store" in await ada.says("how do I install the app on my iPhone?")
        assert "Google Play" in await ada.says("and on Android?")
        assert "Google Play" not in await bot.requester("bob").says("and on what?")
