"""Say of every route who may call it: a route that is not declared here fails the tests.

The rights themselves are decided in `app/access.py` and `app/groups.py`; this table says which of them a route goes by.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from hubbub.core.people import Right


class Policy(msgspec.Struct, frozen=True):
    """Who may call a route.

    - "open": anybody, even where a key is needed: it tells nothing of anybody.
    - "asker": whoever is let in, about what is their own, by ids of one's own if a path names any.
      What else a query or a body names is checked as a path's is.
    - "owner": who owns the thing that the path names, and operators who have begun to read that person's things.
    - "collection": who has this right to the collection, or the document's collection, that the path names.
    - "group": who manages the group that the path names, and operators; everybody may leave a group themselves.
    - "operator": operators, and for looking, where everybody is let in, whoever sits at the machine itself.

    To everybody else what a path names does not exist, and the answer is that for what nobody has.
    """

    who: Literal["open", "asker", "owner", "collection", "group", "operator"]
    right: Right = Right.NONE


OPEN, ASKER, OWNER, OPERATOR = Policy("open"), Policy("asker"), Policy("owner"), Policy("operator")
SEE, USE, WRITE, MANAGE = (Policy("collection", right) for right in (Right.SEE, Right.USE, Right.WRITE, Right.MANAGE))
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
    "GET /api/operators/audit": OPERATOR,
    "GET /api/operators/server": OPERATOR,
    "GET /api/operators/collections": OPERATOR,
    "GET /api/operators/sign-ins": OPERATOR,
    "DELETE /api/operators/sign-ins/{sign_in_id}": OPERATOR,
    "GET /api/operators/settings": OPERATOR,
    "GET /api/operators/quotas": OPERATOR,
    "GET /api/operators/audit/verified": OPERATOR,
    "GET /api/operators/audit/lines": OPERATOR,
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
    "GET /api/sign-ins": ASKER,
    "DELETE /api/sign-ins/{sign_in_id}": OWNER,
    "GET /api/me/account": ASKER,
    "PUT /api/me/password": ASKER,
    "POST /api/me/second-factor": ASKER,
    "PUT /api/me/second-factor": ASKER,
    "POST /api/me/second-factor/remove": ASKER,
    "GET /api/people": OPERATOR,
    "PATCH /api/people/{person_id}": OPERATOR,
    "POST /api/people/{person_id}/reset": OPERATOR,
    "GET /api/invitations": OPERATOR,
    "POST /api/invitations": OPERATOR,
    "DELETE /api/invitations/{email}": OPERATOR,
    "GET /api/me/jobs": ASKER,
    "POST /api/me/export": ASKER,
    "POST /api/me/erasure": ASKER,
    "GET /api/exports/{job_id}": OWNER,
    "GET /api/exports/{job_id}/file": OWNER,
    "POST /api/people/{person_id}/export": OPERATOR,
    "POST /api/people/{person_id}/erasure": OPERATOR,
    "PUT /api/people/{person_id}/hold": OPERATOR,
    "DELETE /api/people/{person_id}/hold": OPERATOR,
    "GET /api/operators/holds": OPERATOR,
    "GET /api/operators/jobs": OPERATOR,
    "GET /api/operators/readings": OPERATOR,
    "POST /api/operators/readings": OPERATOR,
    "DELETE /api/operators/readings/{person_id}": OPERATOR,
    "GET /api/models": ASKER,
    "GET /api/usage": ASKER,
    "GET /api/chats": ASKER,
    "GET /api/chats/found": ASKER,
    "GET /api/chats/{chat_id}": OWNER,
    "PATCH /api/chats/{chat_id}": OWNER,
    "DELETE /api/chats/{chat_id}": OWNER,
    "POST /api/search": ASKER,
    "POST /api/questions": ASKER,
    "POST /api/questions/{question_id}/answers": OWNER,
    "GET /api/answers/events": ASKER,
    "GET /api/answers/{answer_id}": OWNER,
    "GET /api/answers/{answer_id}/events": OWNER,
    "POST /api/answers/{answer_id}/stop": OWNER,
    "GET /api/collections": ASKER,
    "POST /api/collections": ASKER,
    "DELETE /api/collections/{collection_id}": MANAGE,
    "GET /api/collections/{collection_id}/documents": SEE,
    "PUT /api/collections/{collection_id}/documents/{name:path}": WRITE,
    "GET /api/collections/{collection_id}/grants": MANAGE,
    "PUT /api/collections/{collection_id}/grants": MANAGE,
    "GET /api/documents/{document_id}": USE,
    "GET /api/documents/{document_id}/file": USE,
    "GET /api/documents/{document_id}/pages/{number}": USE,
    "DELETE /api/documents/{document_id}": WRITE,
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
    "POST /v1/responses": ASKER,
    "GET /v1/responses/{response_id}": OWNER,
    "POST /v1/responses/{response_id}/cancel": OWNER,
    "DELETE /v1/responses/{response_id}": OWNER,
    "GET /v1/responses/{response_id}/input_items": OWNER,
    "POST /v1/conversations": ASKER,
    "GET /v1/conversations/{conversation_id}": OWNER,
    "DELETE /v1/conversations/{conversation_id}": OWNER,
    "GET /v1/conversations/{conversation_id}/items": OWNER,
    "POST /v1/conversations/{conversation_id}/items": OWNER,
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
