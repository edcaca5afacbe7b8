"""Forms as modals: opened as the first answer to what somebody did, else by the button under the question.

A modal has five fields at most, so a longer form comes page by page. Each page is an answer of its own, stored as soon
as it is sent; under the next question, which the bot then asks in words, stands the button of the next page. The forms
that were shown of late are in memory. After a restart a button asks in words what was not answered yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from supportbot.adapters.discord.posts import OPENS_FORM
from supportbot.adapters.lengths import fitting, units
from supportbot.domain.action import ASK
from supportbot.domain.form import Field, Form
from supportbot.domain.markdown import plain
from supportbot.recent import Recent
from supportbot.texts import Texts

Payload = Mapping[str, Any]
Element = dict[str, Any]

QUESTION = "question"
"""The field of the modal in which somebody asks something."""
MOST_FIELDS = 5
"""Fields on a page."""
_MOST_FORMS = 2_000
_MOST_OPTIONS = 25
_LONGEST_NAME = 100
_LONGEST_TITLE = 45
_LONGEST_LABEL = 45
_LONGEST_DESCRIPTION = 100
_LONGEST_OPTION = 100
_LONGEST_INPUT = 4_000
_LONGEST_BUTTON = 80
_ROW, _BUTTON, _SELECT, _INPUT, _LABEL = 1, 2, 3, 4, 18
_PRIMARY = 1
_ONE_LINE, _PARAGRAPH = 1, 2


class Page(NamedTuple):
    """A page of a form, as the custom id of a button or a modal names it."""

    form: str
    number: int = 1


class Forms:
    """Knows the forms that were shown of late."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._shown = Recent[str, Form](_MOST_FORMS)

    def keep(self, form: Form) -> None:
        """Remember a form that is shown."""
        self._shown[form.id] = form

    def modal(self, page: Page, person: str) -> Element | None:
        """Lay a page out as a modal; None where its form is not in mind, is somebody else's, or cannot be shown."""
        form = self._shown.get(page.form)
        if form is None or form.person != person:
            return None
        pages = _pages(form)
        if not 0 < page.number <= len(pages):
            return None
        counted = f" ({page.number}/{len(pages)})" if len(pages) > 1 else ""
        return {
            "custom_id": f"{OPENS_FORM}{page.form}:{page.number}",
            "title": fitting(form.title, _LONGEST_TITLE - len(counted)) + counted,
            "components": [_labelled(field) for field in pages[page.number - 1]],
        }

    def question(self) -> Element:
        """Lay out the modal in which anybody asks something: its custom id says all of it, so that nothing is kept."""
        field = Field(name=QUESTION, question=self._texts("panel.question"), kind="text")
        return {
            "custom_id": ASK,
            "title": fitting(self._texts("panel.ask"), _LONGEST_TITLE),
            "components": [_labelled(field)],
        }

    def next_page(self, page: Page) -> Element | None:
        """Make the row with the button that opens the page behind one that was sent; None behind the last."""
        form = self._shown.get(page.form)
        pages = _pages(form) if form else []
        if not any(not field.given for rest in pages[page.number :] for field in rest):
            return None
        button = {
            "type": _BUTTON,
            "style": _PRIMARY,
            "custom_id": f"{OPENS_FORM}{page.form}:{page.number + 1}",
            "label": fitting(self._texts("discord.next_page", page=page.number + 1, pages=len(pages)), _LONGEST_BUTTON),
        }
        return {"type": _ROW, "components": [button]}


def page_in(custom_id: str) -> Page | None:
    """Read which page of which form a button opens, or a modal was; None for a button that does something else."""
    if not custom_id.startswith(OPENS_FORM):
        return None
    form, _, number = custom_id.removeprefix(OPENS_FORM).partition(":")
    return Page(form, int(number) if number.isascii() and number.isdigit() else 1)


def filled_in(data: Payload) -> dict[str, str]:
    """Read what stands in each field of a modal that was sent."""
    given = {str(field.get("custom_id")): _said(field) for field in _fields(data.get("components") or ())}
    return {name: said for name, said in given.items() if said}


def _fields(rows: Sequence[Payload]) -> Iterator[Payload]:
    for row in rows:
        yield from ([row["component"]] if row.get("component") else row.get("components") or ())


def _said(field: Payload) -> str:
    chosen = field.get("values") or ()
    return str(chosen[0] if chosen else field.get("value") or "")


def _pages(form: Form) -> list[list[Field]]:
    """Divide a form; what is to be filled in comes last, so that the last page always has something to ask for."""
    fields = [field for field in form.fields if _can_show(field)]
    if len(fields) > MOST_FIELDS:
        fields.sort(key=lambda field: not field.given)
    return [fields[start : start + MOST_FIELDS] for start in range(0, len(fields), MOST_FIELDS)]


def _can_show(field: Field) -> bool:
    """Tell whether Discord can show a field whole; what it cannot is asked in words."""
    question = plain(field.question)
    if not question.strip() or units(question) > _LONGEST_DESCRIPTION or units(field.name) > _LONGEST_NAME:
        return False
    if field.kind != "choice":
        return units(field.given) <= _most(field)
    fits = all(0 < units(option) <= _LONGEST_OPTION for option in field.options)
    return fits and 0 < len(set(field.options)) == len(field.options) <= _MOST_OPTIONS


def _most(field: Field) -> int:
    return min(field.longest or _LONGEST_INPUT, _LONGEST_INPUT)


def _labelled(field: Field) -> Element:
    """Put a field under its question; one that is too long for a label stands whole below its beginning."""
    question, hint = plain(field.question), plain(field.hint)
    is_long = units(question) > _LONGEST_LABEL
    below = question if is_long else fitting(hint, _LONGEST_DESCRIPTION)
    described = {"description": below} if below else {}
    label = fitting(question, _LONGEST_LABEL)
    return {"type": _LABEL, "label": label, **described, "component": _element(field, hint if is_long else "")}


def _element(field: Field, hint: str) -> Element:
    if field.kind == "choice":
        options = [
            {"label": option, "value": option, **({"default": True} if option == field.given else {})}
            for option in field.options
        ]
        return {"type": _SELECT, "custom_id": field.name, "options": options, "required": True}
    given = {"value": field.given} if field.given else {}
    hinted = {"placeholder": fitting(hint, _LONGEST_DESCRIPTION)} if hint else {}
    style = _PARAGRAPH if field.kind == "text" else _ONE_LINE
    return {
        "type": _INPUT,
        "custom_id": field.name,
        "style": style,
        "max_length": _most(field),
        "required": True,
        **given,
        **hinted,
    }
