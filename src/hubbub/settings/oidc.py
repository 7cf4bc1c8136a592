"""The settings of OpenID Connect providers."""

from typing import Annotated

from pydantic import Field, SecretStr, model_validator

from hubbub.settings.scim import Scim
from hubbub.settings.table import Names, Table, Text


class OidcProvider(Table):
    """A provider that people sign in at by OpenID Connect: `[identity.oidc.<name>]`."""

    issuer: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")]
    """Its address, exactly as the provider writes it. Plain http only on a loopback address."""
    client_id: Text
    """The name of this server there."""
    client_secret: SecretStr | None = None
    """The secret for that; none for a public client."""
    label: str = ""
    """What the sign-in page calls it; empty: the provider's name in the settings."""
    scopes: Names = ("openid", "profile", "email")
    """What is asked for. "openid" is asked for in any case."""
    subject_claim: Text = "sub"
    """The claim that people are known by. At Entra ID take "oid": `sub` differs by application. Keep it."""
    groups_claim: str = "groups"
    """The claim that holds the groups; a dot leads inside, as in "realm_access.roles". Empty: no groups."""
    roles_claim: str = ""
    """A claim with roles, which count as groups too."""
    operator_groups: Names = ()
    """Who is in one of these is an operator."""
    allowed_groups: Names = ()
    """Only who is in one of these is let in. None: everybody whom the provider lets in."""
    allowed_domains: Names = ()
    """Only who has a verified e-mail address at one of these domains is let in."""
    allowed_tenants: Names = ()
    """The tenants (Entra ID) that are let in, where the issuer is one for many tenants; needed there."""
    audiences: Names = ()
    """Programs may send tokens of this provider that were made for one of these (`Authorization: Bearer …`); none:
    they may not."""
    links_by_email: bool = False
    """Whether somebody new is the person with the same e-mail here, if both are verified. Else they are refused."""
    ends_session: bool = True
    """Whether signing out here also goes to the provider to sign out there, where it offers that."""
    scim: Scim = Scim()

    @model_validator(mode="after")
    def _is_protected(self) -> "OidcProvider":
        rest = self.issuer.removeprefix("http://")
        host = rest.partition("/")[0].partition(":")[0]
        if rest != self.issuer and host not in ("localhost", "127.0.0.1"):
            raise ValueError("issuer must begin with https://, except on this machine")
        return self
