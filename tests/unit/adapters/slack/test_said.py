"""What people said in Slack, as plain words."""

from __future__ import annotations

from supportbot.adapters.slack.said import mentions, people_in, plain, with_forwarded


def test_a_mention_of_the_bot_is_no_word_of_the_question() -> None:
    assert plain("<@UBOT> how do I pay?", bots={"UBOT"}) == "how do I pay?"
    assert mentions("<@UBOT> how do I pay?", {"UBOT"})
    assert not mentions("how do I pay?", {"UBOT"})


def test_other_mentions_are_names() -> None:
    text = "ask <@U1|ada> or <@U2> in <#C1|help> <!here> <!subteam^S1|@team> <!channel>"
    assert plain(text, names={"U2": "bob"}) == "ask @ada or @bob in #help @here @team @channel"
    assert list(people_in(text)) == ["U2"]


def test_a_message_that_is_passed_on_is_read_and_the_preview_of_a_link_is_not() -> None:
    shared = {"is_share": True, "is_msg_unfurl": True, "author_name": "Bob", "text": "how do I pay?"}
    preview = {"is_msg_unfurl": True, "text": "what was said there"}
    assert with_forwarded("", [shared]) == "how do I pay?"
    assert with_forwarded("Bob asks", [preview, shared]) == "Bob asks\nhow do I pay?"
    assert with_forwarded("see there", [preview]) == "see there"


def test_a_link_is_written_out_so_that_its_label_hides_nothing() -> None:
    assert plain("<https://example.com|example.com>") == "https://example.com"
    assert plain("<https://evil.example|your bank>") == "your bank (https://evil.example)"
    assert plain("<mailto:ada@example.com|ada@example.com>") == "ada@example.com"


def test_the_three_escaped_characters_are_read_back_once() -> None:
    assert plain("1 &lt; 2 &amp;&amp; 3 &gt; 2 &amp;lt;") == "1 < 2 && 3 > 2 &lt;"


def test_a_bare_angle_is_left_alone() -> None:
    assert plain("a < b") == "a < b"
