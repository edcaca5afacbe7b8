"""Setting up a bot: by options as a script does, and on a real terminal as a person does."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from supportbot.cli import supportbot
from supportbot.config import load_config
from supportbot.environment import read_environment
from supportbot.knowledge.sources import read_sources
from supportbot.texts import Texts

BOT, APP = "xoxb-123456789012-abcdefghijkl", "xapp-1-A0123456789-123456789-0123456789abcdef"
SLACK = ("--platform", "slack", "--agents-channel", "C0123456789")
SERVICE = "supportbot.service"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "DISCORD_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(*arguments: str | Path, **environment: str) -> Result:
    return CliRunner().invoke(supportbot, ["init", *map(str, arguments)], env=environment, catch_exceptions=False)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


SAMPLES = {"knowledge/invoices.md", "knowledge/opening-hours.md", "knowledge/reset-password.md"}
WRITTEN = {"config.yaml", ".env", ".gitignore"}

# --- by options ---------------------------------------------------------------------------------------------------


def test_without_any_answer_a_bot_for_the_terminal_is_written_that_loads(place: Path) -> None:
    done = init("bot", "--yes")
    assert done.exit_code == 0
    assert files(place / "bot") == WRITTEN | SAMPLES
    config = load_config(place / "bot" / "config.yaml", environment={})
    assert config.storage.url == f"sqlite:{place}/bot/data/supportbot.db"
    assert config.adapters.given == ("console",)
    assert "supportbot chat --config bot/config.yaml" in done.output


def test_what_is_secret_is_for_its_owner_only_and_not_for_git(place: Path) -> None:
    init("bot", "--yes")
    assert (mode(place / "bot" / ".env"), mode(place / "bot" / "data")) == (0o600, 0o700)
    assert (place / "bot" / ".gitignore").read_text() == ".env\ndata/\n"


def test_a_bot_for_slack_takes_the_tokens_from_the_environment_into_env(place: Path) -> None:
    done = init("bot", *SLACK, "--yes", SLACK_BOT_TOKEN=BOT, SLACK_APP_TOKEN=APP)
    assert done.exit_code == 0
    assert "Still to do" not in done.output
    written = read_environment(place / "bot", {})
    assert written == {"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP}
    config = load_config(place / "bot" / "config.yaml", environment={})
    assert config.desk.agents_channel == "slack:C0123456789"
    texts = [path.read_text() for path in (place / "bot").rglob("*") if path.is_file() and path.name != ".env"]
    assert not [text for text in [*texts, done.output] if BOT in text or APP in text]


@pytest.mark.parametrize(
    ("platform", "left"),
    [
        ("slack", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_AGENTS_CHANNEL"]),
        ("discord", ["DISCORD_TOKEN", "DISCORD_AGENTS_CHANNEL"]),
    ],
)
def test_what_is_left_for_later_is_told_now_and_at_the_start(place: Path, platform: str, left: list[str]) -> None:
    done = init("bot", "--platform", platform, "--yes")
    assert done.exit_code == 0
    started = CliRunner().invoke(supportbot, ["chat", "--config", "bot/config.yaml"])
    told = str(started.exception)
    for name in left:
        assert f"put {name}=… into bot/.env" in done.output
        assert f"{name} is not set; put a line {name}=… into .env" in told


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (
            ("--platform", "slack"),
            {"SLACK_BOT_TOKEN": "hunter2"},
            "SLACK_BOT_TOKEN is set, but that does not look like",
        ),
        (("--platform", "slack", "--agents-channel", "#general"), {}, "'#general' is no channel's ID"),
        (("--platform", "discord", "--agents-channel", "C0123456789"), {}, "Copy Channel ID"),
        (("--agents-channel", "C0123456789"), {}, "the agents' channel is the console"),
        (("--team", "x" * 81), {}, "does not fit into a greeting"),
        (("--article", " ", "an answer"), {}, "an article needs a question"),
    ],
)
def test_a_wrong_answer_is_refused_and_nothing_is_written(
    place: Path, arguments: tuple[str, ...], environment: dict[str, str], sentence: str
) -> None:
    done = init("bot", "--yes", *arguments, **environment)
    assert (done.exit_code, list(place.iterdir())) == (2, [])
    assert sentence in " ".join(done.output.split())
    assert "hunter2" not in done.output


@pytest.mark.parametrize("team", ["Example Ltd", 'A & "B" {name} ${HOME} @{x}', "Ünïcode 🚀", "a\nb: c\x1b[31m"])
def test_the_team_may_be_called_anything(place: Path, team: str) -> None:
    assert init("bot", "--yes", "--team", team).exit_code == 0
    texts = Texts(load_config(place / "bot" / "config.yaml", environment={}).texts)
    name = " ".join(team.replace("\x1b", "").split())
    assert texts("greeting.hello", name="Ada").startswith(f"Hi Ada, this is the help desk of {name}.")
    assert texts("handoff.team_name") == name


def test_first_articles_take_the_place_of_the_samples(place: Path) -> None:
    articles = [
        ("Are you open?", "Monday to Friday."),
        ("¿Está abierto: hoy?", "---\nSí."),
        ("Are you open?", "Again."),
    ]
    given = [part for article in articles for part in ("--article", *article)]
    assert init("bot", "--yes", *given).exit_code == 0
    found = read_sources([place / "bot" / "knowledge"])
    assert [(article.question, article.answer) for article in found] == articles


def test_articles_that_are_there_are_used_and_no_samples_written(place: Path) -> None:
    (place / "knowledge").mkdir()
    (place / "knowledge" / "own.md").write_text("# Is it mine?\nYes.")
    assert init("--yes").exit_code == 0
    assert files(place) == WRITTEN | {"knowledge/own.md"}


def test_articles_that_are_there_and_broken_are_told_at_once(place: Path) -> None:
    (place / "knowledge").mkdir()
    (place / "knowledge" / "own.yaml").write_text("- answer: to nothing\n")
    with pytest.raises(Exception, match=r"own\.yaml:1"):
        init("--yes")


# --- what is there already ----------------------------------------------------------------------------------------


def test_nothing_that_is_there_is_overwritten_unless_told(place: Path) -> None:
    (place / "config.yaml").write_text("mine: true")
    done = init("--yes")
    assert done.exit_code == 2
    assert "config.yaml is there already" in " ".join(done.output.split())
    assert files(place) == {"config.yaml"}
    assert init("--yes", "--force").exit_code == 0
    assert "mine" not in (place / "config.yaml").read_text()


def test_even_when_told_no_line_of_env_is_lost(place: Path) -> None:
    (place / ".env").write_text(f"OURS=1\nSLACK_BOT_TOKEN={BOT}\n")
    assert init(*SLACK, "--yes", "--force").exit_code == 0
    assert read_environment(place, {}) == {"OURS": "1", "SLACK_BOT_TOKEN": BOT}
    assert "# SLACK_APP_TOKEN=" in (place / ".env").read_text()
    assert mode(place / ".env") == 0o600


def test_a_gitignore_that_is_there_stays_and_what_it_lacks_is_told(place: Path) -> None:
    (place / ".gitignore").write_text("*.log\ndata/\n")
    done = init("--yes")
    assert (place / ".gitignore").read_text() == "*.log\ndata/\n"
    assert "add a line .env to .gitignore" in done.output
    assert "add a line data/" not in done.output


def test_a_file_in_the_place_of_the_folder_is_said(place: Path) -> None:
    (place / "bot").write_text("")
    assert init("bot", "--yes").exit_code == 2


def test_without_a_terminal_it_asks_nobody(place: Path) -> None:
    done = init("bot")
    assert (done.exit_code, list(place.iterdir())) == (2, [])
    assert "nobody is there to answer" in done.output


# --- the systemd unit ---------------------------------------------------------------------------------------------


def unit(folder: Path) -> dict[str, str]:
    lines = (folder / SERVICE).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def test_the_unit_watches_restarts_and_confines_the_bot(place: Path) -> None:
    assert init("bot", "--yes", "--systemd").exit_code == 0
    found = unit(place / "bot")
    assert (found["Type"], found["Restart"], found["RestartPreventExitStatus"]) == ("notify", "on-failure", "2")
    assert int(found["WatchdogSec"]) > 0
    assert (found["NoNewPrivileges"], found["ProtectSystem"]) == ("yes", "strict")
    assert found["ReadWritePaths"] == f'"{place}/bot/data"'
    assert found["ExecStart"].endswith(f'run --config "{place}/bot/config.yaml"')


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not there")
@pytest.mark.parametrize("name", ["bot", "a folder", '50% of "$HOME"'])
def test_systemd_accepts_the_unit(place: Path, name: str) -> None:
    assert init(name, "--yes", "--systemd", "--team", "50% {of} it").exit_code == 0
    ran = subprocess.run(
        ["systemd-analyze", "verify", place / name / SERVICE], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")


# --- on a terminal ------------------------------------------------------------------------------------------------


HIDDEN = "it is not shown (Enter: later): "
"""Where a token is asked for; what is typed before the last space is thrown away."""


class Terminal:
    """A person at a terminal of their own: reads until something is asked, and types."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        root = str(Path(__file__).parents[3])
        self.shown = ""
        self.process, self._side = pty.fork()
        if self.process == 0:  # pragma: no cover - the other process
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # whatever runs these tests may ignore it
            os.chdir(folder)
            os.environ["PYTHONPATH"] = root
            start = "from supportbot.cli import main; main()"
            os.execv(sys.executable, [sys.executable, "-c", start, "init", *arguments])

    def reads(self, until: str = "") -> str:
        """Read until it asks this, or to the end."""
        seen = ""
        while not until or until not in seen:
            ready, _, _ = select.select([self._side], [], [], 30)
            assert ready, f"it says nothing more after {seen!r}"
            part = self._read()
            if not part:
                assert not until, f"it ended without asking {until!r}: {seen}"
                break
            seen += part
        self.shown += seen
        return seen

    def _read(self) -> str:
        try:
            return os.read(self._side, 4096).decode()
        except OSError:  # how the end of a terminal shows
            return ""

    def answers(self, question: str, answer: str) -> None:
        self.reads(until=question)
        os.write(self._side, f"{answer}\n".encode())

    def presses(self, key: bytes) -> None:
        """Press a key, and again where nothing happens: one in the very moment before a prompt listens is not heard."""
        while True:
            os.write(self._side, key)
            while select.select([self._side], [], [], 3)[0]:
                part = self._read()
                self.shown += part
                if not part:  # it ended
                    return

    def exit_code(self) -> int:
        self.reads()
        os.close(self._side)
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


def test_a_person_is_asked_one_thing_after_the_other(place: Path) -> None:
    terminal = Terminal(place, "bot")
    for question, answer in [
        ("Where will people talk to it?", "slak"),
        ("Where will people talk to it?", "slack"),
        (HIDDEN, ""),
        (HIDDEN, BOT),
        (HIDDEN, f"  {APP} "),
        ("The channel's ID", "general"),
        ("The channel's ID", "C0123456789"),
        ("What keeps the data?", ""),
        ("The name of your team", "Example Ltd"),
        ("A question", "Are you open?"),
        ("Its answer", "Always."),
        ("A question", ""),
        ("Write a systemd unit", "y"),
    ]:
        terminal.answers(question, answer)
    assert terminal.exit_code() == 0
    assert "does not look like this token (it begins with xapp-)" in terminal.shown
    assert not [secret for secret in (BOT, APP) if secret in terminal.shown]
    assert "put SLACK_BOT_TOKEN=… into bot/.env" in terminal.shown
    assert files(place / "bot") == WRITTEN | {"knowledge/1-are-you-open.md", SERVICE}
    assert read_environment(place / "bot", {}) == {"SLACK_APP_TOKEN": APP}


def test_enter_all_the_way_gives_a_bot_for_the_terminal(place: Path) -> None:
    terminal = Terminal(place, "bot")
    for question in ("talk to it?", "keeps the data?", "your team", "A question", "systemd unit"):
        terminal.answers(question, "")
    assert terminal.exit_code() == 0
    assert files(place / "bot") == WRITTEN | SAMPLES


@pytest.mark.parametrize("key", [b"\x03", b"\x04"], ids=["Ctrl-C", "Ctrl-D"])
@pytest.mark.parametrize("after", range(3))
def test_who_stops_in_the_middle_leaves_nothing_behind(place: Path, key: bytes, after: int) -> None:
    terminal = Terminal(place, "bot", "--platform", "discord")
    questions = [HIDDEN, "The channel's ID", "What keeps the data?"]
    for question in questions[:after]:
        terminal.answers(question, "")
    terminal.reads(until=questions[after])
    terminal.presses(key)
    assert terminal.exit_code() == (130 if key == b"\x03" else 1)
    assert list(place.iterdir()) == []
    assert "Traceback" not in terminal.shown


def test_a_kill_in_the_middle_leaves_nothing_behind_either(place: Path) -> None:
    terminal = Terminal(place, "bot")
    terminal.answers("talk to it?", "")
    terminal.reads(until="keeps the data?")
    os.kill(terminal.process, signal.SIGKILL)
    assert terminal.exit_code() == -signal.SIGKILL
    assert list(place.iterdir()) == []
