"""Make a tree of questions and answers, by turns, of a tree in which anything may follow anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hubbub.core.errors import TooLarge
from hubbub.core.reasons import Reason, because
from hubbub.ingest.chats.base import MOST_CHARACTERS, MOST_CHAT_CHARACTERS, Node, ReadMessage, Tree
from hubbub.ingest.chats.values import below_each_other

APART_SECONDS = 0.001
"""So long after what it follows a message was written at least: chats are told in the order of their times."""
NO_QUESTION = "[No question was here.]"
NO_ANSWER = "[No answer was here.]"


@dataclass(eq=False)
class _Turn:
    """What was said in a row by one side so far: a message, and the turn that it goes on with."""

    node: Node
    above: "_Turn | None"
    """The turn of the other side that it follows."""
    before: "_Turn | None" = None
    at: int | None = None
    """Its place among the messages, once it is there."""

    def nodes(self) -> list[Node]:
        """Return the messages that it was made of, in order."""
        found: list[Node] = []
        turn: _Turn | None = self
        while turn is not None:
            found.append(turn.node)
            turn = turn.before
        return found[::-1]


@dataclass
class _Made:
    """The messages so far."""

    most: int
    begun_at: float
    messages: list[ReadMessage] = field(default_factory=list[ReadMessage])
    places: dict[str, int] = field(default_factory=dict[str, int])
    """By the key of a node, the message that it is in."""
    characters: int = 0
    missing: int = 0
    cut: int = 0


def messages_of(tree: Tree, *, most: int, begun_at: float) -> tuple[list[ReadMessage], list[Reason]]:
    """Return the messages of a chat, each behind its parent, and what is to be said of them.

    What the same side said in a row is one message; what stands nowhere is left out, and told.

    Raises:
        TooLarge: there are more, or longer ones, than a chat may have.
    """
    nodes = {node.key: node for node in reversed(tree.nodes) if node.key}  # of several with one key the first
    children, lost = _children(nodes, tree.nodes)
    order = _from_above(children)
    made = _Made(most, begun_at)
    for turn in _turns(children, _telling(order, children)):
        _put(made, turn)
    _show(made, nodes, tree.shown)
    return made.messages, _remarks(made, lost, len(nodes) - len(order))


def _children(nodes: Mapping[str, Node], order: Sequence[Node]) -> tuple[dict[str | None, list[Node]], int]:
    """Return nodes by what they follow, in order, and how many follow something that is not there."""
    children: dict[str | None, list[Node]] = {}
    lost = 0
    for node in order:
        if nodes.get(node.key) is not node:
            continue
        is_lost = node.parent is not None and node.parent not in nodes
        lost += is_lost and node.role != ""
        children.setdefault(None if is_lost else node.parent, []).append(node)
    return children, lost


def _from_above(children: Mapping[str | None, Sequence[Node]]) -> list[Node]:
    """Return the nodes that a way leads to, each behind its parent: none of those that lead back to themselves."""
    found = list(children.get(None, ()))
    for node in found:
        found += children.get(node.key, ())
    return found


def _telling(order: Sequence[Node], children: Mapping[str | None, Sequence[Node]]) -> set[str]:
    """Return the keys of nodes that say something, or that something follows that does."""
    telling: set[str] = set()
    for node in reversed(order):
        says = node.role != "" and bool(node.text.strip() or node.reasoning.strip())
        if says or any(child.key in telling for child in children.get(node.key, ())):
            telling.add(node.key)
    return telling


def _turns(children: Mapping[str | None, Sequence[Node]], telling: set[str]) -> list[_Turn]:
    """Return the turns as they end: where the other side goes on, or nobody does. Each is behind what it follows."""
    ended: dict[int, _Turn] = {}
    waiting: list[tuple[Node, _Turn | None]] = [(node, None) for node in reversed(children.get(None, ()))]
    while waiting:
        node, turn = waiting.pop()
        if node.key not in telling:
            continue
        if node.role and (node.text.strip() or node.reasoning.strip()):
            if turn is not None and turn.node.role == node.role:
                turn = _Turn(node, turn.above, turn)
            else:
                if turn is not None:
                    ended.setdefault(id(turn), turn)
                turn = _Turn(node, turn)
        following = [child for child in children.get(node.key, ()) if child.key in telling]
        if not following and turn is not None:
            ended.setdefault(id(turn), turn)
        waiting += [(child, turn) for child in reversed(following)]
    return list(ended.values())


def _put(made: _Made, turn: _Turn) -> None:
    """Add a turn to the messages."""
    nodes = turn.nodes()
    first, role = nodes[0], nodes[0].role
    assert role  # noqa: S101 (there are no turns of others)
    above = None if turn.above is None else turn.above.at
    if above is None and role == "assistant":
        above = _add(made, ReadMessage(f"{first.key}/question", None, "user", NO_QUESTION, first.created_at or 0.0))
    made.missing += sum(node.missing for node in nodes)
    text = _cut(made, below_each_other([node.text for node in nodes]))
    thoughts = _cut(made, below_each_other([node.reasoning for node in nodes]))
    model = next((node.model for node in reversed(nodes) if node.model), "")
    key = nodes[-1].key
    at = _add(made, ReadMessage(key, above, role, text, first.created_at or 0.0, model, thoughts))
    turn.at = at
    made.places.update(dict.fromkeys([node.key for node in nodes], at))


def _add(made: _Made, message: ReadMessage) -> int:
    parent = None if message.parent is None else made.messages[message.parent]
    earliest = made.begun_at if parent is None else parent.created_at + APART_SECONDS
    if message.created_at < earliest and (parent is not None or not message.created_at):
        message.created_at = earliest
    made.messages.append(message)
    made.characters += len(message.text) + len(message.reasoning)
    if len(made.messages) > made.most:
        raise TooLarge(because("import_messages", most=made.most))
    if made.characters > MOST_CHAT_CHARACTERS:
        raise TooLarge(because("import_long", most=MOST_CHAT_CHARACTERS))
    return len(made.messages) - 1


def _cut(made: _Made, text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    made.cut += 1
    return f"{text[:MOST_CHARACTERS]}\n\n[{len(text) - MOST_CHARACTERS} more characters were here.]"


def _show(made: _Made, nodes: Mapping[str, Node], shown: str | None) -> None:
    """Answer what has no answer, and let the branch that was shown be the newest one, which is shown."""
    answered = {message.parent for message in made.messages}
    for at, message in enumerate(list(made.messages)):
        if message.role == "user" and at not in answered:
            _add(made, ReadMessage(f"{message.key}/answer", at, "assistant", NO_ANSWER, 0.0))
    seen: set[str] = set()
    while shown is not None and shown in nodes and shown not in made.places and shown not in seen:
        seen.add(shown)
        shown = nodes[shown].parent
    if shown not in made.places:
        return
    at = made.places[shown]
    followers = [place for place, message in enumerate(made.messages) if message.parent == at]
    last = followers[-1] if made.messages[at].role == "user" else at
    newest = max(message.created_at for message in made.messages)
    is_alone = sum(message.created_at == newest for message in made.messages) == 1
    if made.messages[last].created_at < newest or not is_alone:
        made.messages[last].created_at = newest + APART_SECONDS


def _remarks(made: _Made, lost: int, circling: int) -> list[Reason]:
    told = (
        because("import_parts", count=made.missing),
        because("import_cut", count=made.cut),
        because("import_lost", count=lost),
        because("import_circling", count=circling),
    )
    return [one for one in told if one.values["count"]]
