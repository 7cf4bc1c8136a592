"""Answer with whatever a server serves that could not be asked for its models when they were looked for."""

from collections.abc import Sequence

from msgspec.structs import replace

from hubbub.connections.http import Http
from hubbub.core.errors import ModelError
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.models.address import Address
from hubbub.models.base import Completion, Limits, ModelCard, SendPiece
from hubbub.models.discovery import ListRefused, ask_models, choose
from hubbub.models.faults import failure
from hubbub.models.openai import OpenAiModel
from hubbub.models.pace import Pace


class UnnamedModel:
    """A model whose name is not known yet: its server is asked with each question, until it tells.

    It takes the place of the model that somebody set up, so that a failure shows as one and nothing else answers.
    """

    def __init__(
        self, address: Address, card: ModelCard, http: Http, limits: Limits | None = None, pace: Pace | None = None
    ) -> None:
        self.pace = pace or Pace()
        self._address = address
        self._card = card
        self._http = http
        self._limits = limits
        self._model: OpenAiModel | None = None

    @property
    def card(self) -> ModelCard:
        return self._card

    async def complete(self, turns: Sequence[Turn], send: SendPiece, how: Generation | None = None) -> Completion:
        if self._model is None:
            self._model = OpenAiModel(await self._named(), self._card, self._http, self._limits, self.pace)
        return await self._model.complete(turns, send, how)

    async def _named(self) -> Address:
        server = self._address.server
        try:
            chosen = choose("", await ask_models(self._address, self._http))
        except ListRefused as error:
            raise failure(self._address, error.fault, error.status) from error
        except ConnectionError as error:
            raise ModelError(
                "The model's server can't be reached.",
                code="unreachable",
                detail=f"{server} can't be asked for its models: {error}.",
            ) from error
        if chosen is None:
            raise ModelError(
                "The model's server has no model to chat with. Tell whoever runs Hubbub.",
                code="no_model",
                detail=f"{server} lists no model to chat with. Set OPENAI_MODEL.",
            )
        return replace(self._address, model=chosen.id)
