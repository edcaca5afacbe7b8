"""Headings of Markdown are found, and nothing that only looks like one."""

from __future__ import annotations

from supportbot.knowledge.headings import headings

TEXT = """# One **bold** #
#no space
#######  seven
    # code
```sh
# a comment
~~~
# still
```
~~~
# in the other fence
~~~
## Two `code` and C#
#
"""


def test_headings_are_found_with_line_level_and_plain_words() -> None:
    assert list(headings(TEXT.split("\n"))) == [(0, 1, "One bold"), (12, 2, "Two code and C#")]
