"""What concerns whom: matchers alone, and all of them asked at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supportbot.errors import SkillError
from supportbot.patterns import PatternSet
from supportbot.skills import match
from supportbot.skills.match import Found, Matcher, MatcherIndex, Said
from supportbot.skills.said import words_of

DOC = Path(__file__).parents[3] / "docs" / "matchers_and_readers.md"
EXAMPLES = re.findall(r"^\| `(match\..+?)` \| `(.+?)` \| (yes|no) \|$", DOC.read_text(encoding="utf-8"), re.MULTILINE)


def matches(matcher: Matcher, text: str, **said: Any) -> bool:
    return matcher.matches(Said(text, **said)) is not None


@pytest.mark.parametrize(("matcher", "text", "expected"), EXAMPLES)
def test_the_examples_of_the_page_are_true(matcher: str, text: str, expected: str) -> None:
    assert matches(eval(matcher, {"match": match}), text) is (expected == "yes")


def test_the_page_has_an_example_of_every_matcher() -> None:
    shown = {name for example, _, _ in EXAMPLES for name in re.findall(r"match\.(\w+)", example)}
    made = {name for name in match.__all__ if name.islower()}
    assert made - shown == {"files"}


@pytest.mark.parametrize("text", ["refund", "Refund!", "ＲＥＦＵＮＤ", "a refund, please", "(refund)", "re\u00adfund"])
def test_a_word_is_found_however_it_is_written(text: str) -> None:
    assert matches(match.words("refund"), text)


@pytest.mark.parametrize("text", ["refunded", "prefund", "refund2", "re fund", "", "👍"])
def test_a_word_is_not_found_inside_another(text: str) -> None:
    assert not matches(match.words("refund"), text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("Straße", "STRASSE 5"),
        ("café", "Cafe\u0301?"),
        ("नमस्ते", "नमस्ते जी"),
        ("can’t", "I can't"),
        ("e-mail", "an E mail"),
    ],
)
def test_words_of_other_alphabets_and_spellings_compare(phrase: str, text: str) -> None:
    assert matches(match.words(phrase), text)


def test_a_phrase_needs_its_words_in_order_and_together() -> None:
    phrase = match.words("money back")
    assert matches(phrase, "my money... back, now")
    assert not matches(phrase, "back money")
    assert not matches(phrase, "money came back")


@pytest.mark.parametrize("make", [match.words, match.exactly])
@pytest.mark.parametrize("phrases", [(), ("!!!",), ("fine", "👍")])
def test_a_phrase_without_words_is_refused_with_a_sentence(make: Any, phrases: tuple[str, ...]) -> None:
    with pytest.raises(SkillError, match="give it words or phrases"):
        make(*phrases)


def test_a_pattern_tells_its_groups_by_name_and_number() -> None:
    found = match.pattern(r"order (?P<order>\d+)( twice)?").matches(Said("ORDER 42!"))
    assert found == Found({"0": "ORDER 42", "1": "42", "2": "", "order": "42"})


def test_a_pattern_minds_upper_and_lower_case_only_when_asked() -> None:
    assert matches(match.pattern("ähnlich"), "ÄHNLICH")
    assert not matches(match.pattern("T-", case_sensitive=True), "t-1")


@pytest.mark.parametrize("regex", ["(", r"(a)\1", "(?=a)b", "a{2000}", "\ud800", r"\pL{50}"])
def test_a_pattern_that_re2_cannot_take_is_refused_with_a_sentence(regex: str) -> None:
    with pytest.raises(SkillError, match=r"^the pattern .* (is not one|is too large)"):
        match.pattern(regex)


def test_a_refused_pattern_writes_nothing_to_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SkillError):
        match.pattern("(unfinished")
    assert capfd.readouterr() == ("", "")


def test_files_and_parts_are_asked_about_the_whole_message() -> None:
    both = match.all_of(match.files, match.pattern(r"T-(?P<ticket>\d+)"))
    assert both.matches(Said("for T-7", has_files=True)) == Found({"0": "T-7", "1": "7", "ticket": "7"})
    assert both.matches(Said("for T-7")) is None


def test_joining_no_matchers_is_refused() -> None:
    with pytest.raises(SkillError, match="at least one"):
        match.any_of()


def test_equal_matchers_are_equal_values() -> None:
    assert match.words("Hi") == match.words("hi!")
    assert hash(match.pattern("a")) == hash(match.pattern("a"))


# --- all at once --------------------------------------------------------------------------------------------------

CUSTOM = match.when(lambda text: text.endswith("!"))
MATCHERS: list[Matcher] = [
    match.words("refund", "money back"),
    match.pattern(r"t-(\d+)"),
    match.exactly("hi", "money back"),
    match.any_of(match.words("hi"), match.pattern("money"), match.pattern("hi")),
    match.all_of(match.pattern("money"), match.words("back")),
    match.but_not(match.words("money"), match.words("refund")),
    match.any_of(match.words("order"), CUSTOM),
    match.all_of(CUSTOM, match.anything),
    match.files,
    match.question,
    match.pattern("T", case_sensitive=True),
    match.words("hi hi", "退款"),
    match.anything,
]
PIECES = st.sampled_from(
    ["refund", "money", "back", "Hi", "hi", "T-12", "t-3", "order", "!", " ", "-", "退款", "é", "👍", "\ud800"]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=12), st.booleans(), st.permutations(MATCHERS))
@settings(max_examples=300, deadline=None)
def test_asking_all_at_once_says_what_asking_each_says(
    pieces: list[str], has_files: bool, matchers: list[Matcher]
) -> None:
    said = Said(" ".join(pieces), has_files)
    one_by_one = [(at, found) for at, matcher in enumerate(matchers) if (found := matcher.matches(said)) is not None]
    assert list(MatcherIndex(matchers).matching(said)) == one_by_one


def test_matchers_without_a_clue_in_the_message_are_never_asked() -> None:
    asked = []

    class Watched(match.Words, frozen=True):
        def matches(self, said: Said) -> Found | None:
            asked.append(self.phrases)
            return super().matches(said)

    index = MatcherIndex([Watched((f" word{number} ",)) for number in range(100)])
    assert [at for at, _ in index.matching(Said("about word7 only"))] == [7]
    assert asked == [(" word7 ",)]


def test_who_stops_at_the_first_taker_does_not_pay_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> bool:
        raise AssertionError("asked too early")

    monkeypatch.setattr(PatternSet, "candidates", never)
    index = MatcherIndex([match.exactly("hi"), match.pattern("h"), match.when(never)])
    assert next(index.matching(Said("Hi!"))) == (0, Found())


def test_an_index_without_matchers_matches_nothing() -> None:
    assert list(MatcherIndex([]).matching(Said("hi", has_files=True))) == []


@pytest.mark.parametrize("regex", [r"x{}(?: \pL)?", "x{}(?: a{{250}})?", r"x{}\b"])
@pytest.mark.parametrize("after", ["", " and so on" * 1_500])
def test_patterns_too_large_or_texts_too_long_for_one_program_are_searched_one_by_one(regex: str, after: str) -> None:
    index = MatcherIndex([match.pattern(regex.format(number)) for number in range(600)])
    assert [at for at, _ in index.matching(Said(f"x0{after}"))] == [0]


def test_when_the_set_cannot_tell_every_pattern_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    class OutOfMemory:
        def Match(self, text: str) -> list[int]:
            return []

    monkeypatch.setattr(PatternSet, "_compiled", lambda self: OutOfMemory())
    index = MatcherIndex([match.pattern("b"), match.pattern("a")])
    assert [at for at, _ in index.matching(Said("a"))] == [1]


@given(st.text(alphabet=st.characters(codec=None)))
def test_any_text_parts_into_words_that_stay_the_same(text: str) -> None:
    words = words_of(text)
    assert all(words)
    assert words_of(" ".join(words)) == words


@pytest.mark.parametrize(
    "text", ["a" * 20_000, "\x00\x1b\u202e" * 5_000, "👨‍👩‍👧" * 4_000, "ab " * 6_666, "é" * 20_000, "\ud800" * 20_000]
)
def test_giant_and_odd_texts_are_matched_like_any_other(text: str) -> None:
    found = [at for at, _ in MatcherIndex(MATCHERS).matching(Said(text))]
    assert len(MATCHERS) - 1 in found
