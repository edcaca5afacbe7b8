from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from supportbot.clock import HOUR, MINUTE
from supportbot.config import (
    Config,
    ConfigFile,
    DiscordSettings,
    Duration,
    Secret,
    Settings,
    SkillEntry,
    load_config,
    read_settings,
    storage_under,
)
from supportbot.errors import ConfigurationError

ROOT = Path(__file__).parents[2]
Write = Callable[[str], Path]

SLACK = "adapters: {slack: {bot_token: '${BOT}', app_token: '${APP}'}}\n"
TOKENS = {"BOT": "xoxb-000000000000-abc", "APP": "xapp-1-A000000-abc"}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str) -> Path:
        file = tmp_path / "config.yaml"
        file.write_text(text, "utf-8")
        return file

    return to_file


def problems(file: Path, **environment: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_config(file, environment=environment)
    return [problem.removeprefix(f"{file}:").strip() for problem in caught.value.problems]


# --- what is read -------------------------------------------------------------------------------------------------


def test_without_a_file_the_bot_runs_in_the_console_on_tinydb() -> None:
    config = load_config(None)
    assert config.storage.url == "tinydb:supportbot-data"
    assert config.adapters.given == ("console",)
    assert [entry.name for entry in config.skills] == ["greeting", "faq", "tickets", "handoff", "survey", "help"]


def test_an_empty_file_is_the_defaults(write: Write) -> None:
    config = load_config(write("# nothing yet\n"))
    assert (config.adapters, config.desk, config.skills) == (Config().adapters, Config().desk, Config().skills)


def test_a_section_with_everything_commented_out_is_as_good_as_left_out(write: Write) -> None:
    assert load_config(write("desk:\n  # relay: reply\n")).desk == Config().desk


def test_naming_an_adapter_alone_asks_for_it(write: Write) -> None:
    assert load_config(write("adapters:\n  console:\n")).adapters.given == ("console",)


def test_the_adapters_that_are_given_run_and_no_others(write: Write) -> None:
    assert load_config(write(SLACK), environment=TOKENS).adapters.given == ("slack",)


def test_hints_on_privacy_are_given_on_discord_and_elsewhere_where_they_are_wanted(write: Write) -> None:
    slack, discord = "slack: {bot_token: '${BOT}', app_token: '${APP}'", "discord: {token: '${DISCORD}'"
    secrets = {**TOKENS, "DISCORD": "x"}
    usual = write(f"adapters: {{{slack}}}, {discord}}}}}\n")
    assert load_config(usual, environment=secrets).adapters.hinting == {"discord"}
    turned = write(f"adapters: {{{slack}, privacy_hint: true}}, {discord}, privacy_hint: false}}}}\n")
    assert load_config(turned, environment=secrets).adapters.hinting == {"slack"}


def test_a_skill_is_a_name_or_a_name_with_its_settings(write: Write) -> None:
    config = load_config(write("skills:\n  - faq: {sources: [kb]}\n  - help\n  - tickets:\n"))
    assert config.skills == (SkillEntry("faq", {"sources": ["kb"]}), SkillEntry("help"), SkillEntry("tickets"))
    assert [(entry.line, entry.path) for entry in config.skills] == [
        (2, "skills[0].faq"),
        (3, "skills[1].help"),
        (4, "skills[2].tickets"),
    ]


def test_paths_are_looked_for_beside_the_file(write: Write, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    config = load_config(write("storage: {url: sqlite:bot.db}\nskill_paths: [mine]\n"))
    assert config.storage.url == f"sqlite:{tmp_path / 'bot.db'}"
    assert config.skill_paths == (str(tmp_path / "mine"),)
    assert config.resolve("kb.yaml") == tmp_path / "kb.yaml"


@pytest.mark.parametrize("url", ["postgresql://bot@db/desk", "tinydb:memory"])
def test_a_store_that_is_no_path_stays_as_it_is(write: Write, url: str) -> None:
    assert load_config(write(f"storage: {{url: '{url}'}}")).storage.url == url


def test_a_data_folder_takes_the_place_of_the_configured_one(write: Write, tmp_path: Path) -> None:
    file = write("storage: {url: sqlite:deep/bot.db}")
    assert load_config(file, data=tmp_path / "other").storage.url == f"sqlite:{tmp_path / 'other' / 'bot.db'}"
    assert load_config(None, data=tmp_path).storage.url == f"tinydb:{tmp_path}"


def test_a_store_on_a_server_has_no_folder_to_move() -> None:
    assert storage_under(Path("other"), "postgresql://db/desk") == "postgresql://db/desk"


def test_a_file_that_is_json_is_read_too(write: Write) -> None:
    file = write('{\n\t"desk": {"relay": "reply"},\n\t"texts": {"greeting.hello": "\\ud83d\\ude00 a\\/b"}\n}')
    config = load_config(file)
    assert config.desk.relay == "reply"
    assert config.texts == {"greeting.hello": "😀 a/b"}


def test_words_that_other_yaml_readers_change_stay_text(write: Write) -> None:
    config = load_config(write("texts: {dialogue.no: no, dialogue.yes: 12:30, errors.not_possible: 2026-01-05}"))
    assert config.texts == {"dialogue.no": "no", "dialogue.yes": "12:30", "errors.not_possible": "2026-01-05"}


# --- the environment ----------------------------------------------------------------------------------------------


def test_a_value_from_the_environment_is_not_shown_in_a_types_own_sentence(write: Write) -> None:
    [problem] = problems(write("limits: {handler_time: '${SPAN}'}"), SPAN="hunter22")
    assert problem == "1: limits.handler_time: the variable's value is not a span of time such as 90s, 10m, 1h30m or 7d"


def test_any_text_may_hold_variables(write: Write) -> None:
    file = write("storage: {url: 'postgresql://bot:${PASSWORD}@${HOST}/desk'}")
    config = load_config(file, environment={"PASSWORD": "p", "HOST": "db"})
    assert config.storage.url == "postgresql://bot:p@db/desk"


def test_a_number_may_come_from_a_variable(write: Write) -> None:
    config = load_config(write("limits: {message_characters: '${MOST}'}"), environment={"MOST": "500"})
    assert config.limits.message_characters == 500


def test_a_variable_cannot_bring_in_yaml(write: Write) -> None:
    config = load_config(write("texts: {greeting.hello: '${X}'}"), environment={"X": "a'\ndesk:\n  relay: reply"})
    assert config.desk.relay == "claim"


def test_two_dollars_stand_for_the_characters_themselves(write: Write, tmp_path: Path) -> None:
    config = load_config(write("storage: {url: 'tinydb:a$${NAME}'}"), environment={"NAME": "x"})
    assert config.storage.url == f"tinydb:{tmp_path / 'a${NAME}'}"


def test_a_file_beside_it_gives_variables_that_the_process_does_not(write: Write, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# ours\nexport BOT='from the file' # new\nAPP=file\n\n", "utf-8")
    slack = load_config(write(SLACK), environment={"APP": "process"}).adapters.slack
    assert slack is not None
    assert (slack.bot_token, slack.app_token) == (Secret("from the file"), Secret("process"))


def test_a_broken_line_beside_it_is_told_without_its_content(write: Write, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OK=1\nsecret words\n", "utf-8")
    found = problems(write(""))
    assert found == [f"{tmp_path / '.env'}:2: not a variable; write it as NAME=value"]


NO_NAME = "${…} holds no name; write it as ${NAME}, of letters, digits and _, or $${ for the characters"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("storage: {url: '${NOPE}'}", "1: storage.url: NOPE is not set; put a line NOPE=… into .env beside this file"),
        ("storage: {url: '${A}${B}'}", "1: storage.url: A, B are not set; put a line A=… into .env beside this file"),
        ("storage: {url: '${}'}", f"1: storage.url: {NO_NAME}"),
    ],
)  # fmt: skip
def test_a_variable_that_is_not_set_is_named(write: Write, text: str, sentence: str) -> None:
    assert problems(write(text)) == [sentence]


# --- secrets ------------------------------------------------------------------------------------------------------


def test_a_secret_is_shown_nowhere(write: Write) -> None:
    config = load_config(write(SLACK + "storage: {url: 'postgresql://bot:hunter2@db/desk'}"), environment=TOKENS)
    assert config.adapters.slack is not None
    assert config.adapters.slack.bot_token.reveal() == TOKENS["BOT"]
    shown = f"{config} {config!r} {config.adapters.slack.bot_token}"
    assert not [secret for secret in (*TOKENS.values(), "hunter2") if secret in shown]


def test_a_stand_in_for_a_secret_may_be_in_the_file_because_it_opens_nothing(write: Write) -> None:
    config = load_config(write("adapters: {discord: {token: swordfish}}"))
    assert config.adapters.discord is not None
    assert config.adapters.discord.token.reveal() == "swordfish"
    assert "swordfish" not in repr(config)


RANDOM = "9fQ2x7Lm4Zt8Rw1Kp6Yd"  # made up, as one that a service hands out looks


def test_a_secret_that_looks_random_is_refused_though_no_platform_is_known_by_it(write: Write) -> None:
    (found,) = problems(write(f"adapters:\n  discord:\n    token: {RANDOM}"))
    assert found.startswith("3: adapters.discord.token: this looks like a real token; put it into .env")
    assert RANDOM not in found


def test_a_secret_that_looks_random_may_come_from_the_environment(write: Write) -> None:
    config = load_config(write("adapters: {discord: {token: '${T}'}}"), environment={"T": RANDOM})
    assert config.adapters.discord == DiscordSettings(token=Secret(RANDOM))


def test_a_skills_secret_must_not_be_written_out_either(write: Write) -> None:
    class ShopSettings(Settings):
        key: Secret

    file = write(f"skills:\n  - shop:\n      key: {RANDOM}\n")
    with pytest.raises(ConfigurationError, match=r":3: skills\[0\]\.shop\.key: this looks like a real token"):
        read_settings(load_config(file).skills[0], ShopSettings, file)
    from_env = write("skills:\n  - shop: {key: '${KEY}'}\n")
    entry = load_config(from_env, environment={"KEY": RANDOM}).skills[0]
    assert read_settings(entry, ShopSettings, from_env).key.reveal() == RANDOM


def test_what_looks_random_is_no_mistake_where_no_secret_belongs(write: Write) -> None:
    assert load_config(write(f"texts: {{greeting.hello: {RANDOM}}}")).texts == {"greeting.hello": RANDOM}


@pytest.mark.parametrize(
    "token",
    ["xoxb-123456789012-abcdef", "xapp-1-A0123456789-123456789-0123456789abcdef", f"M{'a' * 24}.{'b' * 6}.{'c' * 30}"],
)
def test_what_looks_like_a_real_token_is_refused_anywhere(write: Write, token: str) -> None:
    (found,) = problems(write(f"texts:\n  greeting.hello: 'I am {token}'"))
    assert found.startswith("2: texts.greeting.hello: this looks like a real token; put it into .env")
    assert token not in found


def test_an_empty_secret_is_a_mistake(write: Write) -> None:
    assert "it is empty; put the secret into .env" in problems(write("adapters: {discord: {token: '${T}'}}"), T=" ")[0]


def test_a_wrong_value_from_the_environment_is_not_repeated(write: Write) -> None:
    (found,) = problems(write("desk: {relay: '${R}'}"), R="swordfish")
    assert found == "1: desk.relay: the variable's value is not one of claim, reply"


# --- mistakes -----------------------------------------------------------------------------------------------------

MANY = """\
storage:
  url: tinidb:here
adapters:
  slack:
    mode: soket
    app_tokn: ${NOPE}
  discord:
    token: ${TOKEN}
    api_url: ftp://x
desk:
  agent_channel: slack:C1
  close_after: 3 days
  anonymous: "yes"
skills:
  - faq
  - faq
  - Greeting
  - {a: 1, b: 2}
skill_paths: [nowhere, 3]
texts:
  greeting.helo: Hi
  greeting.hello: "{name.__class__}"
limits: {message_characters: 0}
tabs: 1
"""


def test_every_mistake_is_told_at_once_with_its_line_and_what_to_do(write: Write) -> None:
    assert problems(write(MANY), TOKEN="t") == [
        "2: storage.url: 'tinidb:here' is not tinydb:FOLDER, sqlite:FILE or postgresql://…",
        '4: adapters.slack.bot_token: missing; put the secret into .env and write "${NAME}" here',
        "5: adapters.slack.mode: 'soket' is not one of socket, http; did you mean socket?",
        "6: adapters.slack.app_tokn: unknown key; did you mean app_token?",
        "6: adapters.slack.app_tokn: NOPE is not set; put a line NOPE=… into .env beside this file",
        "9: adapters.discord.api_url: 'ftp://x' is not an address that starts with https://",
        "11: desk.agent_channel: unknown key; did you mean agents_channel?",
        "12: desk.close_after: '3 days' is not a span of time; write it like 90s, 10m, 1h30m or 7d",
        "13: desk.anonymous: 'yes' is not true or false",
        "16: skills[1]: faq is in the list twice; remove one of the two",
        "17: skills[2]: 'Greeting' is not a skill's name; names are small letters, digits and _",
        "18: skills[3]: an entry is a skill's name, or a mapping of one name to its settings, as - faq: {…}",
        "19: skill_paths[1]: 3 is not text",
        "19: skill_paths[0]: there is no folder 'nowhere'; it is looked for beside this file",
        "21: texts.greeting.helo: there is no such text; did you mean greeting.hello?",
        "22: texts.greeting.hello: {name.__class__} is not a plain name; write {name}, and {{ or }} for a brace itself",
        "23: limits.message_characters: 0 is not a whole number from 1 on",
        f"24: tabs: unknown key; known here: {', '.join(ConfigFile.__struct_fields__)}",
    ]


@pytest.mark.parametrize(("mode", "needed"), [("socket", "app_token"), ("http", "signing_secret")])
def test_each_mode_of_slack_says_which_secret_it_needs(write: Write, mode: str, needed: str) -> None:
    (found,) = problems(write(f"adapters:\n  slack: {{mode: {mode}, bot_token: '${{T}}'}}"), T="t")
    assert found == f'2: adapters.slack: mode {mode} needs {needed}; put it into .env and write {needed}: "${{NAME}}"'


@pytest.mark.parametrize(
    ("workspaces", "what"),
    [
        ("{main: '${T}'}", ".main: 'main' is not a name of up to 32 small letters, digits, - and _, other than main"),
        ("{a/b: '${T}'}", ".a/b: 'a/b' is not a name of up to 32 small letters, digits, - and _, other than main"),
        ("{acme: ''}", ".acme: it is empty; put the secret into .env"),
        ("[acme]", ": a list is not a mapping"),
    ],
)
def test_a_workspace_of_slack_has_a_safe_name_and_a_token(write: Write, workspaces: str, what: str) -> None:
    slack = f"{{bot_token: '${{BOT}}', app_token: '${{BOT}}', workspaces: {workspaces}}}"
    (found,) = problems(write(f"adapters:\n  slack: {slack}"), BOT="b", T="t")
    assert found == f"2: adapters.slack.workspaces{what}"


def test_two_workspaces_of_slack_cannot_have_one_token(write: Write) -> None:
    slack = "{bot_token: '${BOT}', app_token: '${APP}', workspaces: {acme: '${BOT}'}}"
    (found,) = problems(write(f"adapters:\n  slack: {slack}"), BOT="b", APP="a")
    assert found == "2: adapters.slack: two of the workspaces have the same bot token; each has one of its own"


def test_agents_cannot_work_in_a_workspace_without_a_token(write: Write) -> None:
    slack = "{bot_token: '${BOT}', app_token: '${BOT}', workspaces: {acme: '${T}'}}"
    lines = f"adapters:\n  slack: {slack}\ndesk:\n  agents_channel: slack:%s/C042"
    (found,) = problems(write(lines % "acne"), BOT="b", T="t")
    needs = "slack:acne/C042 needs adapters.slack.workspaces.acne, which is not configured; add its token"
    assert found == f"4: desk.agents_channel: {needs}"
    for name in ("acme", "main"):
        channel = load_config(write(lines % name), environment={"BOT": "b", "T": "t"}).desk.agents_channel
        assert channel == f"slack:{name}/C042"


def test_agents_cannot_work_where_the_bot_is_not(write: Write) -> None:
    (found,) = problems(write("desk:\n  agents_channel: slack:C042"))
    needs = "slack:C042 needs adapters.slack, which is not configured"
    assert found == f"2: desk.agents_channel: {needs}; add it or choose another channel"


def test_a_key_given_twice_is_told_with_both_lines(write: Write) -> None:
    found = problems(write("desk:\n  relay: claim\n  relay: reply\n"))
    assert found == ["2: desk.relay: given again in line 3; remove one of the two"]


def test_a_bare_number_is_no_span_of_time_but_zero_is(write: Write) -> None:
    assert "write it with its unit" in problems(write("desk: {close_after: 600}"))[0]
    assert load_config(write("desk: {close_after: 0}")).desk.close_after == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [1\nb: 2\n", "2: not YAML: while parsing a flow sequence, did not find expected ',' or ']'"),
        ("- faq\n", "1: not a mapping; write sections such as storage:, desk:, skills:"),
        ("desk: !!python/object/apply:os.system [x]", "the tag tag:yaml.org,2002:python/object/apply:os.system is not"),
        ("desk: &a [*a]", "values or 40 deep; write out what the aliases stand for"),
        ("desk: " + "[" * 100_000, "1: nested more than 40 deep; close a bracket or move it further out"),
        ("a: 1\n--- \nb: 2", "2: not YAML: expected a single document in the stream, but found another document"),
        ("\na: \a", "2: not YAML: "),
        ("? [a, b]\n: c", "the key in line 1 is no plain word; put it in quotes"),
    ],
)  # fmt: skip
def test_what_is_no_plain_yaml_is_refused_with_its_line(write: Write, text: str, sentence: str) -> None:
    assert sentence in problems(write(text))[0]


def test_aliases_that_multiply_are_stopped(write: Write) -> None:
    lines = ["a: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "more than 50,000 values" in problems(write("\n".join(lines)))[0]


def test_a_file_that_is_not_text_or_too_large_or_missing_is_said_plainly(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    assert problems(file) == ["cannot be read (No such file or directory); check the path"]
    file.write_bytes(b"a: 1\nb: \xff\n")
    assert problems(file) == ["2: not UTF-8 text; save the file as UTF-8"]
    file.write_bytes(b"#" * 1_000_001)
    assert "larger than 1 MB" in problems(file)[0]


# --- the settings of a skill --------------------------------------------------------------------------------------


class RefundSettings(Settings):
    limit: float = 50
    wait: Duration = Duration("10m")
    folder: Path = Path("kb")
    currencies: tuple[str, ...] = ("EUR",)
    account: str


def test_a_skill_reads_its_settings_typed() -> None:
    entry = SkillEntry("refunds", {"account": "A", "wait": "1h30m", "folder": "here", "currencies": ["EUR", "GBP"]})
    settings = read_settings(entry, RefundSettings, Path("config.yaml"))
    assert settings == RefundSettings(
        account="A", wait=Duration("1h30m"), folder=Path("here"), currencies=("EUR", "GBP")
    )
    assert settings.wait == 90 * MINUTE
    assert settings.wait.seconds == 5400.0


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        RefundSettings(account="A").limit = 3  # type: ignore[misc]


def test_every_mistake_in_a_skills_settings_is_told_with_its_line(write: Write) -> None:
    file = write("skills:\n  - faq\n  - refunds:\n      limit: lots\n      wait: soon\n      curencies: [EUR]\n")
    entry = load_config(file).skills[1]
    with pytest.raises(ConfigurationError) as caught:
        read_settings(entry, RefundSettings, file)
    assert caught.value.problems == [
        f"{file}:3: skills[1].refunds.account: missing; give it text",
        f"{file}:4: skills[1].refunds.limit: 'lots' is not a number",
        f"{file}:5: skills[1].refunds.wait: 'soon' is not a span of time; write it like 90s, 10m, 1h30m or 7d",
        f"{file}:6: skills[1].refunds.curencies: unknown key; did you mean currencies?",
    ]


def test_settings_that_are_missing_are_told_where_the_skill_is_named(write: Write) -> None:
    file = write("skills:\n  - refunds\n")
    with pytest.raises(ConfigurationError) as caught:
        read_settings(load_config(file).skills[0], RefundSettings, file)
    assert caught.value.problems == [f"{file}:2: skills[0].refunds.account: missing; give it text"]


def test_a_skill_may_check_its_settings_together(write: Write) -> None:
    class Range(Settings):
        low: int = 0
        high: int = 10

        def __post_init__(self) -> None:
            if self.low > self.high:
                raise ValueError("low is above high; swap them")

    file = write("skills:\n  - ranges: {low: 11}\n")
    with pytest.raises(ConfigurationError, match=r"skills\[0\]\.ranges: low is above high; swap them"):
        read_settings(load_config(file).skills[0], Range, file)


@pytest.mark.parametrize(("span", "shown"), [("90s", "1m30s"), ("1h30m", "1h30m"), ("7d", "7d"), ("0s", "0s")])
def test_a_duration_is_milliseconds_and_shows_as_it_is_written(span: str, shown: str) -> None:
    assert str(Duration(span)) == shown
    assert Duration(shown) == Duration(span)
    assert Duration("26h") == 26 * HOUR


# --- what importing costs ------------------------------------------------------------------------------------------


def test_reading_a_good_configuration_loads_nothing_heavy() -> None:
    script = "import sys; from supportbot.config import load_config; load_config(None); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert not {"jsonschema", "aiohttp", "tinydb", "rich", "numpy"} & set(ran.stdout.split())
