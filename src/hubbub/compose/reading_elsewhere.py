"""Build what reads pictures over the network, where the settings say so."""

from contextlib import AsyncExitStack
from urllib.parse import urlsplit

from hubbub.compose.azure import LOOPBACK
from hubbub.compose.models import choose_models
from hubbub.compose.own import ocr_plan_of
from hubbub.compose.pools import pooled
from hubbub.connections.http import Http
from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import SettingsError
from hubbub.ingest.ocr.azure import DocumentIntelligence
from hubbub.ingest.ocr.base import PictureReader
from hubbub.ingest.ocr.elsewhere import Elsewhere
from hubbub.ingest.ocr.vision import VisionReader
from hubbub.models.address import ApiKey, Authorization, Secret
from hubbub.models.entra import SignIn, SignIns
from hubbub.settings import Settings


async def open_elsewhere(stack: AsyncExitStack, settings: Settings, http: Http) -> Elsewhere | None:
    """Open what reads pictures elsewhere for as long as the stack; None where they stay here.

    Raises:
        SettingsError: what is said of it is not enough.
    """
    plan = await in_a_thread(lambda: ocr_plan_of(settings))
    if plan is None or not plan.is_elsewhere:
        return None
    reader = await (_azure if plan.way == "azure" else _model)(stack, settings, http)
    return Elsewhere(reader, plan, per_day=settings.ingest.ocr.pictures_per_day)


async def _model(stack: AsyncExitStack, settings: Settings, http: Http) -> PictureReader:
    name = settings.ingest.ocr.model
    chosen = await stack.enter_async_context(choose_models(settings, http))
    models = pooled(settings, list(chosen.models))
    found = next((model for model in models if model.card.name == name), None)
    if found is None or not found.card.reads_images:
        able = ", ".join(model.card.name for model in models if model.card.reads_images) or "none"
        what = "there is no model of that name" if found is None else "that model can't be shown pictures"
        raise SettingsError([f"ingest.ocr.model: {what}; those that can be shown some: {able}"])
    return VisionReader(found, picture_seconds=settings.ingest.ocr.picture_seconds)


async def _azure(stack: AsyncExitStack, settings: Settings, http: Http) -> PictureReader:
    table = settings.ingest.ocr.azure
    parts = urlsplit(table.endpoint)
    if not parts.hostname or (parts.scheme != "https" and parts.hostname not in LOOPBACK):
        raise SettingsError(["ingest.ocr.azure.endpoint: is needed: the resource's address, with https://"])
    authorization: Authorization
    if table.api_key is not None and (key := table.api_key.get_secret_value()):
        authorization = ApiKey(Secret(key), "api-key")
    else:
        sign_ins = await stack.enter_async_context(SignIns())
        sign_in = SignIn(table.credential, table.tenant_id, table.client_id, table.scope)
        authorization = await sign_ins.source(sign_in)
    seconds = settings.ingest.ocr.picture_seconds
    return DocumentIntelligence(http, table.endpoint, authorization, model=table.model, picture_seconds=seconds)
