"""Azure's credentials: which one is taken, and what opening them needs."""

import os
import sys
from pathlib import Path

import pytest

from hubbub.connections.azure import CredentialKind, chosen_kind, open_credential
from hubbub.core.errors import SettingsError

SCOPE = "https://cognitiveservices.azure.com/.default"


@pytest.fixture(autouse=True)
def _no_azure(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("AZURE_", "MSI_", "IDENTITY_"))]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("kind", "environ", "tenant_id", "chosen"),
    [
        ("auto", {}, "", "default"),
        ("auto", {}, "t", "developer_cli"),
        ("auto", {"IDENTITY_ENDPOINT": "http://x"}, "t", "managed_identity"),
        ("auto", {"RUNNING_IN_PRODUCTION": "true"}, "", "managed_identity"),
        ("auto", {"WEBSITE_HOSTNAME": "x", "AZURE_CLIENT_SECRET": "s"}, "", "managed_identity"),
        ("auto", {"AZURE_CLIENT_SECRET": "s"}, "t", "default"),
        ("default", {"IDENTITY_ENDPOINT": "http://x"}, "t", "default"),
        ("developer_cli", {"IDENTITY_ENDPOINT": "http://x"}, "", "developer_cli"),
    ],
)
def test_who_signs_in(kind: CredentialKind, environ: dict[str, str], tenant_id: str, chosen: str) -> None:
    assert chosen_kind(kind, environ, tenant_id=tenant_id) == chosen


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
async def test_the_developers_command_line_gives_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "azd"
    answer = '{"token":"from-$4-$6","expiresOn":"2099-01-01T00:00:00Z"}'.replace('"', '\\"')
    tool.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\necho "{answer}"\n')
    tool.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    async with open_credential("auto", tenant_id="my-tenant") as credential:
        token = await credential.get_token(SCOPE)
    assert token.token.startswith("from-")
    asked = (tmp_path / "asked").read_text().split()
    assert asked[:2] == ["auth", "token"]
    assert SCOPE in asked
    assert "my-tenant" in asked


async def test_what_makes_no_sense_is_a_fault_of_the_settings() -> None:
    with pytest.raises(SettingsError, match="can't be made"):
        async with open_credential("developer_cli", tenant_id="not a tenant!"):
            pass


async def test_what_is_not_installed_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("azure.identity")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(SettingsError, match=r"pip install 'hubbub\[azure\]'"):
        async with open_credential("managed_identity"):
            pass
