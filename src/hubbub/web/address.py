"""Say from which address a request comes, as limits count it."""

import ipaddress

from starlette.types import Scope


def client_address(scope: Scope) -> str:
    """Return the client's address: IPv4 whole, IPv6 as its /64, which one household or server has for itself.

    Empty where the connection has none (a Unix socket).
    """
    client = scope.get("client")
    if not client:
        return ""
    try:
        address = ipaddress.ip_address(client[0])
    except ValueError:
        return str(client[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
