"""The contract of ``supportbot chat --json``, sentence by sentence, with a real process on each store."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conversation import AGENTS, STORES, TEXTS, Chat, Line, prepare, write_config


@pytest.fixture(scope="module", params=STORES)
def chat(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    """One bot that all these tests talk to, each under names of its own."""
    store = request.param
    chat = Chat("--config", prepare(tmp_path_factory.mktemp(store) / "bot", store))
    yield chat
    assert chat.end() == 0


def seen_by(reader: str, outs: list[Line], conversation: str = "") -> list[str]:
    return [out["text"] for out in outs if out["to"] == reader and conversation in ("", out["conversation"])]


def choices_of(who: str, outs: list[Line]) -> dict[str, str]:
    return {c["label"]: c["id"] for out in outs if out["to"] == who for c in out.get("choices", [])}


def reference_in(outs: list[Line], who: str) -> str:
    return re.findall(r"T-\d+", " ".join(seen_by(who, outs)))[-1]  # type: ignore[no-any-return]


def handed_over(chat: Chat, who: str) -> tuple[str, str]:
    """Let somebody ask for a person; returns the ticket's reference and the conversation on the card."""
    outs = chat.says(who, "/human")
    [card] = [out for out in outs if out["to"] == AGENTS]
    return reference_in(outs, who), card["conversation"]


# --- lines --------------------------------------------------------------------------------------------------------


def test_every_line_gets_its_done_and_lines_are_counted_from_1_in_each_process(tmp_path: Path) -> None:
    for _ in range(2):
        chat = Chat("--data", tmp_path / "data")
        chat.send({"from": "ada", "text": "hi"}, "no JSON", {"advance": "1m"}, "[]", "", {"from": "ada", "press": "x"})
        assert chat.end() == 0
        assert [line["done"] for line in chat.rest_read if "done" in line] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "",
        "null",
        "17",
        "[1, 2]",
        '"hi"',
        "{}",
        '{"from": "ada"}',
        '{"text": "hi"}',
        '{"from": 7, "text": "hi"}',
        '{"from": "", "text": "hi"}',
        '{"from": "ada", "text": 7}',
        '{"from": "ada", "text": "hi", "press": "x"}',
        '{"from": "ada", "role": "king", "text": "hi"}',
        '{"from": "ada", "text": "hi", "id": {}}',
        '{"advance": "soon"}',
        '{"advance": 7}',
        '{"advance": "1h", "from": "ada", "text": "hi"}',
        '{"advance": "99999999d"}',
        '{"from": "#agents", "text": "hi"}',
        '{"from": "ada", "text": "hi", "id": ""}',
        '{"a":' * 2_000,
        '{"from": "ada", "text": "half',
        "[" * 20_000,
    ],
)
def test_a_line_that_cannot_be_read_says_why_and_the_process_goes_on(chat: Chat, line: str) -> None:
    [number] = chat.send(line)
    [said] = chat.until_done([number])
    assert said.keys() == {"error", "done"}
    assert said["error"].startswith(f"line {number}: ")
    assert seen_by("ida", chat.says("ida", "hi"))


def test_bytes_that_are_no_text_are_a_line_that_cannot_be_read(chat: Chat) -> None:
    [said] = chat.until_done(chat.send(b'{"from": "ada", "text": "\xff\xfe"}'))
    assert said.keys() == {"error", "done"}


def test_a_last_line_without_a_line_end_is_a_line(tmp_path: Path) -> None:
    chat = Chat("--data", tmp_path / "data")
    assert chat.process.stdin
    chat.process.stdin.write(b'{"from": "ada", "text": "hi"}')  # goes out when the input is closed
    assert chat.end() == 0
    assert chat.rest_read[-1] == {"done": 1}


def test_a_reply_has_an_id_a_reader_a_text_and_a_conversation(chat: Chat) -> None:
    [hello] = chat.says("gus", "hi")
    assert hello["to"] == "gus"
    assert all(isinstance(hello[key], str) and hello[key] for key in ("id", "text", "conversation"))
    assert all(choice.keys() == {"id", "label"} for choice in hello["choices"])


def test_the_real_clock_cannot_be_moved_by_a_line(tmp_path: Path) -> None:
    chat = Chat("--data", tmp_path / "data", clock="real")
    [said] = chat.until_done(chat.send({"advance": "1h"}))
    assert said.keys() == {"error", "done"}
    assert chat.end() == 0


@pytest.mark.parametrize(
    "text",
    ["\x00", "\x00\x07\x1b[31mred\x1b[0m\x08", "\ud800", "\u202etxet", "\u200b", " ", "", "\n", "x" * 20_000,
     "\u00e9" * 30_000, "/" * 500],
    ids=["NUL", "terminal", "surrogate", "direction", "no width", "space", "empty", "newline", "long", "longer",
         "slash"],
)  # fmt: skip
def test_whatever_is_written_gets_a_reply(chat: Chat, text: str) -> None:
    outs = chat.says("una", text)
    assert seen_by("una", outs) or seen_by(AGENTS, outs)
    chat.says("una", "/cancel")  # where it became a handoff, as three misses do


def test_an_unknown_choice_gets_a_reply(chat: Chat) -> None:
    for press in ("x", "o_0000000000000000.1", "o_0000000000000000.99999999999999999999", ".", "١"):
        assert seen_by("una", chat.says("una", press=press)) == [TEXTS("errors.unknown_choice")]


def test_a_choice_that_another_was_offered_is_not_answered_for_them(chat: Chat) -> None:
    offered = choices_of("olga", chat.says("olga", "/ticket"))
    assert offered == {}
    offered = choices_of("olga", chat.says("olga", "Door is stuck"))
    outs = chat.says("pete", press=offered["Problem"])
    assert seen_by("olga", outs) == []
    assert choices_of("olga", chat.says("olga", press=offered["Problem"])) == {}


# --- ids that are safe to send again ------------------------------------------------------------------------------


def test_a_line_with_an_id_changes_nothing_the_second_time(chat: Chat) -> None:
    assert chat.says("rita", "/human", id="r1")
    assert chat.says("rita", "/human", id="r1") == []
    assert chat.says("rita", "something else", id="r1") == []
    assert chat.says("rita", "where are you?", id="r2")


def test_an_advance_with_an_id_moves_the_clock_once_even_over_a_restart(tmp_path: Path) -> None:
    config = prepare(tmp_path / "bot", "sqlite")
    chat = Chat("--config", config)
    reference, _ = handed_over(chat, "ada")
    chat.agent(f"/solve {reference}")
    for _ in range(3):
        assert chat.until_done(chat.send({"advance": "4m", "id": "a1"})) == [{"done": chat.sent}]
    chat.end(signal.SIGKILL)
    chat = Chat("--config", config)
    assert chat.until_done(chat.send({"advance": "4m", "id": "a1"})) == [{"done": 1}]
    assert choices_of("ada", chat.advance("6m")).keys() >= {TEXTS("survey.label.5")}
    assert chat.end() == 0


# --- restarts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("store", STORES)
def test_work_that_a_kill_left_is_finished_and_printed_before_line_1_is_read(store: str, tmp_path: Path) -> None:
    config = prepare(tmp_path / "bot", store)
    chat = Chat("--config", config, fault="intake.after_store")
    chat.send({"from": "ada", "text": "hi", "id": "m1"})
    assert chat.read() is None
    assert chat.end() == -signal.SIGKILL

    chat = Chat("--config", config)
    early = chat.read()  # nothing was sent yet
    assert early is not None
    assert early["to"] == "ada"
    assert chat.says("ada", "hi", id="m1") == []
    assert chat.end() == 0


@pytest.mark.parametrize("store", STORES)
def test_an_out_line_that_comes_again_after_a_kill_keeps_its_id(store: str, tmp_path: Path) -> None:
    config = prepare(tmp_path / "bot", store)
    chat = Chat("--config", config, fault="delivery.after_send")
    chat.send({"from": "ada", "text": "hi", "id": "m1"})
    said = chat.read()
    assert said is not None
    assert chat.end() == -signal.SIGKILL
    chat = Chat("--config", config)
    assert chat.read() == said
    assert chat.end() == 0


@pytest.mark.parametrize("store", STORES)
def test_work_that_the_simulated_clock_had_reached_is_finished_after_a_kill_too(store: str, tmp_path: Path) -> None:
    config = prepare(tmp_path / "bot", store)
    chat = Chat("--config", config, fault="intake.after_store:2")
    chat.says("ada", "hi")
    chat.advance("26h")
    chat.send({"from": "ada", "text": "hi", "id": "m2"})
    assert chat.read() is None
    assert chat.end() == -signal.SIGKILL
    chat = Chat("--config", config)
    early = chat.read()
    assert early is not None
    assert early["to"] == "ada"
    assert chat.end() == 0


def test_a_move_of_the_clock_that_a_kill_cut_off_is_made_to_its_end(tmp_path: Path) -> None:
    config = prepare(tmp_path / "bot", "sqlite")
    chat = Chat("--config", config, fault="timer.before_run:2")  # the survey, ten minutes on; the first was /solve
    reference, _ = handed_over(chat, "ada")
    chat.agent(f"/solve {reference}")
    chat.send({"advance": "26h", "id": "a1"})
    assert chat.read() is None
    assert chat.end() == -signal.SIGKILL
    chat = Chat("--config", config)
    early = chat.read()
    assert early is not None
    assert early["text"] == TEXTS("survey.ask_rating", reference=reference)
    assert chat.until_done(chat.send({"advance": "26h", "id": "a1"})) == [{"done": 1}]
    assert chat.end() == 0


def test_choices_and_questions_outlive_a_kill(tmp_path: Path) -> None:
    config = prepare(tmp_path / "bot", "tinydb")
    chat = Chat("--config", config)
    offered = choices_of("ada", chat.says("ada", "/ticket Door is stuck"))
    chat.end(signal.SIGKILL)
    chat = Chat("--config", config)
    assert seen_by("ada", chat.says("ada", press=offered["Problem"])) == [TEXTS("tickets.ask_details")]
    assert chat.end() == 0


def test_work_due_later_is_no_part_of_a_done(chat: Chat) -> None:
    reference, conversation = handed_over(chat, "lena")
    solved = chat.agent(f"/solve {reference}")
    assert not any("5 –" in label for label in choices_of("lena", solved))
    assert seen_by("lena", chat.advance("9m"), conversation) == []
    assert seen_by("lena", chat.advance("1m"), conversation) == [TEXTS("survey.ask_rating", reference=reference)]


@pytest.mark.parametrize("store", STORES)
def test_a_second_process_on_the_same_data_says_so_and_exits_2(store: str, tmp_path: Path) -> None:
    config = prepare(tmp_path / "bot", store)
    first = Chat("--config", config)
    first.says("ada", "hi")
    second = Chat("--config", config)
    assert second.end() == 2
    assert "in use" in second.complaints
    assert "Traceback" not in second.complaints
    assert first.says("ada", "hi")
    assert first.end() == 0


def test_chat_needs_no_configuration_only_a_folder_for_its_data(tmp_path: Path) -> None:
    chat = Chat("--data", tmp_path / "new" / "data")
    assert chat.says("ada", "hi")
    assert chat.end() == 0
    assert (tmp_path / "new" / "data" / "documents.json").exists()


# --- commands -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["/ticket", "/tickets", "/status T-1", "/human", "/help", "/cancel"])
@pytest.mark.parametrize("mark", ["/", "!"])
def test_requesters_commands_work_with_either_mark(chat: Chat, command: str, mark: str) -> None:
    who = f"q{command[1:4]}{ord(mark)}{len(command)}"
    outs = chat.says(who, mark + command[1:])
    unknown = TEXTS("errors.unknown_command", command=command[1:].partition(" ")[0])
    assert seen_by(who, outs)
    assert unknown not in seen_by(who, outs)


@pytest.mark.parametrize("inside", [False, True], ids=["in the channel", "in the case's thread"])
@pytest.mark.parametrize("mark", ["/", "!"])
def test_agents_commands_work_with_and_without_in_and_in_small_letters(chat: Chat, inside: bool, mark: str) -> None:
    who = f"v{int(inside)}{ord(mark)}"
    reference, conversation = handed_over(chat, who)
    small = reference.lower()
    where = {"in": conversation} if inside else {}

    def agent(text: str) -> tuple[list[str], list[str]]:
        outs = chat.agent(f"{mark}{text}", **where)
        return seen_by(AGENTS, outs), seen_by(who, outs)

    assert agent("queue")[0][0].count(reference) == 1
    assert agent(f"claim {small}") == (
        [TEXTS("agents.claimed", reference=reference, agent="sam")],
        [TEXTS("handoff.claimed", agent="sam")],
    )
    assert agent(f"note {small} rings twice") == ([TEXTS("agents.noted", reference=reference)], [])
    assert agent(f"assign {small} @kim")[1] == [TEXTS("handoff.assigned", agent="kim")]
    assert agent(f"release {small}")[1] == [TEXTS("handoff.requeued")]
    assert "survey" in "".join(agent("skills")[0])
    assert agent(f"solve {small} all good")[1] == ["all good", TEXTS("handoff.solved", reference=reference)]
    assert agent(f"close {small}")[1] == []
    status = seen_by(who, chat.says(who, f"/status {small}"))
    assert TEXTS("tickets.status.closed") in status[0]


def test_agents_commands_need_no_reference_in_the_case_s_thread(chat: Chat) -> None:
    reference, conversation = handed_over(chat, "wanda")
    assert seen_by("wanda", chat.agent("/claim", **{"in": conversation})) == [TEXTS("handoff.claimed", agent="sam")]
    assert seen_by("wanda", chat.agent("/solve done", **{"in": conversation}))[0] == "done"
    assert TEXTS("tickets.status.solved") in seen_by("wanda", chat.says("wanda", f"/status {reference}"))[0]


def test_agents_commands_are_refused_to_requesters(chat: Chat) -> None:
    reference, _ = handed_over(chat, "yara")
    for command in ("claim", "release", "note", "solve", "close", "assign", "queue", "skills"):
        outs = chat.says("zoe", f"/{command} {reference} x")
        assert [(out["to"], out["text"]) for out in outs] == [("zoe", TEXTS("errors.refused"))]


def test_another_s_ticket_is_not_found(chat: Chat) -> None:
    reference, _ = handed_over(chat, "abel")
    assert seen_by("zoe", chat.says("zoe", f"/status {reference}")) == [TEXTS("tickets.not_found")]
    assert seen_by("zoe", chat.says("zoe", "/status T-999999")) == [TEXTS("tickets.not_found")]


def test_a_thread_that_is_no_case_says_so(chat: Chat) -> None:
    assert seen_by(AGENTS, chat.agent("hello?", **{"in": "c_nowhere"})) == [TEXTS("agents.unknown_thread")]


# --- between requester and agent ----------------------------------------------------------------------------------


def test_the_first_reference_on_the_card_is_the_case_s_and_its_choice_claims_it(chat: Chat) -> None:
    outs = chat.says("carl", "/human")
    [card] = [out for out in outs if out["to"] == AGENTS]
    assert re.findall(r"T-\d+", card["text"])[0] == reference_in(outs, "carl")
    claim, *_ = choices_of(AGENTS, outs).values()
    claimed = chat.until_done(chat.send({"from": "sam", "role": "agent", "press": claim}))
    assert seen_by("carl", [out for out in claimed if "to" in out]) == [TEXTS("handoff.claimed", agent="sam")]


def test_words_while_waiting_reach_the_agents_by_the_claim_at_the_latest(chat: Chat) -> None:
    reference, conversation = handed_over(chat, "dora")
    waiting = chat.says("dora", "the blue one, not the red one")
    claimed = chat.agent(f"/claim {reference}")
    told = " ".join(seen_by(AGENTS, waiting + claimed, conversation))
    assert "the blue one, not the red one" in told


def test_only_the_claimer_s_plain_words_reach_the_requester_and_only_while_they_have_it(chat: Chat) -> None:
    reference, conversation = handed_over(chat, "emil")
    there = {"in": conversation}
    assert seen_by("emil", chat.agent("before the claim", **there)) == []
    chat.agent(f"/claim {reference}")
    assert seen_by("emil", chat.agent("after the claim", **there)) == ["after the claim"]
    assert seen_by("emil", chat.agent("// inside", **there)) == []
    assert seen_by("emil", chat.agent("note: inside", **there)) == []
    assert seen_by("emil", chat.agent("somebody else's words", who="kim", **there)) == []
    assert seen_by("emil", chat.agent("said in the channel, not in the thread")) == []
    assert "what emil says" in " ".join(seen_by(AGENTS, chat.says("emil", "what emil says"), conversation))
    chat.agent(f"/release {reference}")
    assert seen_by("emil", chat.agent("after the release", **there)) == []
    chat.agent(f"/claim {reference}")
    chat.agent(f"/solve {reference}")
    assert seen_by("emil", chat.agent("after the end", **there)) == []


def test_the_second_to_claim_learns_who_has_it(chat: Chat) -> None:
    reference, _ = handed_over(chat, "fred")
    chat.agent(f"/claim {reference}")
    outs = chat.agent(f"/claim {reference}", who="kim")
    assert seen_by(AGENTS, outs) == [TEXTS("agents.claim_lost", agent="sam", reference=reference)]
    assert seen_by("fred", outs) == []


def test_a_closed_case_says_nothing_and_asks_for_no_rating(chat: Chat) -> None:
    reference, conversation = handed_over(chat, "gina")
    assert seen_by("gina", chat.agent(f"/close {reference}")) == []
    assert seen_by("gina", chat.advance("26h"), conversation) == []


# --- answers and surveys ------------------------------------------------------------------------------------------


def test_an_answer_carries_helpful_and_not_helpful_choices(chat: Chat) -> None:
    outs = chat.says("hugo", "How do I reset my password?")
    assert seen_by("hugo", outs) == ["Open the sign-in page, choose Forgot."]
    assert choices_of("hugo", outs).keys() >= {TEXTS("faq.that_helped"), TEXTS("faq.not_quite_label")}


def test_did_you_mean_has_a_none_of_these(chat: Chat) -> None:
    outs = chat.says("ines", "invoices holidays")
    assert seen_by("ines", outs) == [TEXTS("faq.did_you_mean")]
    none = choices_of("ines", outs)[TEXTS("faq.none_of_these")]
    assert seen_by("ines", chat.says("ines", press=none)) == [TEXTS("faq.none_of_these_then")]


def ticket_by_dialogue(chat: Chat, who: str) -> str:
    chat.says(who, "/ticket Door is stuck")
    chat.says(who, "Problem")
    chat.says(who, "It does not open")
    return reference_in(chat.says(who, "yes"), who)


@pytest.mark.parametrize("way", ["/ticket", "/human"])
def test_the_survey_comes_once_within_a_day_of_solve_however_the_ticket_was_opened(chat: Chat, way: str) -> None:
    who = f"judy{way[1:]}"
    reference = ticket_by_dialogue(chat, who) if way == "/ticket" else handed_over(chat, who)[0]
    chat.agent(f"/solve {reference}")
    question = TEXTS("survey.ask_rating", reference=reference)
    outs = chat.advance("24h")
    assert seen_by(who, outs).count(question) == 1
    rated = chat.says(who, press=choices_of(who, outs)[TEXTS("survey.label.5")])
    assert seen_by(who, rated) == [TEXTS("survey.ask_comment")]
    chat.says(who, "Quick!")
    chat.says(who, f"{reference} is still broken")
    chat.agent(f"/solve {reference}")
    assert question not in seen_by(who, chat.advance("48h"))


def test_a_survey_without_delay_comes_at_once(tmp_path: Path) -> None:
    config = write_config(tmp_path, "tinydb", skills=["handoff", {"survey": {"delay": "0s"}}])
    chat = Chat("--config", config)
    reference, _ = handed_over(chat, "kurt")
    solved = chat.agent(f"/solve {reference}")
    assert seen_by("kurt", solved)[-1] == TEXTS("survey.ask_rating", reference=reference)
    assert chat.end() == 0
