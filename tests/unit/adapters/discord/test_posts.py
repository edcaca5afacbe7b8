"""Posts: what stands under a message, and how it is known again."""

from __future__ import annotations

from typing import Any

from supportbot.adapters.discord.members import NAME, WORKSPACE
from supportbot.adapters.discord.posts import MENU, nonce_of, posts_of, rows
from supportbot.domain.address import Address
from supportbot.domain.form import Field, Form
from supportbot.domain.reply import Button, Outgoing


def outgoing(text: str, **more: Any) -> Outgoing:
    fields = {"id": "o_0123456789abcdef", "conversation": "c_1", "purpose": "answer", **more}
    return Outgoing(address=Address(NAME, WORKSPACE, "1"), text=text, **fields)


def buttons(count: int, menu: str = "", start: int = 1) -> tuple[Button, ...]:
    return tuple(Button(f"o.{number}", f"Choice {number}", menu) for number in range(start, start + count))


def kinds(made: list[dict[str, Any]]) -> list[list[int]]:
    return [[component["type"] for component in row["components"]] for row in made]


def test_a_post_notifies_nobody_and_shows_no_previews() -> None:
    (post,) = posts_of(outgoing("hi"))
    assert post["allowed_mentions"] == {"parse": []}
    assert post["flags"] == 4


def test_buttons_stand_five_in_a_row() -> None:
    assert kinds(rows(buttons(7))) == [[2] * 5, [2] * 2]


def test_more_than_fit_become_menus() -> None:
    made = rows(buttons(40))
    assert kinds(made) == [[3], [3]]
    assert [len(row["components"][0]["options"]) for row in made] == [25, 15]


def test_a_menu_has_its_words_and_its_choices_ids() -> None:
    (row,) = rows(buttons(2, "Did you mean"))
    (menu,) = row["components"]
    assert (menu["placeholder"], menu["custom_id"]) == ("Did you mean", f"{MENU}o.1")
    assert [option["value"] for option in menu["options"]] == ["o.1", "o.2"]


def test_menus_and_buttons_share_five_rows() -> None:
    made = rows([*buttons(10), *buttons(3, "a", 20), *buttons(3, "b", 30), *buttons(3, "c", 40)])
    assert kinds(made) == [[2] * 5, [2] * 5, [3], [3], [3]]


def test_a_form_has_its_button() -> None:
    form = Form(title="Ticket", fields=(Field(name="a", question="A?"),), label="Fill it in", id="o.form")
    (row,) = rows((), form)
    assert (row["components"][0]["custom_id"], row["components"][0]["label"]) == ("form:o.form", "Fill it in")


def test_a_label_is_never_empty_or_too_long() -> None:
    made = rows([Button("o.1", " "), Button("o.2", "x" * 200)])
    assert [button["label"] for button in made[0]["components"]] == ["…", "x" * 79 + "…"]


def test_a_long_answer_has_its_buttons_under_the_last_post_and_a_card_under_the_first() -> None:
    text = "word " * 1_000
    assert [len(post["components"]) for post in posts_of(outgoing(text, choices=buttons(1)))] == [0, 0, 1]
    card = posts_of(outgoing(text, choices=buttons(1), purpose="agents"))
    assert [len(post["components"]) for post in card] == [1, 0, 0]


def test_an_agents_words_have_their_name_above() -> None:
    (post,) = posts_of(outgoing("hello", author="Sam *"))
    assert post["content"] == "**Sam \\***\nhello"


def test_a_nonce_is_short_and_the_same_each_time() -> None:
    assert nonce_of(outgoing("hi"), 1) == "o_0123456789abcdef.1"
    long = nonce_of(outgoing("hi", id="o" * 40), 1)
    assert len(long) <= 25
    assert long == nonce_of(outgoing("hi", id="o" * 40), 1) != nonce_of(outgoing("hi", id="o" * 40), 2)
