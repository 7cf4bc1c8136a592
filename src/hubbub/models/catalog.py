"""Hold the models by name, in the order in which they are preferred."""

from collections.abc import Iterator, Sequence

from hubbub.core.errors import NotFound
from hubbub.models.base import Model


class Catalog:
    """The models that there are. The first one is the default."""

    def __init__(self, models: Sequence[Model]) -> None:
        """Take the models, the preferred one first.

        Raises:
            ValueError: there is none, or two of them have the same name.
        """
        if not models:
            raise ValueError("a catalog needs a model")
        self._models = {model.card.name: model for model in models}
        if len(self._models) < len(models):
            raise ValueError("two models have the same name")

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models.values())

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order of preference."""
        return tuple(self._models)

    @property
    def default(self) -> Model:
        """The model that answers where none is asked for."""
        return next(iter(self))

    def get(self, name: str) -> Model:
        """Return a model by its name.

        Raises:
            NotFound: there is none of that name; the message lists those there are.
        """
        if model := self._models.get(name):
            return model
        raise NotFound(f"There is no model named {name!r} here. There is: {', '.join(self.names)}.")

    def writer(self) -> Model | None:
        """Return the first model that can write over passages; None where passages can only be quoted."""
        return next((model for model in self if model.card.can_ground), None)
