"""Whether an OpenAPI document is built as one, as far as the kit reads it; the first place where it is not is named."""

from typing import Any

from gateway.contract_kit.strictness import LOWER_BOUNDS, UPPER_BOUNDS
from gateway.errors import ConfigurationError

Kind = type | tuple[type, ...]

METHODS = ("get", "post", "put", "patch", "delete")
NUMBER = (int, float)
WORDS: dict[Kind, str] = {dict: "object", list: "array", str: "text", NUMBER: "number"}


class Outline:
    """Goes through one document; ConfigurationError names it and the place, `paths./x: is no object`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._seen: set[int] = set()

    def check(self, document: dict[Any, Any]) -> None:
        """All that is read: the operations, and the components that they refer to."""
        self._part(document, "info", "", dict)
        for path, item in self._object(document, "paths", "").items():
            self._path_item(item, f"paths.{path}")
        components = self._object(document, "components", "")
        for name, schema in self._object(components, "schemas", "components").items():
            self._schema(schema, f"components.schemas.{name}")
        for name, parameter in self._object(components, "parameters", "components").items():
            self._parameter(parameter, f"components.parameters.{name}")
        for kind in ("responses", "requestBodies"):
            for name, holder in self._object(components, kind, "components").items():
                self._holder(holder, f"components.{kind}.{name}")

    def _path_item(self, item: Any, place: str) -> None:
        self._must_be(item, dict, place)
        self._parameters(item, place)
        for method in METHODS:
            if method in item:
                self._operation(item[method], f"{place}.{method}")

    def _operation(self, operation: Any, place: str) -> None:
        self._must_be(operation, dict, place)
        self._part(operation, "tags", place, list)
        self._parameters(operation, place)
        if "responses" not in operation:
            raise ConfigurationError(f"{self._name}: {place}: has no `responses`.")
        for status, answer in self._object(operation, "responses", place).items():
            self._holder(answer, f"{place}.responses.{status}")
        if "requestBody" in operation:
            self._holder(operation["requestBody"], f"{place}.requestBody")

    def _parameters(self, holder: dict[Any, Any], place: str) -> None:
        for index, parameter in enumerate(self._part(holder, "parameters", place, list)):
            self._parameter(parameter, f"{place}.parameters[{index}]")

    def _parameter(self, parameter: Any, place: str) -> None:
        self._must_be(parameter, dict, place)
        if "$ref" not in parameter:
            for name in ("name", "in"):
                self._must_be(parameter.get(name), str, f"{place}.{name}")
        if "schema" in parameter:
            self._schema(parameter["schema"], f"{place}.schema")

    def _holder(self, holder: Any, place: str) -> None:
        """What holds a body: an answer, or what is sent."""
        self._must_be(holder, dict, place)
        for kind, described in self._object(holder, "content", place).items():
            inner = f"{place}.content.{kind}"
            self._must_be(described, dict, inner)
            if "schema" in described:
                self._schema(described["schema"], f"{inner}.schema")

    def _schema(self, schema: Any, place: str) -> None:
        self._must_be(schema, dict, place)
        if id(schema) in self._seen:  # YAML's aliases: the same again, perhaps within itself
            return
        self._seen.add(id(schema))
        for keyword in ("required", "enum"):
            self._part(schema, keyword, place, list)
        for keyword in (*LOWER_BOUNDS, *UPPER_BOUNDS):
            self._part(schema, keyword, place, NUMBER)
        for name, described in self._object(schema, "properties", place).items():
            self._schema(described, f"{place}.properties.{name}")
        if "items" in schema:
            self._schema(schema["items"], f"{place}.items")

    def _object(self, holder: dict[Any, Any], key: str, place: str) -> dict[Any, Any]:
        part: dict[Any, Any] = self._part(holder, key, place, dict)
        return part

    def _part(self, holder: dict[Any, Any], key: str, place: str, kind: Kind) -> Any:
        """What stands under a key; nothing where the key is missing."""
        if key not in holder:
            return {}
        self._must_be(holder[key], kind, f"{place}.{key}".lstrip("."))
        return holder[key]

    def _must_be(self, value: Any, kind: Kind, place: str) -> None:
        if not isinstance(value, kind):
            raise ConfigurationError(f"{self._name}: {place}: is no {WORDS[kind]}.")
