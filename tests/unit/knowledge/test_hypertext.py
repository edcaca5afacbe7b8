"""The HTML of a help centre becomes the small Markdown of replies, and nothing of it can do harm."""

from __future__ import annotations

import sys

import pytest

from supportbot.knowledge import hypertext
from supportbot.knowledge.hypertext import MissingLibrary, to_markdown

HERE = "https://acme.example/hc/en/articles/1"


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<h2>Go</h2><p>Press <b>Save</b>, <em>then</em><br>wait.</p>", "## Go\n\nPress **Save**, *then*\nwait."),
        ("<ul><li>one<ul><li>deep</li></ul></li><li><p>two</p></li></ul>", "- one\n  - deep\n- two"),
        ("<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"),
        ("<pre><code class='x'>a_b\n  c</code></pre>", "```\na_b\n  c\n```"),
        ("<p>Use <code>a_b</code></p>", "Use `a_b`"),
        ("<blockquote>so</blockquote>", "> so"),
        ("<table><tr><th>Plan</th><th>Price</th></tr><tr><td><p>Pro</p></td><td>10</td></tr></table>",
         "- Plan – Price\n- Pro – 10"),
        ("<p>a</p><p>&nbsp;</p><h2></h2><p><strong> </strong></p><p>b</p>", "a\n\nb"),
        ("<p>5 * 3 * 2 &lt;b&gt; snake_case</p>", "5 \\* 3 \\* 2 <b> snake\\_case"),
        ("<figure><img src='a.png' alt='x'><figcaption>What you see</figcaption></figure>", "What you see"),
    ],
)  # fmt: skip
def test_html_becomes_markdown(html: str, markdown: str) -> None:
    assert to_markdown(html) == markdown


def test_links_are_completed_by_the_address_of_their_page() -> None:
    html = '<a href="/hc/2">two</a> <a href="#top">top</a> <a href="https://b.example/c_d">far</a>'
    far = "[far](https://b.example/c_d)"
    assert to_markdown(html, HERE) == f"[two](https://acme.example/hc/2) [top]({HERE}#top) {far}"
    assert to_markdown(html) == f"two top {far}"
    assert to_markdown(html, "https://[") == f"two top {far}"


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<style>p {}</style>",
        "<iframe src='https://x.example'>alert</iframe>",
        "<svg><script>alert(1)</script></svg>",
        "<!-- alert -->",
    ],
)
def test_what_can_do_harm_is_gone(html: str) -> None:
    assert to_markdown(f"<p>a</p>{html}") == "a"


def test_a_link_that_runs_something_keeps_its_words_only() -> None:
    assert to_markdown('<a href="javascript:alert(1)" onclick="alert(2)">here</a>', HERE) == "here"
    assert to_markdown('<a href="ssh://host">here</a> <a href="mailto:a@b.c">or</a>', HERE) == "here [or](mailto:a@b.c)"


def test_without_its_libraries_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    hypertext._tools.cache_clear()
    monkeypatch.setitem(sys.modules, "nh3", None)
    with pytest.raises(MissingLibrary, match=r"supportbot\[help-centre\]"):
        to_markdown("<p>a</p>")
    hypertext._tools.cache_clear()
