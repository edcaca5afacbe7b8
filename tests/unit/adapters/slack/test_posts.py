"""Posts: a few choices are buttons, many are a menu, and what asks for a menu is one."""

from __future__ import annotations

from supportbot.adapters.slack.posts import rows
from supportbot.domain.reply import Button
from supportbot.testing.slack.block_rules import mistakes


def buttons(count: int, menu: str = "") -> list[Button]:
    return [Button(f"o{menu}.{number}", f"choice {number}", menu) for number in range(1, count + 1)]


def test_up_to_five_choices_are_a_row_of_buttons() -> None:
    (row,) = rows(buttons(5))
    assert [element["type"] for element in row["elements"]] == ["button"] * 5


def test_more_than_five_are_a_menu() -> None:
    (row,) = rows(buttons(6))
    (menu,) = row["elements"]
    assert menu["type"] == "static_select"
    assert [option["value"] for option in menu["options"]] == [f"o.{number}" for number in range(1, 7)]


def test_choices_of_one_menu_stand_under_its_words_beside_the_buttons() -> None:
    first, second = rows([*buttons(2), *buttons(3, "Canned reply")])
    assert [element["type"] for element in first["elements"]] == ["button", "button"]
    assert second["elements"][0]["placeholder"]["text"] == "Canned reply"
    assert len(second["elements"][0]["options"]) == 3


def test_what_is_too_long_or_too_much_for_slack_is_cut() -> None:
    many = [Button(f"o.{number}", "x" * 200, "m" * 300) for number in range(150)]
    assert mistakes(rows(many)) == []


def test_nothing_to_choose_is_no_row() -> None:
    assert rows([]) == []
