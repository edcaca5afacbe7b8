"""The names of a form's fields: a test fills ``first_name`` in, the form calls it "First name"."""

from __future__ import annotations


def plain(name: str) -> str:
    """Write a label as a keyword argument spells it."""
    return "_".join("".join(letter if letter.isalnum() else " " for letter in name.casefold()).split())
