"""How far a message has come that is shown in parts."""

from __future__ import annotations

from supportbot.adapters.progress import Partly, Progress


def test_the_first_part_names_a_message_and_the_others_belong_to_it() -> None:
    progress = Progress(100, {3: "c", 1: "a", 2: "b"}, files=("F1",))
    assert (progress.first, progress.others) == ("a", ("b", "c", "F1"))
    assert Progress().first == ""


def test_what_was_shown_in_part_is_remembered_until_it_is_whole() -> None:
    partly = Partly()
    progress = partly.of("o_1", 100)
    progress.shown[1] = "a"
    partly.keep("o_1", progress)
    assert partly.of("o_1", 50) is progress
    partly.finish("o_1")
    assert partly.of("o_1", 50) == Progress(50)


def test_only_so_many_are_remembered() -> None:
    partly = Partly()
    for number in range(1_001):
        partly.keep(f"o_{number}", Progress(1))
    assert partly.of("o_0", 7).at_most == 7
    assert partly.of("o_1", 7).at_most == 1
