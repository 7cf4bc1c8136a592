"""Images that programs send along: their bytes, or an address at a host that was named; no door passes on others."""

import base64
import dataclasses
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from hubbub.app.images import fault_of_image
from hubbub.models.base import ModelCard
from hubbub.models.scripted import ScriptedModel
from tests.web.application import LIMITS, hubbub_running

PNG = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\nrest").decode()
HOST = "images.example.com"


class Seeing(ScriptedModel):
    @property
    def card(self) -> ModelCard:
        return replace(super().card, reads_images=True)


REFUSED = [
    "http://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254/",
    f"http://{HOST}/a.png",
    f"https://{HOST}:8443/a.png",
    f"https://{HOST}@169.254.169.254/",
    f"https://169.254.169.254\\@{HOST}/",
    f"https://{HOST}.attacker.example/",
    f"https://{HOST}\t/a.png",
    f" https://{HOST}/a.png",
    "file:///etc/passwd",
    "data:text/html;base64,PGI+",
    "data:image/svg+xml;base64," + base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'/>").decode(),
    "data:image/png,https://169.254.169.254/",
    "data:image/png;base64,AAAA",
    "data:image/png;base64,iVBORw0KGgo=\n",
]


def parts(address: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": address}}]


def doors(address: str) -> dict[str, dict[str, Any]]:
    said = [{"role": "user", "content": parts(address)}]
    item = [{"type": "input_text", "text": "What?"}, {"type": "input_image", "image_url": address}]
    return {
        "/v1/chat/completions": {"model": "scripted", "messages": said},
        "/v1/responses": {"model": "scripted", "input": [{"role": "user", "content": item}]},
        "/chat": {"messages": said},
        "/chat/stream": {"input": said},
    }


async def test_other_addresses_are_refused_by_name_at_every_door(tmp_path: Path) -> None:
    model = Seeing()
    limits = replace_limits(image_hosts=(HOST,))
    async with hubbub_running(tmp_path, model, limits=limits) as hubbub:
        program = await hubbub.guest()
        for address in REFUSED:
            for path, body in doors(address).items():
                async with program.post(path, json=body) as response:
                    text = await response.text()
                    assert response.status == 400, (path, address, text)
                    assert "image" in text.lower(), (path, address, text)
        assert not model.heard


async def test_an_image_itself_and_a_named_host_are_passed_on(tmp_path: Path) -> None:
    model = Seeing()
    async with hubbub_running(tmp_path, model, limits=replace_limits(image_hosts=(HOST,))) as hubbub:
        program = await hubbub.guest()
        for address in (PNG, f"https://{HOST}/a.png?size=2", f"HTTPS://{HOST.upper()}"):
            for path, body in doors(address).items():
                async with program.post(path, json=body) as response:
                    assert response.status == 200, (path, await response.text())
                assert model.heard[-1][-1].images == (address,)


def test_no_host_is_named_by_default() -> None:
    assert fault_of_image(f"https://{HOST}/a.png", LIMITS.image_hosts) is not None
    assert fault_of_image(PNG, LIMITS.image_hosts) is None


def replace_limits(**more: Any) -> Any:
    return dataclasses.replace(LIMITS, **more)
