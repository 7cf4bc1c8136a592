"""Hold the models by name, in the order in which they are preferred."""

from collections.abc import Iterator, Sequence

from hubbub.core.errors import NotFound, SettingsError
from hubbub.models.base import Model


class Catalog:
    """The models that there are. The first one is the default."""

    def __init__(self, models: Sequence[Model], *, preferred: str = "") -> None:
        """Take the models, the best first; a preferred one goes before all others.

        Raises:
            ValueError: two of them have the same name.
            SettingsError: the preferred one is not among them.
        """
        self._models = {model.card.name: model for model in models}
        if len(self._models) < len(models):
            raise ValueError("two models have the same name")
        if preferred:
            if preferred not in self._models:
                there = ", ".join(self._models) or "none"
                raise SettingsError([f"default_model: there is no model {preferred!r}; there is: {there}"])
            self._models = {preferred: self._models.pop(preferred), **self._models}

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models.values())

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order of preference."""
        return tuple(self._models)

    @property
    def default(self) -> Model | None:
        """The model that answers where none is asked for; None where there is none at all."""
        return next(iter(self), None)

    def get(self, name: str) -> Model:
        """Return a model by its name.

        Raises:
            NotFound: there is none of that name; the message lists those there are.
        """
        if model := self._models.get(name):
            return model
        raise NotFound(f"There is no model named {name!r} here. There is: {', '.join(self.names) or 'none'}.")

    def among(self, names: Sequence[str]) -> "Catalog":
        """Return those of these names, in the order of preference here."""
        return Catalog([model for name, model in self._models.items() if name in names])

    def writer(self) -> Model | None:
        """Return the first model that can write over passages; None where passages can only be quoted."""
        return next((model for model in self if model.card.can_ground), None)
