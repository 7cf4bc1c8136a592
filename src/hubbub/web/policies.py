"""Say of every route who may call it: a route that is not declared here fails the tests.

The rights themselves are decided in `app/access.py` and `app/groups.py`; this table says which of them a route goes by,
and which scope an API key needs for it.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from hubbub.core.people import Right
from hubbub.core.scopes import Scope


class Policy(msgspec.Struct, frozen=True):
    """Who may call a route.

    - "open": anybody, even where a key is needed: it tells nothing of anybody.
    - "asker": whoever is let in, about what is their own, by ids of one's own if a path names any.
      What else a query or a body names is checked as a path's is.
    - "owner": who owns the thing that the path names, and operators.
    - "collection": who has this right to the collection, or the document's collection, that the path names.
    - "group": who manages the group that the path names, and operators; everybody may leave a group themselves.
    - "link": who has the link that the body holds, as far as that is for them; others are told nothing.
    - "operator": operators, and for looking, where everybody is let in, whoever sits at the machine itself.

    To everybody else what a path names does not exist, and the answer is that for what nobody has.
    """

    who: Literal["open", "asker", "owner", "collection", "group", "link", "operator"]
    right: Right = Right.NONE


OPEN, ASKER, OWNER, OPERATOR = Policy("open"), Policy("asker"), Policy("owner"), Policy("operator")
SEE, USE, WRITE, MANAGE = (Policy("collection", right) for right in (Right.SEE, Right.USE, Right.WRITE, Right.MANAGE))
BY_LINK = Policy("link")
OVER_GROUP = Policy("group", Right.MANAGE)

POLICIES: Mapping[str, Policy] = {
    "GET /api/openapi.json": OPEN,
    "GET /api/docs": OPEN,
    "GET /api/health": OPEN,
    "GET /livez": OPEN,
    "GET /readyz": OPEN,
    "GET /metrics": OPERATOR,
    "GET /operators": OPERATOR,
    "GET /api/operators/usage": OPERATOR,
    "GET /operators/usage": OPERATOR,
    "GET /api/me": ASKER,
    "GET /api/sign-in": OPEN,
    "POST /api/sign-in": OPEN,
    "POST /api/sign-out": OPEN,
    "POST /api/sign-in/forgotten": OPEN,
    "POST /api/sign-in/link": OPEN,
    "PUT /api/sign-in/link": OPEN,
    "GET /api/sign-in/oidc/{name}": OPEN,
    "GET /api/sign-in/oidc/{name}/back": OPEN,
    "POST /api/sign-in/oidc/{name}/logout": OPEN,
    "GET /api/sign-in/oidc/{name}/left": OPEN,
    "POST /api/sign-in/passkey": OPEN,
    "POST /api/sign-in/passkey/options": OPEN,
    "GET /api/sign-ins": ASKER,
    "DELETE /api/sign-ins/{sign_in_id}": OWNER,
    "GET /api/me/account": ASKER,
    "PUT /api/me/password": ASKER,
    "GET /api/me/passkeys": ASKER,
    "POST /api/me/passkeys": ASKER,
    "POST /api/me/passkeys/options": ASKER,
    "DELETE /api/me/passkeys/{passkey_id}": OWNER,
    "GET /api/me/keys": ASKER,
    "POST /api/me/keys": ASKER,
    "DELETE /api/me/keys/{key_id}": OWNER,
    "GET /api/me/guest": ASKER,
    "POST /api/me/guest": ASKER,
    "POST /api/me/second-factor": ASKER,
    "PUT /api/me/second-factor": ASKER,
    "POST /api/me/second-factor/codes": ASKER,
    "POST /api/me/second-factor/remove": ASKER,
    "GET /api/people": OPERATOR,
    "PATCH /api/people/{person_id}": OPERATOR,
    "POST /api/people/{person_id}/reset": OPERATOR,
    "GET /api/invitations": OPERATOR,
    "POST /api/invitations": OPERATOR,
    "DELETE /api/invitations/{email}": OPERATOR,
    "GET /api/models": ASKER,
    "GET /api/usage": ASKER,
    "GET /api/chats": ASKER,
    "PATCH /api/chats": ASKER,
    "POST /api/chats/deletions": ASKER,
    "GET /api/folders": ASKER,
    "PATCH /api/folders": ASKER,
    "GET /api/chats/found": ASKER,
    "GET /api/chats/{chat_id}": OWNER,
    "PATCH /api/chats/{chat_id}": OWNER,
    "DELETE /api/chats/{chat_id}": OWNER,
    "POST /api/chats/{chat_id}/links": OWNER,
    "GET /api/links": ASKER,
    "DELETE /api/links/{link_id}": OWNER,
    "POST /api/shared": BY_LINK,
    "POST /api/shared/events": BY_LINK,
    "POST /api/chat-files": ASKER,
    "POST /api/pictures": ASKER,
    "GET /api/pictures/{picture_id}": OWNER,
    "DELETE /api/pictures/{picture_id}": OWNER,
    "GET /api/prompts": ASKER,
    "POST /api/prompts": ASKER,
    "PUT /api/prompts/{prompt_id}": OWNER,
    "DELETE /api/prompts/{prompt_id}": OWNER,
    "GET /api/me/instructions": ASKER,
    "PUT /api/me/instructions": ASKER,
    "POST /api/search": ASKER,
    "POST /mcp": ASKER,
    "POST /api/questions": ASKER,
    "POST /api/questions/{question_id}/answers": OWNER,
    "GET /api/answers/events": ASKER,
    "GET /api/answers/{answer_id}": OWNER,
    "GET /api/answers/{answer_id}/events": OWNER,
    "POST /api/answers/{answer_id}/stop": OWNER,
    "PUT /api/answers/{answer_id}/rating": OWNER,
    "DELETE /api/answers/{answer_id}/rating": OWNER,
    "GET /api/operators/ratings": OPERATOR,
    "GET /api/collections": ASKER,
    "POST /api/collections": ASKER,
    "DELETE /api/collections/{collection_id}": MANAGE,
    "GET /api/collections/{collection_id}/documents": SEE,
    "PUT /api/collections/{collection_id}/documents/{name:path}": WRITE,
    "POST /api/collections/{collection_id}/urls": WRITE,
    "GET /api/collections/{collection_id}/grants": MANAGE,
    "PUT /api/collections/{collection_id}/grants": MANAGE,
    "GET /api/documents/{document_id}": USE,
    "GET /api/documents/{document_id}/file": USE,
    "GET /api/documents/{document_id}/pages/{number}": USE,
    "DELETE /api/documents/{document_id}": WRITE,
    "POST /api/collections/{collection_id}/copies": WRITE,
    "GET /api/groups": ASKER,
    "POST /api/groups": OPERATOR,
    "DELETE /api/groups/{group_id}": OVER_GROUP,
    "GET /api/groups/{group_id}/members": OVER_GROUP,
    "PUT /api/groups/{group_id}/members/{person_id}": OVER_GROUP,
    "DELETE /api/groups/{group_id}/members/{person_id}": OVER_GROUP,
    "POST /v1/chat/completions": ASKER,
    "POST /v1/completions": ASKER,
    "POST /v1/embeddings": ASKER,
    "GET /v1/models": ASKER,
    "GET /v1/models/{name:path}": ASKER,
    "GET /v1/vector_stores": ASKER,
    "GET /v1/vector_stores/{collection_id}": SEE,
    "POST /v1/vector_stores/{collection_id}/search": USE,
    "POST /v1/responses": ASKER,
    "GET /v1/responses/{response_id}": OWNER,
    "POST /v1/responses/{response_id}/cancel": OWNER,
    "DELETE /v1/responses/{response_id}": OWNER,
    "GET /v1/responses/{response_id}/input_items": OWNER,
    "POST /v1/conversations": ASKER,
    "GET /v1/conversations/{conversation_id}": OWNER,
    "POST /v1/conversations/{conversation_id}": OWNER,
    "DELETE /v1/conversations/{conversation_id}": OWNER,
    "GET /v1/conversations/{conversation_id}/items": OWNER,
    "POST /v1/conversations/{conversation_id}/items": OWNER,
    "GET /v1/conversations/{conversation_id}/items/{item_id}": OWNER,
    "DELETE /v1/conversations/{conversation_id}/items/{item_id}": OWNER,
    "POST /chat": ASKER,
    "POST /chat/stream": ASKER,
    "POST /ask": ASKER,
    "POST /v0/chat": ASKER,
    "POST /v0/chat/stream": ASKER,
    "POST /v0/ask": ASKER,
    "GET /auth_setup": ASKER,
    "GET /.auth/me": ASKER,
    "GET /config": ASKER,
    "POST /speech": ASKER,
    "GET /content/{name:path}": ASKER,
    "POST /upload": ASKER,
    "GET /list_uploaded": ASKER,
    "POST /delete_uploaded": ASKER,
    "POST /chat_history": ASKER,
    "GET /chat_history/sessions": ASKER,
    "GET /chat_history/sessions/{session_id}": ASKER,
    "DELETE /chat_history/sessions/{session_id}": ASKER,
}

OWN = "own formats"
"""What routes of formats of somebody's own are tagged with: their policy and scope are those of `POST /chat`."""
_SCOPED: Mapping[Scope, tuple[str, ...]] = {
    "chat:read": (
        "GET /api/chats",
        "GET /api/chats/found",
        "GET /api/chats/{chat_id}",
        "GET /api/folders",
        "GET /api/pictures/{picture_id}",
        "GET /api/prompts",
        "POST /api/shared",
        "POST /api/shared/events",
        "GET /api/answers/events",
        "GET /api/answers/{answer_id}",
        "GET /api/answers/{answer_id}/events",
        "GET /v1/responses/{response_id}",
        "GET /v1/responses/{response_id}/input_items",
        "GET /v1/conversations/{conversation_id}",
        "GET /v1/conversations/{conversation_id}/items",
        "GET /v1/conversations/{conversation_id}/items/{item_id}",
        "GET /chat_history/sessions",
        "GET /chat_history/sessions/{session_id}",
    ),
    "chat:write": (
        "PATCH /api/chats",
        "PATCH /api/chats/{chat_id}",
        "DELETE /api/chats/{chat_id}",
        "POST /api/chats/deletions",
        "PATCH /api/folders",
        "POST /api/chat-files",
        "POST /api/pictures",
        "DELETE /api/pictures/{picture_id}",
        "POST /api/prompts",
        "PUT /api/prompts/{prompt_id}",
        "DELETE /api/prompts/{prompt_id}",
        "PUT /api/answers/{answer_id}/rating",
        "DELETE /api/answers/{answer_id}/rating",
        "POST /api/questions",
        "POST /api/questions/{question_id}/answers",
        "POST /api/answers/{answer_id}/stop",
        "POST /v1/chat/completions",
        "POST /v1/completions",
        "POST /v1/responses",
        "POST /v1/responses/{response_id}/cancel",
        "DELETE /v1/responses/{response_id}",
        "POST /v1/conversations",
        "POST /v1/conversations/{conversation_id}",
        "DELETE /v1/conversations/{conversation_id}",
        "DELETE /v1/conversations/{conversation_id}/items/{item_id}",
        "POST /v1/conversations/{conversation_id}/items",
        "POST /chat",
        "POST /chat/stream",
        "POST /ask",
        "POST /v0/chat",
        "POST /v0/chat/stream",
        "POST /v0/ask",
        "POST /chat_history",
        "DELETE /chat_history/sessions/{session_id}",
    ),
    "chat:share": ("POST /api/chats/{chat_id}/links", "GET /api/links", "DELETE /api/links/{link_id}"),
    "search": ("POST /api/search", "POST /v1/vector_stores/{collection_id}/search"),
    "documents:read": (
        "GET /api/collections",
        "GET /v1/vector_stores",
        "GET /v1/vector_stores/{collection_id}",
        "GET /api/collections/{collection_id}/documents",
        "GET /api/documents/{document_id}",
        "GET /api/documents/{document_id}/file",
        "GET /api/documents/{document_id}/pages/{number}",
        "GET /content/{name:path}",
        "GET /list_uploaded",
    ),
    "documents:write": (
        "POST /api/collections",
        "POST /api/collections/{collection_id}/copies",
        "DELETE /api/collections/{collection_id}",
        "PUT /api/collections/{collection_id}/documents/{name:path}",
        "POST /api/collections/{collection_id}/urls",
        "DELETE /api/documents/{document_id}",
        "POST /upload",
        "POST /delete_uploaded",
    ),
    "documents:share": (
        "GET /api/collections/{collection_id}/grants",
        "PUT /api/collections/{collection_id}/grants",
        "GET /api/groups",
        "DELETE /api/groups/{group_id}",
        "GET /api/groups/{group_id}/members",
        "PUT /api/groups/{group_id}/members/{person_id}",
        "DELETE /api/groups/{group_id}/members/{person_id}",
    ),
    "embeddings": ("POST /v1/embeddings",),
    "operate": tuple(route for route, policy in POLICIES.items() if policy == OPERATOR),
}
SCOPES: Mapping[str, Scope] = {route: scope for scope, routes in _SCOPED.items() for route in routes}
"""The scope that a key has to have for a route."""
WITHOUT_SCOPE = frozenset(
    {
        "GET /api/me",
        "GET /api/models",
        "GET /api/usage",
        "GET /v1/models",
        "GET /v1/models/{name:path}",
        "GET /auth_setup",
        "GET /.auth/me",
        "GET /config",
        "POST /speech",
        "POST /mcp",  # each of its tools needs a scope: see `dialects/mcp_tools`
    }
)
"""What any key may call. What stands neither here nor in `SCOPES` is closed to keys that are limited to scopes."""
