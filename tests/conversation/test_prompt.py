from hubbub.conversation.prompt import fit, fit_since, prompt_text, with_sources
from hubbub.conversation.tokens import estimate_tokens
from hubbub.core.documents import Hit
from hubbub.core.messages import Call, Turn

TURNS = [Turn("user", "one " * 50), Turn("assistant", "two " * 50), Turn("user", "three"), Turn("assistant", "four")]


def test_all_turns_where_they_fit() -> None:
    assert fit("system", TURNS, "now", budget_tokens=1000).turns == [
        Turn("system", "system"),
        *TURNS,
        Turn("user", "now"),
    ]


def test_the_oldest_go_first_and_the_history_begins_with_a_question() -> None:
    budget = sum(estimate_tokens(text) for text in ("system", "now", "four", "three", TURNS[1].text))
    assert fit("system", TURNS, "now", budget_tokens=budget).turns[1:-1] == TURNS[2:]
    assert fit("system", TURNS, "now", budget_tokens=0).turns == [Turn("system", "system"), Turn("user", "now")]


def test_sources_are_numbered_and_on_one_line() -> None:
    hits = [Hit("p", "d", "c", "a.pdf", "Atlas", "two\n lines", 3, "North › Sea", 1.0)]
    assert with_sources("Where?", hits) == "Sources:\n\n[1] Atlas › North › Sea, page 3\ntwo lines\n\nQuestion: Where?"


def test_the_prompts_are_there() -> None:
    for name in ("chat", "grounded", "query"):
        assert prompt_text(name)


def test_long_results_of_tools_are_given_in_part() -> None:
    calls = (Call("a", "look", "{}"), Call("b", "look", "{}"))
    turns = [
        Turn("assistant", "", calls=calls),
        Turn("tool", "x" * 40_000, call_id="a"),
        Turn("tool", "short", call_id="b"),
    ]
    since = fit_since(turns, budget_tokens=1000)
    assert [turn.role for turn in since] == ["assistant", "tool", "tool"]
    assert since[0] == turns[0] and since[2] == turns[2]
    assert "characters are left out" in since[1].text
    assert sum(estimate_tokens(turn.text) for turn in since) <= 1000
    assert fit_since(turns[:2], budget_tokens=100_000)[0].calls == calls[:1], "a call without a result is none"
