"""Whose question is next."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from hubbub.answers.base import Party
from hubbub.answers.fair import LARGEST_TOKENS, QUANTUM_TOKENS, FairQueue

SHORT = QUANTUM_TOKENS


def nobody(party: Party) -> bool:
    return False


def party(person_id: str) -> Party:
    """Two of the persons come from one address."""
    return Party(person_id, "192.0.2.1" if person_id in "cd" else "")


def taken(queue: FairQueue[str], is_held_back: Callable[[Party], bool] = nobody) -> list[str]:
    found: list[str] = []
    while (item := queue.take(is_held_back)) is not None:
        found.append(item)
    return found


def test_persons_take_turns_and_keep_their_own_order() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(4):
        queue.add(Party("heavy"), f"h{number}", SHORT)
    for person in "abc":
        queue.add(Party(person), person, SHORT)
    assert taken(queue) == ["h0", "a", "b", "c", "h1", "h2", "h3"]
    assert len(queue) == 0


def test_many_persons_of_one_address_have_the_turns_of_one() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(50):
        queue.add(Party(f"cookie{number}", "192.0.2.1"), f"s{number}", SHORT)
    queue.add(Party("cookie0", "192.0.2.1"), "again", SHORT)
    queue.add(Party("other", "192.0.2.2"), "o1", SHORT)
    queue.add(Party("other", "192.0.2.2"), "o2", SHORT)
    queue.add(Party("key"), "k1", SHORT)
    order = taken(queue)
    assert order[:6] == ["s0", "o1", "k1", "s1", "o2", "s2"]
    assert order[-1] == "again"  # within the address persons take turns, too


def test_short_questions_overtake_long_ones() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.add(Party("long"), "long", 4 * QUANTUM_TOKENS)
    for number in range(5):
        queue.add(Party("short"), f"s{number}", QUANTUM_TOKENS)
    assert taken(queue) == ["s0", "s1", "s2", "long", "s3", "s4"]


def test_the_longest_waits_for_a_bounded_number_of_rounds() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.add(Party("long"), "long", 10**9)
    for number in range(100):
        queue.add(Party("short"), f"s{number}", QUANTUM_TOKENS)
    assert taken(queue).index("long") == LARGEST_TOKENS // QUANTUM_TOKENS - 1


def test_who_is_held_back_is_passed_over_and_saves_nothing() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.add(Party("a"), "a", SHORT)
    queue.add(Party("a"), "a long", 3 * SHORT)
    queue.add(Party("b"), "b", SHORT)
    assert queue.order(lambda party: party.person_id == "a") == [("b", 1), ("a", 1), ("a long", 2)]
    assert taken(queue, lambda party: party.person_id == "a") == ["b"]
    assert queue.take(lambda _: True) is None
    queue.add(Party("b"), "b2", SHORT)
    queue.add(Party("b"), "b3", SHORT)
    assert taken(queue) == ["a", "b2", "b3", "a long"]


def test_what_is_removed_is_gone() -> None:
    queue: FairQueue[str] = FairQueue()
    for item in ("a1", "a2", "a3"):
        queue.add(Party("a"), item, SHORT)
    queue.add(Party("b"), "b1", SHORT)
    queue.remove(Party("a"), "a2")
    queue.remove(Party("b"), "b1")
    assert taken(queue) == ["a1", "a3"]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from("abcd"), st.integers(-5, 3 * LARGEST_TOKENS)),
        st.tuples(st.just("take"), st.sets(st.sampled_from("abcd")), st.just(0)),
        st.tuples(st.just("remove"), st.integers(0, 30), st.just(0)),
    ),
    max_size=60,
)


@given(steps)
def test_the_order_told_is_the_order_kept_and_nothing_is_lost(steps: list[tuple[str, object, int]]) -> None:
    queue: FairQueue[str] = FairQueue()
    waiting: dict[str, str] = {}
    for count, (what, which, tokens) in enumerate(steps):
        if what == "add":
            person_id = str(which)
            waiting[f"{person_id}{count}"] = person_id
            queue.add(party(person_id), f"{person_id}{count}", tokens)
        elif what == "take":
            held_back = which if isinstance(which, set) else set[str]()
            free = {person_id for person_id in waiting.values() if person_id not in held_back}
            expected = queue.order(lambda party, held_back=held_back: party.person_id in held_back)
            item = queue.take(lambda party, held_back=held_back: party.person_id in held_back)
            assert (item is None) == (not free)
            if item is not None:
                assert item == expected[0][0]
                assert waiting.pop(item) in free
        elif isinstance(which, int) and which < len(waiting):
            item = list(waiting)[which]
            queue.remove(party(waiting.pop(item)), item)
        assert len(queue) == len(waiting)
    told = [item for item, _ in queue.order(nobody)]
    assert taken(queue) == told
    assert set(told) == set(waiting)


@given(st.lists(st.integers(1, LARGEST_TOKENS), min_size=50, max_size=50), st.integers(2, 6))
def test_tokens_are_shared_evenly_while_all_wait(costs: list[int], people: int) -> None:
    """Shreedhar and Varghese: nobody is ahead of another by more than a quantum and the largest question or two."""
    queue: FairQueue[tuple[str, int]] = FairQueue()
    left = {f"p{number}": 0 for number in range(people)}
    spent = dict.fromkeys(left, 0)
    for number, tokens in enumerate(costs):
        person_id = f"p{number % people}"
        queue.add(Party(person_id), (person_id, tokens), tokens)
        left[person_id] += 1
    while all(left.values()):
        taken = queue.take(nobody)
        assert taken is not None
        person_id, tokens = taken
        spent[person_id] += tokens
        left[person_id] -= 1
        assert max(spent.values()) - min(spent.values()) <= 2 * LARGEST_TOKENS + QUANTUM_TOKENS
