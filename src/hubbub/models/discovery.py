"""Find the models that the environment and this machine offer."""

import re
from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from hubbub.connections.http import Http
from hubbub.connections.outside import BrokenOff, Unreachable
from hubbub.core.errors import SettingsError
from hubbub.core.tasks import Tasks
from hubbub.models.address import OPENAI_URL, Address, Secret, bare, compatible_address, host_of
from hubbub.models.azure_names import read_azure
from hubbub.models.base import PASSED_FIELDS, ModelCard
from hubbub.models.entra import SignIns
from hubbub.models.faults import UNREADABLE, Fault, read_fault, shortened
from hubbub.models.loose import count_of, mapping_of

OPENAI_MODEL = "gpt-4.1-mini"
"""Asked for at OpenAI where nothing says which."""
OPENAI_CONTEXT_TOKENS = 128_000
"""The least of OpenAI's models since 2024."""
COMPATIBLE_CONTEXT_TOKENS = 8192
OLLAMA_URL = "http://127.0.0.1:11434"
OLLAMA_CONTEXT_TOKENS = 4096
"""What Ollama gives a model unless told otherwise, whatever the model could take."""
OLLAMA_SECONDS = 0.3
OLLAMA_MODELS = 3
ASK_SECONDS = 5.0
_HOSTS = {
    name: name.partition("_")[0]  # both of Azure's are looked for in one place
    for name in ("openai", "azure", "azure_custom", "local", "ollama")
}
_NOT_FOR_CHAT = ("embed", "minilm", "bge-", "rerank", "whisper", "tts", "dall-e", "moderation", "image", "audio")


class Found(msgspec.Struct, frozen=True):
    """A model that can be used. Its card's `reason` says what brought it."""

    address: Address
    card: ModelCard


class Discovery(msgspec.Struct, frozen=True):
    """What was found, the preferred first, and what is there but half: one sentence a fault."""

    found: tuple[Found, ...] = ()
    faults: tuple[str, ...] = ()
    failing: tuple[Found, ...] = ()
    """Servers that are named but can't be asked what they serve; their addresses name no model."""
    all: tuple[Found, ...] = ()
    """What was found and what fails, the preferred first: nothing takes the place of what somebody set up."""


class ListedModel(msgspec.Struct, frozen=True):
    """A model as a server lists it."""

    id: str
    context_tokens: int | None = None
    """None where the server doesn't say."""


async def discover(environ: Mapping[str, str], http: Http, sign_ins: SignIns) -> Discovery:
    """Look at the environment's well-known variables and for an Ollama on this machine.

    OpenAI comes first, then Azure OpenAI, the local endpoint and Ollama; OPENAI_HOST (openai,
    azure, azure_custom, local, ollama) puts one of them before the others. Names are unique: a model
    that two of them have is named `provider/model` the second time. A server that is not there is a
    fault where a variable names it, and nothing at all where it was only looked for.
    """
    environ = {name: value.strip() for name, value in environ.items() if value.strip()}
    async with Tasks() as group:
        looks = {
            "openai": group.create_task(_openai(environ, http)),
            "azure": group.create_task(_azure(environ, sign_ins)),
            "local": group.create_task(_local(environ, http)),
            "ollama": group.create_task(_ollama(environ, http)),
        }
    host = environ.get("OPENAI_HOST", "").lower()
    preferred = _HOSTS.get(host, "")
    discoveries = {name: look.result() for name, look in looks.items()}
    order = sorted(discoveries, key=lambda name: name != preferred)
    faults = [fault for name in order for fault in discoveries[name].faults]
    if host and not preferred:
        faults.insert(0, f"OPENAI_HOST is {environ['OPENAI_HOST']!r}, which is none of {', '.join(_HOSTS)}.")
    elif preferred and not discoveries[preferred].found and not discoveries[preferred].faults:
        faults.insert(0, f"OPENAI_HOST is {environ['OPENAI_HOST']!r}, but nothing says where that is.")
    named = _uniquely_named(
        [(name, found) for name in order for found in (*discoveries[name].found, *discoveries[name].failing)]
    )
    return Discovery(
        tuple(found for found in named if found.address.model),
        (*faults,),
        tuple(found for found in named if not found.address.model),
        named,
    )


class ListRefused(ConnectionError):
    """A server was reached, and refused to list its models."""

    def __init__(self, words: str, fault: Fault, status: int) -> None:
        super().__init__(words)
        self.fault = fault
        self.status = status


async def ask_models(address: Address, http: Http, *, seconds: float = ASK_SECONDS) -> list[ListedModel]:
    """Return the models that a server lists at `/models`, in its order.

    Raises:
        ConnectionError: it can't be reached, or doesn't list any; the text says why.
    """
    status, body = await http.get(address.url("models"), headers=await address.authorization.headers(), seconds=seconds)
    if status != 200:
        fault = read_fault(body)
        said = shortened(fault.message or "", address)
        hint = address.authorization.hints.get(status, "").removesuffix(".")
        parts = (f"it answered with status {status}", f"“{said}”" if said else "", hint)
        raise ListRefused(": ".join(part for part in parts if part), fault, status)
    try:
        page: object = msgspec.json.decode(body)
    except UNREADABLE as error:
        raise ConnectionError("its list of models can't be read") from error
    entries = _entries(page)
    if entries is None:
        raise ConnectionError("its list of models can't be read")
    return [model for entry in entries if (model := _listed(entry)) is not None]


_REASONERS = re.compile(
    r"(?:^|[/:_-])o[134](?:$|[:_-])|gpt-?5|gpt-oss|deepseek-(?:r|v3\.[1-9])|(?:^|[/:_-])r1(?:$|[:_-])|qwq|qwen-?3|thinking"
    r"|reason|magistral|glm-(?:4\.[5-9]|[5-9])|kimi-k2|minimax-m|gemini-(?:2\.5|3)|grok-(?:3-mini|[4-9])|nemotron|seed-oss",
    re.IGNORECASE,
)


def is_for_reasoning(name: str) -> bool:
    """Guess from its name whether a model may think for long before it says anything."""
    return _REASONERS.search(name) is not None


def is_for_chat(name: str) -> bool:
    """Guess from its name whether a model chats: servers list embedders and others beside them."""
    return not any(part in name.lower() for part in _NOT_FOR_CHAT)


def _entries(page: object) -> Sequence[object] | None:
    """Return what a list of models lists, in whichever form; None where it is no list."""
    fields = mapping_of(page)
    if fields:
        name = next((name for name in ("data", "models") if name in fields), None)
        if name is None:
            return None
        page = fields[name] if fields[name] is not None else []
        return cast(list[object], page) if isinstance(page, list) else None
    listed = cast(list[object], page) if isinstance(page, list) else None
    return listed if listed is None or not listed or any(_listed(entry) for entry in listed) else None


def _listed(entry: object) -> ListedModel | None:
    if isinstance(entry, str) and entry:
        return ListedModel(entry)
    fields = mapping_of(entry)
    name = next((name for key in ("id", "name", "model") if isinstance(name := fields.get(key), str) and name), None)
    if name is None:
        return None
    lengths = (fields.get("max_model_len"), fields.get("context_length"), mapping_of(fields.get("meta")).get("n_ctx"))
    return ListedModel(name, next((length for given in lengths if (length := count_of(given))), None))  # vLLM, others


class _OllamaEntry(msgspec.Struct):
    name: str


class _OllamaPage(msgspec.Struct):
    models: list[_OllamaEntry]


_ollama_pages = msgspec.json.Decoder(_OllamaPage)


async def _openai(environ: Mapping[str, str], http: Http) -> Discovery:
    key, base_url = environ.get("OPENAI_API_KEY"), environ.get("OPENAI_BASE_URL")
    if _is_host(environ, "local") and "LOCAL_OPENAI_ENDPOINT" not in environ:
        base_url = None  # it says where the local server is
    if key is None and base_url is None:
        return Discovery()
    if key is None and host_of(base_url or "") == host_of(OPENAI_URL):
        return Discovery(faults=("OPENAI_BASE_URL is set to OpenAI itself, but OPENAI_API_KEY is not.",))
    secret = Secret(key) if key else None
    reason = "OPENAI_API_KEY is set" if key else "OPENAI_BASE_URL is set"
    address = compatible_address(base_url or OPENAI_URL, _openai_model(environ), secret)
    if address.base_url != OPENAI_URL:
        return await _compatible(address, "OPENAI_BASE_URL", f"OPENAI_BASE_URL is {bare(address.base_url)}", http)
    model = address.model or OPENAI_MODEL
    return Discovery((_found(msgspec.structs.replace(address, model=model), OPENAI_CONTEXT_TOKENS, reason),))


async def _azure(environ: Mapping[str, str], sign_ins: SignIns) -> Discovery:
    names = read_azure(environ)
    faults = list(names.faults)
    if names.endpoint and not names.chat:
        faults.append(f"{names.named_by} is set, but AZURE_OPENAI_CHAT_DEPLOYMENT is not: name the deployment.")
    if faults or not names.endpoint:
        return Discovery(faults=(*faults,))
    try:
        authorization = names.api_key if names.key else await sign_ins.source(names.sign_in)
    except SettingsError as error:
        return Discovery(faults=error.faults)
    reason = f"{names.named_by} is set" + ("" if names.key else "; it is signed in to without a key")
    return Discovery((_found(names.address(names.chat, authorization), OPENAI_CONTEXT_TOKENS, reason),))


async def _local(environ: Mapping[str, str], http: Http) -> Discovery:
    base_url = _local_url(environ)
    if base_url is None:
        return Discovery()
    variable = "LOCAL_OPENAI_ENDPOINT" if "LOCAL_OPENAI_ENDPOINT" in environ else "OPENAI_BASE_URL"
    model = _openai_model(environ) if _is_host(environ, "local") else ""
    address = compatible_address(base_url, model)
    return await _compatible(address, variable, f"{variable} is {bare(base_url)}", http)


def _local_url(environ: Mapping[str, str]) -> str | None:
    """Return where the local server is. With OPENAI_HOST = local the search sample says so in OPENAI_BASE_URL."""
    in_its_place = environ.get("OPENAI_BASE_URL") if _is_host(environ, "local") else None
    return environ.get("LOCAL_OPENAI_ENDPOINT") or in_its_place


def _is_host(environ: Mapping[str, str], name: str) -> bool:
    return environ.get("OPENAI_HOST", "").lower() == name


def _openai_model(environ: Mapping[str, str]) -> str:
    """Return the model's name. The search sample says it in Azure's variable, also where it isn't at Azure."""
    elsewhere = any(_is_host(environ, name) for name in ("openai", "local"))
    return environ.get("OPENAI_MODEL") or (environ.get("AZURE_OPENAI_CHATGPT_MODEL", "") if elsewhere else "")


async def _ollama(environ: Mapping[str, str], http: Http) -> Discovery:
    url = _ollama_url(environ.get("OLLAMA_HOST"))
    try:
        status, body = await http.get(f"{url}/api/tags", seconds=OLLAMA_SECONDS)
        names = [entry.name for entry in _ollama_pages.decode(body).models] if status == 200 else []
    except (Unreachable, BrokenOff, msgspec.DecodeError, UnicodeDecodeError):
        named = "OLLAMA_HOST" in environ
        return Discovery(faults=(f"OLLAMA_HOST is set, but no Ollama answers at {bare(url)}.",) if named else ())
    reason = f"Ollama runs at {host_of(url)}"
    chat = [name for name in names if is_for_chat(name)][:OLLAMA_MODELS]
    addresses = [compatible_address(f"{url}/v1", name, provider="Ollama") for name in chat]
    return Discovery(tuple(_found(address, OLLAMA_CONTEXT_TOKENS, reason) for address in addresses))


def _ollama_url(host: str | None) -> str:
    """Return where Ollama listens: OLLAMA_HOST may lack scheme and port, and 0.0.0.0 is no place to go to."""
    if host is None:
        return OLLAMA_URL
    scheme, separator, rest = host.rstrip("/").partition("://")
    if not separator:
        scheme, rest = "http", host.rstrip("/")
    rest = rest.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 # replaced, not bound
    has_port = ":" in rest.rpartition("]")[2]
    return f"{scheme}://{rest}" if has_port or separator else f"{scheme}://{rest}:11434"


async def _compatible(address: Address, variable: str, reason: str, http: Http) -> Discovery:
    """Find out what a server has, at least the context of the model that is asked for."""
    try:
        listed = await ask_models(address, http)
    except ConnectionError as error:
        if address.model:  # it may come up later, or list nothing
            return Discovery((_found(address, COMPATIBLE_CONTEXT_TOKENS, reason),))
        fault = f"{variable} is set, but {address.server} can't be asked for its models: {error}."
        return Discovery(faults=(fault,), failing=(_unnamed(address, reason),))
    chosen = choose(address.model, listed)
    if chosen is None:
        fault = f"{variable} is set, but {address.server} lists no model to chat with. Set OPENAI_MODEL."
        return Discovery(faults=(fault,), failing=(_unnamed(address, reason),))
    address = msgspec.structs.replace(address, model=chosen.id)
    return Discovery((_found(address, chosen.context_tokens or COMPATIBLE_CONTEXT_TOKENS, reason),))


def _unnamed(address: Address, reason: str) -> Found:
    found = _found(address, COMPATIBLE_CONTEXT_TOKENS, reason)
    return msgspec.structs.replace(found, card=msgspec.structs.replace(found.card, name=host_of(address.base_url)))


def choose(model: str, listed: Sequence[ListedModel]) -> ListedModel | None:
    """Return the model that is asked for, or the first one that chats."""
    if model:
        return next((entry for entry in listed if entry.id == model), ListedModel(model))
    return next((entry for entry in listed if is_for_chat(entry.id)), None)


def _found(address: Address, context_tokens: int, reason: str) -> Found:
    return Found(
        address,
        ModelCard(
            address.model,
            address.provider,
            context_tokens,
            can_ground=True,
            reason=reason,
            reads_images=address.provider in ("OpenAI", "Azure OpenAI"),
            calls_tools=True,
            passes_fields=PASSED_FIELDS,
        ),
    )


def _uniquely_named(found: Sequence[tuple[str, Found]]) -> tuple[Found, ...]:
    names: dict[str, Found] = {}
    for place, one in found:
        name = one.card.name
        if name in names:
            name = f"{place}/{name}"
        if name not in names:
            names[name] = msgspec.structs.replace(one, card=msgspec.structs.replace(one.card, name=name))
    return tuple(names.values())
