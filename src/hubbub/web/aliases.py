"""Serve what clients of Azure OpenAI ask for at the addresses that they know: all of `/openai` is `/v1` here."""

from starlette.types import Scope

DEPLOYMENT = "hubbub.deployment"
"""Where the scope of a request holds the name of the deployment that its address names: the model that is asked."""
_OPENAI = "/openai/"
_DEPLOYMENTS = "deployments/"
_SERVED = ("chat/completions", "completions", "embeddings")
"""What may follow the name of a deployment."""


def renamed(scope: Scope) -> Scope:
    """Return the scope of a request as that of the address that it stands for."""
    if scope["type"] != "http" or _OPENAI not in scope["path"]:
        return scope
    root: str = scope.get("root_path", "")
    path = scope["path"].removeprefix(root)
    if not path.startswith(_OPENAI):
        return scope
    rest = path[len(_OPENAI) :].removeprefix("v1/")
    changed = {}
    if rest.startswith(_DEPLOYMENTS):
        for served in _SERVED:
            if rest.endswith(f"/{served}"):  # a name may hold slashes
                changed = {DEPLOYMENT: rest[len(_DEPLOYMENTS) : -len(served) - 1]}
                rest = served
                break
    return {**scope, **changed, "path": f"{root}/v1/{rest}"}
