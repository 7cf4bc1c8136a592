"""Find the chats of a person by words, and the place in each where they stand."""

from hubbub.app.application import Application
from hubbub.core.messages import Chat, Role
from hubbub.history.base import Place, SearchableHistory
from hubbub.history.words import excerpt, words_of

MOST_PLACES = 500
"""So many places are looked at for one page; of long chats there may be many."""

FoundPlace = tuple[Chat, str | None, Role | None, float, str, list[tuple[int, int]]]


async def find(
    app: Application, owner_id: str, query: str, limit: int, before: int | None
) -> tuple[list[FoundPlace], int | None]:
    """Return chats in which all words of a query stand in one text, each once, and where to go on.

    Of a chat the newest place is returned. On later pages it may come again with an older one.
    """
    words = words_of(query)
    if not words or not isinstance(app.history, SearchableHistory):
        return [], None
    places: dict[str, Place] = {}
    following, seen = before, 0
    while len(places) < limit and seen < MOST_PLACES:
        more = await app.history.find(owner_id, words, limit=2 * limit, before=following)
        for place in more:
            if len(places) == limit:
                break
            places.setdefault(place.chat_id, place)
            following = place.number
        seen += len(more)
        if len(more) < 2 * limit and len(places) < limit:
            following = None
            break
    return [found for place in places.values() if (found := await _shown(app, place, words))], following


async def _shown(app: Application, place: Place, words: list[str]) -> FoundPlace | None:
    chat = await app.history.chat(place.chat_id)
    if chat is None:
        return None
    if place.message_id is None:
        cut = excerpt(chat.title, words)
        return chat, None, None, chat.created_at, cut.text, cut.marks
    message = await app.history.message(place.message_id)
    if message is None:
        return None
    text = message.text
    if message.role == "assistant":
        text = (await app.log.answers([message.id]))[message.id].text
    cut = excerpt(text, words)
    return chat, message.id, message.role, message.created_at, cut.text, cut.marks
