from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from supportbot.cli import supportbot
from supportbot.config import load_config
from supportbot.texts import audiences, placeholders, shipped


def texts(*arguments: str | Path) -> Result:
    return CliRunner().invoke(supportbot, ["texts", *map(str, arguments)])


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text('texts: {greeting.hello: "Moin {name}, ahoy!"}\n', "utf-8")
    return file


def test_every_sentence_is_listed_with_its_names_and_who_sees_it() -> None:
    shown = texts().output
    lines = shown.splitlines()
    for key, text in shipped().items():
        (line,) = [line for line in lines if line.split()[:1] == [key]]
        assert {part for part in line.split()[1:] if part != "(yours)"} == {f"{{{n}}}" for n in placeholders(text)}
        assert text.splitlines()[0] in shown
    assert set(audiences().values()) <= set(lines)


def test_every_section_says_who_sees_it() -> None:
    assert audiences().keys() == {key.partition(".")[0] for key in shipped()}
    assert all(comment.endswith(".") for comment in audiences().values())


@pytest.mark.parametrize("search", ["SURVEY", "how did we do"])
def test_a_search_looks_at_keys_and_sentences(search: str) -> None:
    shown = texts(search).output
    assert "survey.ask_rating" in shown
    assert "greeting.hello" not in shown


def test_what_a_team_says_differently_is_marked_and_ours_shown_beside_it(own: Path) -> None:
    shown = texts("--config", own, "greeting").output
    assert "greeting.hello  {name}  (yours)" in shown
    assert "Moin {name}, ahoy!" in shown
    assert f"ours: {shipped()['greeting.hello']}" in shown
    assert shown.count("(yours)") == 1


def test_a_teams_own_sentence_is_found_by_its_words(own: Path) -> None:
    assert "greeting.hello" in texts("--config", own, "ahoy").output


@pytest.mark.parametrize("search", ["", "greeting"])
def test_the_block_for_the_configuration_is_ready_to_paste(own: Path, tmp_path: Path, search: str) -> None:
    block = texts("--yaml", "--config", own, search).output
    pasted = tmp_path / "pasted.yaml"
    pasted.write_text(block, "utf-8")
    wanted = {key: text for key, text in shipped().items() if search in f"{key}\n{text}".casefold()}
    assert load_config(pasted).texts == {**wanted, "greeting.hello": "Moin {name}, ahoy!"}
    assert f"  # {audiences()['greeting']}" in block


def test_a_sentence_with_a_dollar_sign_comes_back_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text('texts: {greeting.hello: "$${{HOME}} is {name}"}\n', "utf-8")
    block = texts("--yaml", "--config", file, "greeting.hello").output
    file.write_text(block, "utf-8")
    assert load_config(file).texts == {"greeting.hello": "${{HOME}} is {name}"}


def test_a_word_that_no_sentence_has_is_said() -> None:
    done = texts("xyzzy")
    assert (done.exit_code, "no sentence has 'xyzzy' in it" in done.output) == (1, True)
