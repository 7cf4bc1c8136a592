"""Build what knows people by their sign-in elsewhere: OpenID Connect providers, proxies, tokens of programs."""

from collections.abc import Sequence
from ipaddress import ip_network
from itertools import combinations

from hubbub.connections.http import Http
from hubbub.core.people import GROUP, is_of_provider, scoped
from hubbub.identity.accounts_sqlite import PROVIDER
from hubbub.identity.oidc import Client, Provider, Providers
from hubbub.identity.oidc_bearer import ProgramTokens
from hubbub.identity.oidc_tokens import Rules
from hubbub.identity.proxy_headers import IdentityProxies, IdentityProxy, ProxyHeaders
from hubbub.identity.proxy_tokens import AccessTokens
from hubbub.identity.stores import IdTokens
from hubbub.identity.vouched import Source
from hubbub.settings import Settings


def provider_names(settings: Settings) -> tuple[str, ...]:
    """Return the names of those that say which groups people are in; none where an identity of one's own does."""
    wanted = settings.identity
    return (*wanted.oidc, *wanted.proxies) if wanted.backend == "open" else ()


def faults_of_names(settings: Settings) -> list[str]:
    """Return where a provider or a group could be taken for another one."""
    wanted, names = settings.identity, provider_names(settings)
    faults = [
        f"identity.proxies.{name}: there is an identity.oidc.{name}, too"
        for name in wanted.proxies
        if name in wanted.oidc
    ]
    faults += [
        f"identity: {PROVIDER!r} is the name of the accounts here; call the provider otherwise"
        for name in names
        if name == PROVIDER
    ]
    networks = [(name, ip_network(one)) for name, proxy in wanted.proxies.items() for one in proxy.addresses]
    for (name, one), (other, another) in combinations(networks, 2):
        if name != other and one.version == another.version and one.overlaps(another):
            faults.append(f"identity.proxies.{other}.addresses: {another} is of identity.proxies.{name}, too")
    if names:
        claimed = [group for group in settings.quotas.groups if not group.startswith(GROUP)]
        faults += [
            f"quotas.groups.{group}: say of which provider, as in {scoped(names[0], group)!r}; "
            f"a group that was made here is {GROUP + group!r}"
            for group in claimed
            if not is_of_provider(group, names)
        ]
    return faults


def identity_proxies(settings: Settings) -> IdentityProxies | None:
    """Return the proxies that say who sends a request; None: there are none."""
    return (
        IdentityProxies(_proxies(settings))
        if settings.identity.proxies and settings.identity.backend == "open"
        else None
    )


def sources_of(settings: Settings, providers: Providers, http: Http) -> Sequence[Source]:
    """Return what vouches for somebody with each request, the first that finds something counts."""
    has_audiences = any(one.client.audiences for one in providers.by_name.values())
    of_proxies = [ProxyHeaders(_access_tokens(settings, http))] if settings.identity.proxies else []
    of_programs = [ProgramTokens(list(providers.by_name.values()))] if has_audiences else []
    return [*of_proxies, *of_programs]


def providers_of(settings: Settings, http: Http, id_tokens: IdTokens) -> Providers:
    """Return the providers that people sign in at."""
    return Providers(
        {
            name: Provider(
                Client(
                    name=name,
                    label=one.label or name,
                    issuer=one.issuer,
                    client_id=one.client_id,
                    client_secret=one.client_secret.get_secret_value() if one.client_secret else "",
                    scopes=one.scopes,
                    groups_claim=one.groups_claim,
                    roles_claim=one.roles_claim,
                    operator_groups=frozenset(one.operator_groups),
                    allowed_groups=frozenset(one.allowed_groups),
                    allowed_domains=frozenset(domain.lower() for domain in one.allowed_domains),
                    allowed_tenants=one.allowed_tenants,
                    subject_claim=one.subject_claim,
                    audiences=one.audiences,
                    links_by_email=one.links_by_email,
                    ends_session=one.ends_session,
                ),
                http,
            )
            for name, one in settings.identity.oidc.items()
        },
        id_tokens,
    )


def _proxies(settings: Settings) -> list[IdentityProxy]:
    return [
        IdentityProxy(
            name=name,
            label=one.label or name,
            kind=one.kind,
            networks=one.addresses,
            groups_claim=one.groups_claim,
            operator_groups=frozenset(one.operator_groups),
            allowed_groups=frozenset(one.allowed_groups),
            emails_are_verified=one.emails_are_verified,
            links_by_email=one.links_by_email,
            sign_out_path=one.sign_out_path,
        )
        for name, one in settings.identity.proxies.items()
    ]


def _access_tokens(settings: Settings, http: Http) -> dict[str, AccessTokens]:
    return {
        name: AccessTokens(
            one.label or name, Rules(one.issuer, "", audiences=one.audiences, groups_claim=one.groups_claim), http
        )
        for name, one in settings.identity.proxies.items()
        if one.kind == "cloudflare-access"
    }
