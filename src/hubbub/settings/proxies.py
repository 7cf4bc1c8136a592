"""The settings of proxies that say who sends a request."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hubbub.settings.scim import Scim
from hubbub.settings.table import Names, Network, Table


class IdentityProxy(Table):
    """A proxy that signs people in, and says in headers who they are: `[identity.proxies.<name>]`."""

    kind: Literal["oauth2-proxy", "auth-request", "app-service", "cloudflare-access"]
    """Which headers it sets: X-Forwarded-User and the like (oauth2-proxy), X-Auth-Request-User and the like (the same
    behind nginx's auth_request), X-MS-CLIENT-PRINCIPAL (App Service), Cf-Access-Jwt-Assertion (Cloudflare Access)."""
    addresses: Annotated[tuple[Network, ...], Field(min_length=1)]
    """The addresses or networks that it connects from. From any other address these headers are refused."""
    label: str = ""
    """What messages call it; empty: its name in the settings."""
    issuer: Annotated[str, Field(pattern=r"^(https?://[^\s?#/]+)?$")] = ""
    """The team's address at Cloudflare Access, such as "https://example.cloudflareaccess.com"; needed there."""
    audiences: Names = ()
    """The AUD tags of the application at Cloudflare Access; needed there."""
    groups_claim: str = "groups"
    """The claim of App Service or Cloudflare Access that holds the groups; at Cloudflare Access a dot leads inside."""
    operator_groups: Names = ()
    """Who is in one of these is an operator."""
    allowed_groups: Names = ()
    """Only who is in one of these is let in. None: everybody whom the proxy lets in."""
    emails_are_verified: bool = False
    """Whether the proxy lets in only people whose e-mail was verified."""
    links_by_email: bool = False
    """Whether somebody new is the person with the same e-mail here, if both are verified. Else they are refused."""
    sign_out_path: str = ""
    """Where the page goes to sign somebody out; empty: the usual path of such a proxy."""
    scim: Scim = Scim()

    @model_validator(mode="after")
    def _is_whole(self) -> "IdentityProxy":
        if self.kind == "cloudflare-access" and not (self.issuer and self.audiences):
            raise ValueError("issuer and audiences are needed for Cloudflare Access, whose token is checked by them")
        if any(one.endswith("/0") for one in self.addresses):
            raise ValueError("addresses must not be everybody's: whoever connects from them says who somebody is")
        host = self.issuer.removeprefix("http://").partition(":")[0]
        if self.issuer.startswith("http://") and host not in ("localhost", "127.0.0.1"):
            raise ValueError("issuer must begin with https://, except on this machine")
        return self
