"""Put models together that the settings make one of."""

from collections.abc import Sequence

from hubbub.core.errors import SettingsError
from hubbub.models.base import Model
from hubbub.models.pool import Member, PooledModel
from hubbub.settings import Pool, Settings


def pools_of(settings: Settings) -> dict[str, Pool]:
    """Return the pools that the settings name."""
    return {name: table for name, table in settings.models.items() if isinstance(table, Pool)}


def attempt_seconds(settings: Settings, name: str) -> float:
    """Return how long a model may take for its first token: where another one can be asked instead, not so long."""
    usual = settings.answers.first_token_seconds
    pools = pools_of(settings).values()
    return min([usual, *(pool.first_token_seconds for pool in pools if name in _names(pool) and len(pool.members) > 1)])


def pooled(settings: Settings, models: Sequence[Model]) -> list[Model]:
    """Return the models with the pools among them, in the order of the settings, and without the pools' members.

    Raises:
        SettingsError: a pool has a member that is not there, or one twice.
    """
    pools = pools_of(settings)
    there = {model.card.name: model for model in models}
    if faults := faults_of(pools, there):
        raise SettingsError(faults)
    made: list[Model] = [_made(settings, name, pool, there) for name, pool in pools.items()]
    members = {member for pool in pools.values() for member in _names(pool)}
    order = list(settings.models)
    left = [*made, *(model for model in models if model.card.name not in members)]
    return sorted(left, key=lambda model: order.index(model.card.name) if model.card.name in order else len(order))


def faults_of(pools: dict[str, Pool], there: "dict[str, Model] | set[str]") -> list[str]:
    """Return what is wrong with the pools where these models are there, a line each."""
    faults: list[str] = []
    for name, pool in pools.items():
        names = _names(pool)
        faults += [
            f"models.{name}.members: there is no model {member!r}; there is: {', '.join(sorted(there)) or 'none'}"
            for member in names
            if member not in there
        ]
        if len(set(names)) < len(names):
            faults.append(f"models.{name}.members: each model can be there once; give it more weight instead")
    return faults


def _made(settings: Settings, name: str, pool: Pool, there: dict[str, Model]) -> PooledModel:
    members = [
        Member(there[one.model], one.priority, one.weight, getattr(there[one.model], "pace", None))
        for one in pool.members
    ]
    return PooledModel(
        name,
        members,
        running=settings.admission.running_per_model,
        hedge_seconds=pool.hedge_seconds,
        reason=f"models.{name} is set",
    )


def _names(pool: Pool) -> list[str]:
    return [member.model for member in pool.members]
