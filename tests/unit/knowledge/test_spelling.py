"""Spelling: slips are mended by what the base and the dictionary know, and known words are left alone."""

from __future__ import annotations

import pytest

from supportbot.knowledge.english import english
from supportbot.knowledge.spelling import Spelling, count_words


@pytest.fixture(scope="module")
def spelling() -> Spelling:
    phrasings = [["how", "do", "i", "reset", "my", "password"], ["where", "are", "my", "invoices", "tidemark"]]
    return Spelling(count_words(phrasings), english().ranks)


@pytest.mark.parametrize("slip", ["pasword", "passwrod", "passwordd", "pssword", "passvord", "paswrd", "passwoprdd"])
def test_one_slip_is_mended_and_two_in_a_long_word(spelling: Spelling, slip: str) -> None:
    assert spelling.repair([slip]) == ["password" if slip != "paswrd" else "paswrd"]


def test_a_word_that_only_the_base_knows_is_mended_too(spelling: Spelling) -> None:
    assert spelling.repair(["tidemrak"]) == ["tidemark"]


def test_a_common_word_is_mended_though_the_base_has_it_not(spelling: Spelling) -> None:
    assert spelling.repair(["weahter", "tomorow"]) == ["weather", "tomorrow"]


@pytest.mark.parametrize("word", ["island", "resort", "passport", "cant", "id", "x1234", "日本語", "zzzzzzzzzz", ""])
def test_what_is_known_short_or_like_nothing_stays(spelling: Spelling, word: str) -> None:
    assert spelling.repair([word]) == [word]


def test_of_several_the_base_comes_first_then_the_same_beginning() -> None:
    spelling = Spelling({"cards": 1, "cars": 3, "bards": 9}, {"carps": 0})
    assert spelling.repair(["cardz", "carss"]) == ["cards", "cars"]
