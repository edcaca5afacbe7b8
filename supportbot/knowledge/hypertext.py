"""Hypertext: the HTML of a help centre, cleaned by nh3 and turned into the small Markdown of replies by markdownify."""

from __future__ import annotations

import re
from functools import cache, partial
from types import ModuleType
from typing import Any

from supportbot.errors import SupportbotError

_TAGS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "br", "hr", "blockquote", "pre", "ul", "ol", "li"),
    *("a", "b", "strong", "i", "em", "code", "table", "thead", "tbody", "tr", "th", "td"),
}
"""What replies can show; of all other tags only the words stay, and of those below nothing."""
_GONE = {"script", "style", "iframe", "object", "svg", "math", "video", "audio", "noscript", "template"}
_SCHEMES = {"http", "https", "mailto"}
_BLANK_LINES = re.compile(r"\n{3,}")
_NOTHING_MARKED = re.compile(r"\*\*[ \t]+\*\*|^#+ *$", re.MULTILINE)
_CELL_END = "\x1f"


class MissingLibrary(SupportbotError):
    """A library is needed that is not installed; the text names the extra that brings it."""


def to_markdown(html: str, address: str = "") -> str:
    """Turn HTML into Markdown; relative links are completed by the address of the page, or lose their target."""
    nh3, converter = _tools()
    clean = partial(
        nh3.clean,
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        clean_content_tags=_GONE,
        link_rel=None,
        url_schemes=_SCHEMES,
    )
    try:
        cleaned = clean(url_relative=("rewrite_with_base", address) if address else "deny")
    except ValueError:  # what the export calls an address is none
        cleaned = clean(url_relative="deny")
    lines = str(converter.convert(cleaned)).replace("\xa0", " ").split("\n")
    text = "\n".join(line.rstrip() for line in lines)
    return _BLANK_LINES.sub("\n\n", _NOTHING_MARKED.sub("", text)).strip()


@cache
def _tools() -> tuple[ModuleType, Any]:
    """Load the two libraries, once an export is read."""
    try:
        import markdownify  # noqa: PLC0415 - loaded when an export of a help centre is read
        import nh3  # noqa: PLC0415 - as above
    except ImportError:
        need = "the articles of a help centre need two more packages; run: pip install 'supportbot[help-centre]'"
        raise MissingLibrary(need) from None

    class Converter(markdownify.MarkdownConverter):
        """Writes a table as a list, a row an entry, since no chat shows tables."""

        def convert_tr(self, _element: Any, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
            cells = [cell.strip() for cell in text.split(_CELL_END) if cell.strip()]
            return f"- {' – '.join(cells)}\n" if cells else ""

        def convert_td(self, _element: Any, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
            return " ".join(text.split()) + _CELL_END

        convert_th = convert_td

    return nh3, Converter(heading_style="atx", bullets="-", autolinks=False)
