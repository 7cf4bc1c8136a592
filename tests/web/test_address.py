import pytest

from hubbub.web.address import client_address


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        (("192.0.2.7", 4711), "192.0.2.7"),
        (("::ffff:192.0.2.7", 4711), "192.0.2.7"),
        (("2001:db8:1:2:3:4:5:6", 4711), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:ffff::1", 80), "2001:db8:1:2::/64"),
        (("testclient", 50000), "testclient"),
        (None, ""),
    ],
)
def test_an_address_is_counted_as_one_household(client: object, counted: str) -> None:
    assert client_address({"type": "http", "client": client}) == counted
