"""Change a resource as PATCH says (RFC 7644, section 3.5.2), in the forms that Entra ID and Okta send, too."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from hubbub.web.scim.attributes import Attribute, Shape, items_of, parts_of, value_of, within
from hubbub.web.scim.errors import BadRequest
from hubbub.web.scim.jsons import Resource, list_in, object_in
from hubbub.web.scim.paths import Path, Term, fits, path_of

MOST_OPERATIONS = 1_000

Operation: TypeAlias = Literal["add", "replace", "remove"]
Step: TypeAlias = Callable[[Resource], None]


def patch_of(shape: Shape, resource_id: str, body: object) -> Callable[[Resource], Resource]:
    """Return what a PATCH makes of a resource. All of it is done, or nothing.

    Raises:
        BadRequest: it can't be understood. What it returns raises that where the resource has not what is meant.
    """
    steps = [step for one in _operations(body) for step in _steps(shape, resource_id, one)]

    def patched(resource: Resource) -> Resource:
        changed = {name: _copied(value) for name, value in resource.items()}
        for step in steps:
            step(changed)
        return changed

    return patched


def _operations(body: object) -> Sequence[Mapping[str, Any]]:
    said = object_in(body) or {}
    found = list_in(next((value for key, value in said.items() if key.lower() == "operations"), None)) or []
    operations = [one for value in found if (one := object_in(value)) is not None]
    if not operations or len(operations) < len(found):
        raise BadRequest("malformed", "The body has to hold Operations: a list of objects, each with an op.")
    if len(operations) > MOST_OPERATIONS:
        raise BadRequest("invalid_value", f"At most {MOST_OPERATIONS} operations can be sent at once.")
    return [{key.lower(): value for key, value in one.items()} for one in operations]


def _steps(shape: Shape, resource_id: str, operation: Mapping[str, Any]) -> list[Step]:
    op = str(operation.get("op", "")).lower()
    path, value = operation.get("path"), operation.get("value")
    if op not in ("add", "replace", "remove"):
        raise BadRequest("invalid_value", f"op has to be add, replace or remove, not {op[:40]!r}.")
    if path is not None and not isinstance(path, str):
        raise BadRequest("invalid_path", "path has to be a text.")
    if path:
        found = path_of(shape, path)
        return [] if found is None else [_step(op, found, value, has_value="value" in operation)]
    if op == "remove":
        raise BadRequest("no_target", "A remove needs a path.")
    if (attributes := object_in(value)) is None:
        raise BadRequest("invalid_value", "Without a path, value has to be an object of attributes.")
    return [step for key, one in attributes.items() for step in _pathless(op, shape, resource_id, key, one)]


def _pathless(op: Operation, shape: Shape, resource_id: str, key: str, value: object) -> list[Step]:
    """Return what one attribute of a PATCH without a path asks for; Entra ID writes paths as their names."""
    name = within(shape, key)
    if name is None or name.lower() in shape.ignored:
        return []
    if name.lower() in shape.read_only:
        if name.lower() == "id" and value != resource_id:
            raise BadRequest("mutability", "id can't be changed.")
        return []
    if not any(sign in name for sign in ".[") and name.lower() not in shape.attributes:
        return []  # as in a resource that is sent whole
    path = path_of(shape, name)
    return [] if path is None else [_step(op, path, value, has_value=True)]


def _step(op: Operation, path: Path, value: object, *, has_value: bool) -> Step:
    if op == "remove" or (has_value and value is None):
        return _removal(path, value)
    if not has_value:
        raise BadRequest("invalid_value", f"{op} needs a value.")
    if path.attribute.kind == "list":
        return _of_list(op, path, value)
    attribute, part = path.attribute, path.part
    if part is not None:
        inner = value_of(part, value, where=f"{attribute.name}.")
        return lambda resource: _put(resource.setdefault(attribute.name, {}), part.name, inner)
    if attribute.kind == "complex":
        parts = parts_of(attribute, value, where=attribute.name)
        return lambda resource: resource.setdefault(attribute.name, {}).update(parts)
    whole = value_of(attribute, value)
    return lambda resource: _put(resource, attribute.name, whole)


def _of_list(op: Operation, path: Path, value: object) -> Step:
    attribute, terms, part = path
    if terms is None and part is None:
        items = items_of(attribute, value, where=attribute.name)
        return lambda resource: _put_items(resource, attribute.name, items, keeps=op == "add")
    if part is not None and part.is_fixed:
        raise BadRequest("mutability", f"{attribute.name}.{part.name} can't be changed; remove it, and add another.")
    changes = (
        {part.name: value_of(part, value, where=f"{attribute.name}.")}
        if part is not None
        else parts_of(attribute, value, where=attribute.name)
    )

    def change(resource: Resource) -> None:
        items: list[Resource] = resource.setdefault(attribute.name, [])
        meant = [one for one in items if fits(one, attribute, terms)]
        if not meant:
            if op == "replace":
                raise BadRequest("no_target", f"There is none of {attribute.name} that this path means.")
            meant = [_item_by(attribute, terms or ())]
            items.extend(meant)
        for one in meant:
            one.update(changes)
        _keep_one_primary(items, meant)

    return change


def _removal(path: Path, value: object) -> Step:
    attribute, terms, part = path
    named: set[str] | None = None
    if attribute.kind == "list" and value and terms is None and part is None:
        # Entra ID names the items to be removed as the value, where others name them in the path.
        named = {one["value"] for one in items_of(attribute, value, where=attribute.name)}

    def remove(resource: Resource) -> None:
        if attribute.kind != "list":
            holder, name = (resource.get(attribute.name, {}), part.name) if part else (resource, attribute.name)
            holder.pop(name, None)
            return
        items: list[Resource] = resource.get(attribute.name, [])
        if part is not None:
            for one in items:
                if fits(one, attribute, terms):
                    one.pop(part.name, None)
        elif named is not None:
            resource[attribute.name] = [one for one in items if one.get("value") not in named]
        else:
            resource[attribute.name] = [one for one in items if not fits(one, attribute, terms)]

    return remove


def _put(holder: Resource, name: str, value: object) -> None:
    if value is None:
        holder.pop(name, None)
    else:
        holder[name] = value


def _put_items(resource: Resource, name: str, items: Sequence[Resource], *, keeps: bool) -> None:
    before: list[Resource] = resource.get(name, []) if keeps else []
    known = {one["value"]: one for one in before if "value" in one}
    for item in items:
        if (same := known.get(item["value"])) is not None:
            same.update(item)
        else:
            before.append(dict(item))
    resource[name] = before
    _keep_one_primary(before, [one for one in before if one.get("value") in {item["value"] for item in items}])


def _keep_one_primary(items: Sequence[Resource], changed: Sequence[Resource]) -> None:
    """Let the item that was made the primary one be the only one."""
    first = next((one for one in changed if one.get("primary")), None)
    for one in items:
        if first is not None and one is not first and one.get("primary"):
            one["primary"] = False


def _item_by(attribute: Attribute, terms: Sequence[Term]) -> Resource:
    """Return an item that a filter means."""
    return {attribute.parts[term.name].name: value_of(attribute.parts[term.name], term.value) for term in terms}


def _copied(value: Any) -> Any:
    if (items := list_in(value)) is not None:
        return [dict(one) for one in items]
    return value if (parts := object_in(value)) is None else dict(parts)
