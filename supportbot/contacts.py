"""Finds the e-mail addresses and telephone numbers in a line, and writes each in one way.

The patterns here are our own, take linear time and run on short lines only; `re` compiles each when it is first used.
"""

from __future__ import annotations

import re

_BETWEEN = r"[\s<>()\[\],;:|\"]+"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_DIALLED = r"[+(]{0,2}\d[\d ()./-]*"
_DAY = r"\d{4}-\d\d?-\d\d?|\d\d?([./])\d\d?\1\d{2,4}"


def emails_in(line: str) -> set[str]:
    """Find every e-mail address, also inside a platform's ``<mailto:…|…>``; domains become small letters."""
    return {found for part in re.split(_BETWEEN, line) if (found := _mailbox(part))}


def _mailbox(part: str) -> str:
    local, _, domain = part.strip(".!?'’*_`").rpartition("@")
    labels = domain.lower().split(".")
    top = labels[-1]
    if (
        not 1 <= len(local) <= 64
        or not {"@", "/"}.isdisjoint(local)
        or ".." in local
        or len(domain) > 253
        or len(labels) < 2
    ):
        return ""
    if (
        not all(re.fullmatch(_LABEL, label) for label in labels)
        or len(top) < 2
        or not (top.isalpha() or top.startswith("xn--"))
    ):
        return ""
    return f"{local}@{'.'.join(labels)}"


def phones_in(line: str) -> set[str]:
    """Find every telephone number of 7 to 15 digits; a day in digits and what hangs on a letter are none."""
    parts = (match[0] for match in re.finditer(_DIALLED, line) if not line[: match.start()][-1:].isalnum())
    return {found for part in parts if (found := _dialled(part))}


def _dialled(part: str) -> str:
    part = part.lstrip("(").strip(" .")
    if re.fullmatch(_DAY, part):
        return ""
    plus = "+" if part.startswith(("+", "00")) else ""
    if plus:
        part = part.removeprefix("00").replace("(0)", "")  # +49 (0)30: the nought is for callers at home
    digits = "".join(filter(str.isdecimal, part))
    return plus + digits if 7 <= len(digits) <= 15 else ""
