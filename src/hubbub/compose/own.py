"""Build models, embedders, loaders and wire formats of somebody's own."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import msgspec

from hubbub.compose.backends import DOORS, GUIDE, made_own, open_backend, open_chosen
from hubbub.connections.sandbox import Setup
from hubbub.core.embedding import Embedder
from hubbub.core.errors import SettingsError
from hubbub.ingest.base import Loader, OwnFormat
from hubbub.ingest.ocr.base import Plan
from hubbub.ingest.ocr.tesseract import data_folders
from hubbub.models.base import Limits, Model
from hubbub.models.own import OwnModel, own_embedder
from hubbub.registry import Kind, lacking, load, place_of
from hubbub.settings import OwnTable, Settings
from hubbub.settings.backends import Chosen
from hubbub.web.dialects.base import WireFormat

TAKE_FORMATS = "hubbub.ingest.loaders.kinds:take_formats"


async def own_model(stack: AsyncExitStack, settings: Settings, name: str, table: OwnTable, limits: Limits) -> OwnModel:
    """Open a model of somebody's own for as long as the stack.

    Raises:
        SettingsError: it can't be opened, or its card has another name.
    """
    path = f"models.{name}"
    model: Model = await open_chosen(stack, "model", table.backend, table.settings, f"{path}.settings", name=name)
    if model.card.name != name:
        raise SettingsError(
            [
                f"{path}: {table.backend} calls itself {model.card.name!r}; its card has to have the name that the "
                "parameter `name` gives it"
            ]
        )
    return OwnModel(model, limits, running=settings.admission.running_per_model)


async def opened_embedder(stack: AsyncExitStack, settings: Settings) -> Embedder:
    """Open the embedder of somebody's own for as long as the stack.

    Raises:
        SettingsError: it isn't named, or can't be opened.
    """
    backend = settings.embeddings.backend
    if not backend:
        raise SettingsError(['embeddings.backend: is needed where embeddings.provider is "own"'])
    return own_embedder(await open_backend(stack, settings, "embedder", backend))


def own_formats(settings: Settings) -> tuple[OwnFormat, ...]:
    """Return the formats that loaders of somebody's own read.

    Raises:
        SettingsError: one can't be made.
    """
    return tuple(_format(name, chosen) for name, chosen in settings.backends.loaders.items())


def _format(name: str, chosen: Chosen) -> OwnFormat:
    loader: Loader = _made("loader", chosen, f"backends.loaders.{name}")
    suffixes = tuple(loader.suffixes)
    if not suffixes or any(not suffix.startswith(".") or suffix != suffix.lower() for suffix in suffixes):
        raise SettingsError([f"loader: {chosen.backend} has to name `suffixes` in lower case, each with its point"])
    return OwnFormat(name, place_of("loader", chosen.backend), suffixes, loader.media_type, chosen.settings)


def ocr_plan_of(settings: Settings) -> Plan | None:
    """Return how text on pictures is recognised; None where that is switched off. It looks for folders."""
    ocr = settings.ingest.ocr
    if not ocr.is_on:
        return None
    folders = (str(ocr.data_folder),) if ocr.data_folder is not None else data_folders()
    limits = ocr.doubtful_below, ocr.cpu_seconds, ocr.wall_seconds
    return Plan(ocr.languages, folders, *limits, ocr.reader, ocr.most_pictures)


def setup_of(settings: Settings) -> Setup:
    """Return what a sandbox's children are made ready for: formats of somebody's own, and the data for OCR.

    Raises:
        SettingsError: one can't be made.
    """
    formats = own_formats(settings)
    plan = ocr_plan_of(settings)
    folders = plan.folders if plan is not None else ()
    if not formats:
        return Setup(folders=folders)
    packages = {one.place.partition(":")[0].partition(".")[0] for one in formats}
    return Setup(TAKE_FORMATS, {"formats": msgspec.to_builtins(formats)}, tuple(sorted(packages)), folders)


def media_types_of(settings: Settings) -> dict[str, str]:
    """Return the media types of formats that loaders of somebody's own read, by suffix."""
    return {suffix: one.media_type for one in own_formats(settings) for suffix in one.suffixes}


def wire_formats(settings: Settings) -> Mapping[str, WireFormat]:
    """Return the wire formats of somebody's own, by the names that the settings give them.

    Raises:
        SettingsError: one can't be made.
    """
    chosen = settings.backends.dialects
    return {name: _made("dialect", one, f"backends.dialects.{name}") for name, one in chosen.items()}


def _made(kind: Kind, chosen: Chosen, path: str) -> Any:
    try:
        made = made_own(kind, chosen.backend, load(kind, chosen.backend), chosen.settings, f"{path}.settings")
    except SettingsError:
        raise
    except Exception as error:  # whatever the code of others does when it begins
        raise SettingsError([f"{path}: it can't be made ({type(error).__name__}: {error})"]) from error
    if missing := lacking(made, DOORS[kind]):
        raise SettingsError([f"{path}: it has no {', '.join(missing)}; {GUIDE}"])
    return made
