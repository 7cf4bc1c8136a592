"""Say which addresses are on the public internet, so that nobody reaches this machine or its network through us."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

# A list of our own: `is_global` of Python 3.11 says yes to 168.63.129.16, 192.0.0.192, 64:ff9b::7f00:1, 2002:7f00:1::.
_PRIVATE_4 = tuple(
    IPv4Network(one)
    for one in (
        "0.0.0.0/8",  # this host: Linux connects it to loopback
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT; the metadata service of one cloud
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host services
        "169.254.0.0/16",  # link-local; the metadata services of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; the metadata service of one cloud
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
_GLOBAL_6 = IPv6Network("2000::/3")
"""What is public is inside: all else is loopback, unique local, link-local, multicast, mapped, NAT64 or unassigned."""
_PRIVATE_6 = tuple(
    IPv6Network(one)
    for one in (
        "2001::/23",  # Teredo, benchmarking, ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
_HOLD_ADDRESSES_OF_4 = (
    (IPv6Network("::ffff:0:0/96"), 0),
    (IPv6Network("::ffff:0:0:0/96"), 0),
    (IPv6Network("::/96"), 0),
    (IPv6Network("64:ff9b::/96"), 0),
    (IPv6Network("2002::/16"), 80),
)
"""Networks whose addresses hold one of IPv4, and how far from the right."""


def networks_of(texts: Sequence[str]) -> tuple[Network, ...]:
    """Return networks and single addresses as they are written in settings.

    Raises:
        ValueError: one is none.
    """
    return tuple(ip_network(text, strict=False) for text in texts)


def may_connect(text: str, listed: Sequence[Network] = ()) -> bool:
    """Tell whether an address is on the public internet, or in one of the networks that are listed.

    Whoever lists a network of addresses that hold one of IPv4 (NAT64) does not list what is private inside.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    inner = _held(address)
    if any(address in network for network in listed):
        return inner is None or int(inner) < 2 or may_connect(str(inner), listed)
    return inner is None and _is_public(address)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _PRIVATE_4)
    return address.scope_id is None and address in _GLOBAL_6 and not any(address in one for one in _PRIVATE_6)


def _held(address: Address) -> IPv4Address | None:
    """Return the address of IPv4 that one of IPv6 holds, if it is of a kind that does."""
    if isinstance(address, IPv4Address):
        return None
    places = [place for network, place in _HOLD_ADDRESSES_OF_4 if address in network]
    return IPv4Address(int(address) >> places[0] & 0xFFFFFFFF) if places else None
