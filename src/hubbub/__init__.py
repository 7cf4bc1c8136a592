"""Hubbub: chat and search for many people at once.

`Hub` gives it to an application of one's own. What stands here is public, and nothing else is. All of it is loaded when
it is asked for: importing this package does nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubbub.answers.base import SharedStore as SharedStore
    from hubbub.core.answer import Answer as Answer
    from hubbub.core.documents import Citation as Citation
    from hubbub.core.documents import Collection as Collection
    from hubbub.core.documents import Document as Document
    from hubbub.core.documents import Hit as Hit
    from hubbub.core.documents import Passage as Passage
    from hubbub.core.documents import Retrieval as Retrieval
    from hubbub.core.embedding import Embedder as Embedder
    from hubbub.core.errors import BadParam as BadParam
    from hubbub.core.errors import Conflict as Conflict
    from hubbub.core.errors import HubbubError as HubbubError
    from hubbub.core.errors import Invalid as Invalid
    from hubbub.core.errors import Malformed as Malformed
    from hubbub.core.errors import ModelError as ModelError
    from hubbub.core.errors import ModelTooLong as ModelTooLong
    from hubbub.core.errors import NotAllowed as NotAllowed
    from hubbub.core.errors import NotFound as NotFound
    from hubbub.core.errors import NotSignedIn as NotSignedIn
    from hubbub.core.errors import Overloaded as Overloaded
    from hubbub.core.errors import SearchError as SearchError
    from hubbub.core.errors import SettingsError as SettingsError
    from hubbub.core.errors import StoreError as StoreError
    from hubbub.core.errors import StoreFull as StoreFull
    from hubbub.core.errors import TooBusy as TooBusy
    from hubbub.core.errors import TooLarge as TooLarge
    from hubbub.core.events import Asked as Asked
    from hubbub.core.events import Attached as Attached
    from hubbub.core.events import Cited as Cited
    from hubbub.core.events import Declined as Declined
    from hubbub.core.events import Done as Done
    from hubbub.core.events import Ending as Ending
    from hubbub.core.events import Event as Event
    from hubbub.core.events import Failed as Failed
    from hubbub.core.events import FollowUps as FollowUps
    from hubbub.core.events import LeftOut as LeftOut
    from hubbub.core.events import Prompted as Prompted
    from hubbub.core.events import Queued as Queued
    from hubbub.core.events import Reasoning as Reasoning
    from hubbub.core.events import Reclassified as Reclassified
    from hubbub.core.events import Searched as Searched
    from hubbub.core.events import Started as Started
    from hubbub.core.events import StillReading as StillReading
    from hubbub.core.events import Stopped as Stopped
    from hubbub.core.events import Text as Text
    from hubbub.core.events import ToolCall as ToolCall
    from hubbub.core.events import Usage as Usage
    from hubbub.core.messages import Call as Call
    from hubbub.core.messages import Chat as Chat
    from hubbub.core.messages import Message as Message
    from hubbub.core.messages import Turn as Turn
    from hubbub.core.people import GUEST as GUEST
    from hubbub.core.people import OPERATOR as OPERATOR
    from hubbub.core.people import Person as Person
    from hubbub.core.questions import Generation as Generation
    from hubbub.core.questions import Instructions as Instructions
    from hubbub.core.questions import Question as Question
    from hubbub.history.base import History as History
    from hubbub.history.base import Sessions as Sessions
    from hubbub.hub import Hub as Hub
    from hubbub.identity.base import Identity as Identity
    from hubbub.models.base import Model as Model
    from hubbub.models.base import ModelCard as ModelCard
    from hubbub.search.base import Library as Library
    from hubbub.search.base import Search as Search
    from hubbub.settings import Settings as Settings
    from hubbub.settings import load_settings as load_settings

__version__ = "0.1.0"

_PUBLIC = {
    "hubbub.hub": "Hub",
    "hubbub.settings": "Settings load_settings",
    "hubbub.core.people": "GUEST OPERATOR Person",
    "hubbub.core.messages": "Call Chat Message Turn",
    "hubbub.core.questions": "Generation Instructions Question",
    "hubbub.core.answer": "Answer",
    "hubbub.core.documents": "Citation Collection Document Hit Passage Retrieval",
    "hubbub.core.embedding": "Embedder",
    "hubbub.core.events": "Asked Attached Cited Declined Done Ending Event Failed FollowUps LeftOut Prompted Queued "
    "Reasoning Reclassified Searched Started StillReading Stopped Text ToolCall Usage",
    "hubbub.core.errors": "BadParam Conflict HubbubError Invalid Malformed ModelError ModelTooLong NotAllowed NotFound "
    "NotSignedIn Overloaded SearchError SettingsError StoreError StoreFull TooBusy TooLarge",
    "hubbub.identity.base": "Identity",
    "hubbub.models.base": "Model ModelCard",
    "hubbub.search.base": "Library Search",
    "hubbub.history.base": "History Sessions",
    "hubbub.answers.base": "SharedStore",
}
"""The public names, by the module that has them."""
_PLACES = {name: module for module, names in _PUBLIC.items() for name in names.split()}
__all__ = ["__version__", *sorted(_PLACES)]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    """Load what is asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_PLACES[name]), name)
    return found


def __dir__() -> list[str]:
    return __all__
