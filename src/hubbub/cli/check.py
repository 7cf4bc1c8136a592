"""Say what will be used and why, before anything is served."""

import asyncio
import time
from collections.abc import Sequence

import apsw
from rich.console import Console
from rich.table import Table

from hubbub.compose import (
    azure_faults,
    backend_faults,
    can_embed_model,
    check_bucket,
    check_databases,
    choose_models,
    everybody_warning,
    faults_of,
    has_documents_in_folder,
    identity_faults,
    missing_packages,
    missing_weights,
    open_embedder,
    origins_for,
    pools_of,
    prepare_folder,
    sandbox_of,
    telemetry_faults,
    telemetry_shown,
    ways_to_sign_in,
)
from hubbub.connections.http import Http
from hubbub.connections.sandbox import NotStarted
from hubbub.core.errors import ModelError, SettingsError, StoreError
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.models.base import Model, ModelCard, Piece
from hubbub.settings import Settings

TRY_SECONDS = 20.0
"""How long a model may take for one token."""
console = Console(soft_wrap=True, highlight=False)


def check(settings: Settings) -> bool:
    """Print what will be used; returns whether nothing is wrong."""
    faults: list[str] = []
    postgres: tuple[str, str, list[str]] | None = None
    table = Table("what", "used", "why", show_edge=False, pad_edge=False)
    try:
        prepare_folder(settings.server.data_folder)
        table.add_row("data folder", str(settings.server.data_folder), "it can be written")
        postgres = asyncio.run(check_databases(settings))
        if settings.database.files == "bucket":
            asyncio.run(check_bucket(settings))
            table.add_row("files", settings.database.bucket.url, "it can be written and read")
    except SettingsError as error:
        faults += error.faults
    except StoreError as error:
        faults.append(error.for_operators)
    if postgres is not None:
        table.add_row("chats" if has_documents_in_folder(settings) else "chats and documents", *postgres[:2])
    table.add_row("database", f"SQLite {apsw.sqlite_lib_version()}", "bundled with apsw")
    cards, embedder, model_faults, told = asyncio.run(_models(settings))
    faults += model_faults
    pools = pools_of(settings)
    faults += faults_of(pools, {card.name for card in cards})
    names = [*pools, *(card.name for card in cards)]
    if settings.default_model and settings.default_model not in names:
        there = ", ".join(names) or "none"
        faults.append(f"default_model: there is no model {settings.default_model!r}; there is: {there}")
    for card in cards:
        reason = f"{card.reason}; {told[card.name]}" if card.name in told else card.reason
        table.add_row("model", f"{card.name} ({card.provider})", reason)
    for name, pool in pools.items():
        table.add_row("model", f"{name} ({', '.join(one.model for one in pool.members)})", f"models.{name} is set")
    writer = next((card for card in cards if card.can_ground), None)
    if writer is not None:
        table.add_row("over documents", f"written by {writer.name}", "it can write grounded answers")
    else:
        table.add_row("over documents", "quoted sentences", "no model here is trusted to write over documents")
    is_there = settings.search.backend == "sqlite" and not has_documents_in_folder(settings)
    search = "postgres" if is_there else settings.search.backend
    table.add_row("search", search, f"words, and meanings by {embedder}" if embedder else "words only")
    if settings.identity.needs_key:
        table.add_row("let in", "programs with an API key", "identity.needs_key is true; the page is closed")
    elif ways := ways_to_sign_in(settings):
        table.add_row("let in", "who has signed in, and API keys", f"{', '.join(ways)} is set")
    else:
        table.add_row("let in", settings.identity.backend, "the identity, which says who sends a request")
    faults += identity_faults(settings)
    faults += [fault for fault in backend_faults(settings) if fault not in faults]
    faults += azure_faults(settings)
    if settings.server.frontend is not None:
        table.add_row("page", str(settings.server.frontend), "server.frontend is set; Hubbub's own is not shown")
    try:
        for origin in origins_for(settings):
            table.add_row("pages of", origin, "server.allowed_origins or ALLOWED_ORIGIN names it")
    except SettingsError as error:
        faults += error.faults
    if (sent := telemetry_shown(settings)) is not None:
        table.add_row("telemetry", *sent)
    remains = asyncio.run(_remains(settings))
    held = "each without network, files and processes of the server" if not remains else "not held back by the kernel"
    table.add_row("readers", held, "Landlock and seccomp hold them" if not remains else "; ".join(remains))
    console.print(table)
    for line in missing_packages(settings):
        console.print(line, markup=False)
    for weights in missing_weights(settings):
        console.print(f"To be fetched at the first start: {weights}", markup=False)
    for lack in (*(postgres[2] if postgres is not None else ()), *telemetry_faults(settings)):
        console.print(f"! {lack}", style="yellow", markup=False)
    if not cards:
        faults.append("There is no model: chat will not work. Set OPENAI_API_KEY, or embedded.is_enabled = true.")
    if (warning := everybody_warning(settings)) is not None and settings.identity.open_to_everybody:
        console.print(f"! {warning}", style="yellow", markup=False)
    for fault in faults:
        console.print(f"✗ {fault}", style="red", markup=False)
    if not faults:
        console.print("✓ Ready for `hubbub serve`.", style="green")
    return not faults


async def _models(settings: Settings) -> tuple[list[ModelCard], str | None, list[str], dict[str, str]]:
    """Return the models, what embeds, what is wrong with them, and what came back from each that was tried."""
    told: dict[str, str] = {}
    cards: list[ModelCard] = []
    faults: list[str] = []
    embedder: str | None = None if settings.embeddings.provider == "none" else settings.embeddings.provider
    async with Http() as http:
        try:
            async with choose_models(settings, http) as chosen:
                cards += [model.card for model in chosen.models]
                faults += chosen.faults
                for model, (answered, fault) in zip(chosen.models, await _tried(chosen.models), strict=True):
                    told[model.card.name] = answered
                    if fault and fault not in faults:
                        faults.append(fault)
        except SettingsError as error:
            faults += error.faults
        if settings.embeddings.provider in ("azure", "openai", "own"):  # to open the one on this machine would load it
            try:
                async with open_embedder(settings, http) as opened:
                    embedder = f"{opened.name} ({settings.embeddings.provider})" if opened else None
            except SettingsError as error:
                faults += [fault for fault in error.faults if fault not in faults]
    if can_embed_model(settings):
        embedded = settings.embedded
        reason = "embedded.is_enabled is true; it runs on this machine"
        cards.append(ModelCard(embedded.name, "embedded", embedded.context_tokens, embedded.can_ground, reason))
    cards.sort(key=lambda card: card.name != settings.default_model)
    return cards, embedder, faults, told


async def _remains(settings: Settings) -> list[str]:
    """Return what a document could do here that takes its reader over; nothing where the kernel holds it back."""
    found = await sandbox_of(settings).layers()
    return [f"a reader can't be started: {found.reason}"] if isinstance(found, NotStarted) else found.missing


async def _tried(models: Sequence[Model]) -> list[tuple[str, str | None]]:
    """Ask each model for one token; return what came back, and what is wrong where it failed."""
    return await asyncio.gather(*map(_try, models))


async def _try(model: Model) -> tuple[str, str | None]:
    began = time.monotonic()
    for tokens in (1, 16):  # some reasoning models refuse to be given a single one
        try:
            async with asyncio.timeout(TRY_SECONDS):
                await model.complete([Turn("user", "Hi")], _leave, Generation(max_tokens=tokens))
        except TimeoutError:
            fault = f"{model.card.name}: it did not answer within {TRY_SECONDS:g} s. Check its server."
            return "it does not answer", fault
        except ModelError as error:
            if error.code == "not_accepted" and tokens == 1:
                continue
            return "it fails", f"{model.card.name}: {error.for_operators}"
        break
    return f"it answered in {time.monotonic() - began:.1f} s", None


def _leave(piece: Piece) -> None:
    """Nobody reads what it says."""
