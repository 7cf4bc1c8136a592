import itertools

from hypothesis import given
from hypothesis import strategies as st

from hubbub.conversation.turns import well_formed
from hubbub.core.messages import Call, Role, Turn

CALLS = (Call("c1", "look", "{}"), Call("c2", "look", "{}"))
ROLES: list[Role] = ["user", "assistant"]
TURNS = st.one_of(
    st.builds(Turn, st.sampled_from(ROLES), st.sampled_from(["", " \n", "one", "two"])),
    st.builds(
        Turn, st.just("assistant"), st.sampled_from(["", "one"]), calls=st.sampled_from([CALLS, CALLS[:1], CALLS[1:]])
    ),
    st.builds(Turn, st.just("tool"), st.just("found"), call_id=st.sampled_from(["c1", "c2", "c3", None])),
)


def test_a_question_without_an_answer_and_the_next_one_are_one_turn() -> None:
    turns = [Turn("user", "One?"), Turn("assistant", ""), Turn("user", "One?"), Turn("user", "Two?")]
    assert well_formed(turns) == [Turn("user", "One?\n\nTwo?")]


def test_calls_keep_their_results_and_nothing_else_is_kept_of_them() -> None:
    asked, result = Turn("assistant", "", calls=CALLS), Turn("tool", "sun", call_id="c2")
    stray = Turn("tool", "rain", call_id="c9")
    assert well_formed([Turn("user", "Weather?"), stray, asked, result, Turn("assistant", "Sun.")]) == [
        Turn("user", "Weather?"),
        Turn("assistant", "", calls=CALLS[1:]),
        result,
        Turn("assistant", "Sun."),
    ]
    assert well_formed([Turn("user", "Weather?"), asked]) == [Turn("user", "Weather?")]


@given(st.lists(TURNS, max_size=12))
def test_no_server_has_a_reason_to_refuse_it(turns: list[Turn]) -> None:
    found = well_formed(turns)
    said = [turn for turn in found if turn.role != "tool"]
    assert all(turn.text.strip() or turn.calls for turn in found)
    assert not found or found[0].role == "user"
    for before, turn in itertools.pairwise(said):
        assert before.role != turn.role or before.calls
    for place, turn in enumerate(found):
        following = found[place + 1 : place + 1 + len(turn.calls)]
        assert [result.call_id for result in following] == [call.id for call in turn.calls]
    assert len([turn for turn in found if turn.role == "tool"]) == sum(len(turn.calls) for turn in found)
    texts = "".join(turn.text for turn in found)
    assert all(turn.text in texts for turn in turns if turn.role == "user" and turn.text.strip())
    assert well_formed(found) == found
