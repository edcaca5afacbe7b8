"""Rich text: the small Markdown in Slack's own form, in which nobody's words turn into anything."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from supportbot.adapters.slack.rich_text import messages, words_of
from supportbot.domain.markdown import escape, quote


def parts(text: str) -> list[dict[str, Any]]:
    """Give the inline parts of a reply, whatever block they are in."""
    found: list[dict[str, Any]] = []
    blocks = [block for message in messages(text) for block in message]
    while blocks:
        block = blocks.pop(0)
        if "elements" in block:
            blocks = [*block["elements"], *blocks]
        else:
            found.append(block)
    return found


def test_an_answer_keeps_its_form() -> None:
    (message,) = messages(
        "Open **Settings** and *then* `Reset`:\n\n1. Click\n2. Wait\n\n- one\n  - two\n\n> said\n\n```\ncode\n```"
    )
    assert [block["type"] for block in message] == [
        "rich_text_section", "rich_text_list", "rich_text_list", "rich_text_list", "rich_text_quote",
        "rich_text_preformatted",
    ]  # fmt: skip
    styles = [part.get("style") for part in message[0]["elements"]]
    assert styles == [None, {"bold": True}, None, {"italic": True}, None, {"code": True}, None]
    assert [block.get("indent") for block in message[1:4]] == [0, 0, 1]
    assert [len(block["elements"]) for block in message[1:4]] == [2, 1, 1]
    assert message[1]["style"] == "ordered"


def test_a_numbered_list_goes_on_counting_behind_a_nested_one() -> None:
    (message,) = messages("1. one\n   - inside\n2. two\n3. three")
    assert [(block["style"], block.get("offset", 0), len(block["elements"])) for block in message] == [
        ("ordered", 0, 1),
        ("bullet", 0, 1),
        ("ordered", 1, 2),
    ]


def test_a_link_keeps_its_words_and_a_written_address_links_to_itself() -> None:
    (message,) = messages("See [the guide](https://example.com/guide), or https://example.com/x.")
    links = [part for part in message[0]["elements"] if part["type"] == "link"]
    assert links == [
        {"type": "link", "url": "https://example.com/guide", "text": "the guide"},
        {"type": "link", "url": "https://example.com/x"},
    ]


def test_words_that_look_like_another_address_are_not_believed() -> None:
    (link,) = parts("[https://bank.example](https://evil.example)")
    assert link == {"type": "link", "url": "https://evil.example"}


def test_only_web_and_mail_addresses_are_linked() -> None:
    assert parts("[click](javascript:alert)")[0]["type"] == "text"
    assert parts("[click](slack://user)")[0]["type"] == "text"


def test_what_a_person_wrote_stays_as_written() -> None:
    said = "<!channel> *look* _here_ [x](https://evil.example) <@U1> `a` ~no~ > and # so"
    (text,) = [part for part in parts(escape(said)) if part["type"] == "text" and "channel" in part["text"]]
    assert text["text"].startswith("<!channel> *look* _here_ [x](")
    assert all(part.get("text") is None or "evil" not in part["text"] or part["type"] == "text" for part in parts(said))


def test_quoted_lines_are_a_quote() -> None:
    (message,) = messages("**Ada:**\n" + quote("first\nsecond **no**"))
    assert [block["type"] for block in message] == ["rich_text_section", "rich_text_quote"]
    assert "".join(part["text"] for part in message[1]["elements"]) == "first\nsecond **no**"


def test_a_long_reply_becomes_several_messages_in_order() -> None:
    paragraphs = [f"Paragraph {number}. " + "word " * 100 for number in range(60)]
    made = messages("\n\n".join(paragraphs), at_most=2_000)
    assert len(made) > 10
    joined = " ".join(words_of(message) for message in made)
    assert [joined.index(f"Paragraph {number}.") for number in range(60)] == sorted(
        joined.index(f"Paragraph {number}.") for number in range(60)
    )


def test_words_of_reads_like_the_reply() -> None:
    (message,) = messages("Hi **Ada**\n\n- one\n- two")
    assert words_of(message) == "Hi Ada\n• one\n• two"


@given(st.text(max_size=300))
def test_words_of_people_never_link_notify_or_style(words: str) -> None:
    for part in parts(escape(words)):
        assert part["type"] == "text" or part.keys() <= {"type", "url"}
        assert "style" not in part
