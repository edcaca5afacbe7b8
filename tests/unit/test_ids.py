from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from supportbot.ids import Ids, derived

SHAPE = re.compile(r"c_[0-9abcdefghjkmnpqrstvwxyz]{16}")


def test_an_id_has_letters_that_nobody_misreads() -> None:
    assert SHAPE.fullmatch(Ids().new("c"))
    assert SHAPE.fullmatch(derived("c", "m1"))


def test_ids_of_one_seed_can_be_foreseen() -> None:
    first, again, other = Ids(seed=1), Ids(seed=1), Ids(seed=2)
    drawn = [first.new("c") for _ in range(3)]
    assert drawn == [again.new("c") for _ in range(3)]
    assert drawn != [other.new("c") for _ in range(3)]


def test_ids_without_a_seed_do_not_repeat() -> None:
    ids = Ids()
    assert len({ids.new("c") for _ in range(1_000)}) == 1_000


def test_doing_the_same_again_gives_the_same_name() -> None:
    assert derived("out", "slack", "1700.1") == derived("out", "slack", "1700.1")


@given(st.text(min_size=1), st.text(min_size=1))
def test_where_one_part_ends_and_the_next_begins_matters(first: str, second: str) -> None:
    assert derived("x", first, second) != derived("x", first + second)


@given(
    st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x1f")), min_size=1),
    st.integers(0),
)
def test_another_cause_gives_another_name(parts: list[str], place: int) -> None:
    changed = list(parts)
    changed[place % len(parts)] += "!"
    assert derived("x", *parts) != derived("x", *changed)
