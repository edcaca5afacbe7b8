"""What few should read is told from the numbers and names that help is asked with."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supportbot.confidential import confidential_in
from supportbot.knowledge.sources import read_sources
from supportbot.samples.paths import ARTICLES

ROOT = Path(__file__).parents[2]
NUMBERED = (
    "order", "order no.", "order number is", "invoice", "ticket", "case", "reference", "tracking number", "serial",
    "customer", "customer id:", "account", "parcel", "build", "version", "v", "#", "error", "code", "room", "row",
)  # fmt: skip
AROUND = ("Where is {0} {1}?", "{0} {1} has not arrived", "I mean {0} {1}, please look", "{1} ({0})", "{0}: {1}")


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ("my address is ada@lovelace.example.", "email"),
        ("Ada <ada.lovelace+help@mail.co.uk> wrote", "email"),
        ("call me: +44 20 7946 0958", "phone"),
        ("+49 (0)30 1234567", "phone"),
        ("(+49) 30 123 45 67!", "phone"),
        ("004 is wrong, use +15551234567,", "phone"),
        ("(212) 555-0123", "phone"),
        ("it is 212-555-0123.", "phone"),
        ("Ring 020 7946 0958", "phone"),
        ("0171/1234567", "phone"),
        ("06 12 34 56 78", "phone"),
        ("my phone number is 5551234", "phone"),
        ("Tel: 555 12 34", "phone"),
        ("call me at 5551234567", "phone"),
        ("4111 1111 1111 1111", "card"),
        ("pay with 5500-0055-5555-5559, exp 12/26", "card"),
        ("378282246310005", "card"),
        ("4111 1111 1111 1111 123", "card"),
        ("xoxb-123456789012-abcdefghijkl", "token"),
        ("here: MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs_abc", "token"),
        ("ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8", "token"),
        ("AKIAIOSFODNN7EXAMPLE", "token"),
        ("password: 9fQ2x7Lm4Zt8Rw1Kp6Yd", "token"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "token"),
        ("https://hooks.slack.com/services/T0001/B0001/a1b2c3d4e5f6g7h8i9j0k1l2", "token"),
        ("ada@lovelace.example, card 4111111111111111", "card"),
    ],
)  # fmt: skip
def test_what_few_should_read_is_seen(said: str, seen: str) -> None:
    assert confidential_in(said) == seen


@pytest.mark.parametrize(
    "said",
    [
        "", "hello", "@ada can you look at T-100123?", "order 4711-0815-42", "#1234567890", "invoice 2024-000123",
        "order number 212-555-0123", "tracking 4111 1111 1111 1111", "my order is 1234567890123456",
        "4111 1111 1111 1112", "version 10.15.7.2000", "2024-10-10 10:00 to 2024-10-12", "UTC +1 2024-10-10 10:00",
        "call me at 10:30 on 2024-10-10", "tel 2024-10-10", "1700000000000", "192.168.100.200", "1,000,000.00",
        "2001:0db8:85a3:0000:0000:8a2e:0370:7334", "550e8400-e29b-41d4-a716-446655440000", "call about order 1234567",
        "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "I wrote to support@example.com and info@example.com",
        "git@github.com:ada/engine.git", "https://medium.com/@ada.lovelace/notes", "icon@2x.png",
        "@ada@mastodon.social",
        "pip install engine@1.2.3", "the token is wrong", "invalid token: ERR12345", "password: how do I reset it",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "my password is swordfish", "iPhone 15 256 GB", "phone 12",
        "\ud83d", "1 2 3 4 5 6 7 8 9", "49152 65535 1024 8080", "+100 %", "C++ 17", "10 + 20 = 30",
        "snowflake 1234567890123456789", "task-force-for-something-that-has-a-very-long-name-indeed",
    ],
)  # fmt: skip
def test_what_help_is_asked_with_is_not(said: str) -> None:
    assert confidential_in(said) is None


@settings(max_examples=300, deadline=None)
@given(
    around=st.sampled_from(AROUND),
    what=st.sampled_from(NUMBERED),
    number=st.one_of(
        st.integers(0, 10**12).map(str),
        st.integers(0, 10**6).map(lambda number: f"T-{number}"),
        st.from_regex(r"[A-Z]{2,4}-[0-9]{4,10}", fullmatch=True),
        st.from_regex(r"[0-9]{4}-[0-9]{4,6}", fullmatch=True),
        st.from_regex(r"v?[0-9]{1,3}(\.[0-9]{1,4}){1,3}", fullmatch=True),
        st.dates().map(str),
        st.datetimes().map(str),
        st.uuids().map(str),
    ),
)
def test_numbers_that_something_is_found_by_are_none_of_it(around: str, what: str, number: str) -> None:
    assert confidential_in(around.format(what, number)) is None


def test_nothing_in_the_sample_articles_is() -> None:
    articles = read_sources([ARTICLES])
    assert len(articles) > 20
    lines = [line for one in articles for text in (*one.phrasings, one.answer) for line in text.splitlines()]
    assert [line for line in lines if confidential_in(line)] == []


def test_nothing_that_examples_and_docs_show_people_saying_is() -> None:
    pages = [*(ROOT / "skills_examples").rglob("*.md"), ROOT / "docs/quickstart.md", ROOT / "README.md"]
    said = [line for page in pages for line in page.read_text("utf-8").splitlines() if line.startswith("Ada › ")]
    assert len(said) > 10
    assert [line for line in said if confidential_in(line) not in (None, "phone", "email")] == []
