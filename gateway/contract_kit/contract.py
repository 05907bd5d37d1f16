"""A contract as the kit reads it: its operations, with what they are asked by and what they answer."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import yaml

from gateway.contract_kit.outline import METHODS, Outline
from gateway.errors import ConfigurationError

Json = Mapping[str, Any]
"""An object of an OpenAPI document, or of JSON that a backend sent."""

BACKENDS = ("crm", "provisioning", "billing")
"""In the order they are asked: the ids that one shows are what the next is asked for."""

_PACKAGED = Path(__file__).parent / "contracts"
_SOURCE = Path(__file__).parents[2] / "contracts"


class Parameter(msgspec.Struct, frozen=True):
    """What may stand in the path or the query of a request; `identifies` is what kind of record its values are of."""

    name: str
    place: str
    schema: Json

    @property
    def is_array(self) -> bool:
        """Whether it takes several values."""
        return self.schema.get("type") == "array"

    @property
    def identifies(self) -> str | None:
        """The kind of record whose ids it takes: company, customer, account…"""
        kind = self.schema.get("x-identifies")
        return None if kind is None else str(kind)

    @property
    def words(self) -> tuple[str, ...]:
        """The values that the gateway sends, where these are known."""
        words = self.schema.get("items", self.schema).get("enum", ())
        return tuple(map(str, words))


class Operation(msgspec.Struct, frozen=True):
    """One method of one path. `api` is its name in `[backends.<backend>.apis]`; `answers` are schemas by status.

    `reads_only` says that asking changes nothing; `body` is the schema of what is sent, None where nothing is.
    """

    method: str
    path: str
    api: str
    parameters: tuple[Parameter, ...]
    body: Json | None
    answers: Mapping[str, Json]
    reads_only: bool

    @property
    def is_list(self) -> bool:
        """Whether it gives rows."""
        return self.method == "GET" and not self.path.endswith("}")

    @property
    def is_record(self) -> bool:
        """Whether it gives the one record under an id."""
        return self.method == "GET" and self.path.endswith("/{id}")

    def query(self, name: str) -> Parameter | None:
        """The parameter of the query that has this name."""
        return next((each for each in self.parameters if each.place == "query" and each.name == name), None)

    @property
    def success(self) -> Json:
        """The schema of what is asked for, when it is there."""
        return next(schema for status, schema in self.answers.items() if status.startswith("2"))


class Contract:
    """One OpenAPI document. ConfigurationError where it has no paths."""

    def __init__(self, document: Json, name: str) -> None:
        if not isinstance(document.get("paths"), dict):
            raise ConfigurationError(f"{name}: is no OpenAPI document; it has no paths.")
        self.document = document
        self.name = name

    @property
    def version(self) -> str:
        """Its own version, `info.version`."""
        return str(self.document.get("info", {}).get("version", ""))

    @property
    def title(self) -> str:
        """What it is of, `info.title`."""
        return str(self.document.get("info", {}).get("title", ""))

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Everything that can be asked, in the document's order."""
        return tuple(self._operations())

    @cached_property
    def apis(self) -> tuple[str, ...]:
        """The APIs, in the order of their first operations."""
        return tuple(dict.fromkeys(operation.api for operation in self.operations))

    def resolved(self, node: Json) -> Json:
        """The node itself with what its `$ref` leads to in this document; what stands beside a `$ref` wins."""
        seen: set[str] = set()
        while "$ref" in node:
            reference = str(node["$ref"])
            if reference in seen:
                raise ConfigurationError(f"{self.name}: {reference} leads back to itself.")
            seen.add(reference)
            node = {**self._target(reference), **{name: value for name, value in node.items() if name != "$ref"}}
        return node

    def rooted(self, schema: Json) -> dict[str, Any]:
        """The schema as a document of its own, in which its references lead somewhere."""
        return {**schema, "components": self.document.get("components", {})}

    def _target(self, reference: str) -> Json:
        target: Any = self.document
        for part in reference.removeprefix("#/").split("/"):
            try:
                target = target[part.replace("~1", "/").replace("~0", "~")]
            except (KeyError, TypeError):
                raise ConfigurationError(f"{self.name}: {reference} leads nowhere.") from None
        if not isinstance(target, dict):
            raise ConfigurationError(f"{self.name}: {reference} is no object.")
        return target

    def _operations(self) -> Iterator[Operation]:
        for path, item in self.document["paths"].items():
            shared = item.get("parameters", [])
            for method, node in item.items():
                if method in METHODS:
                    yield self._operation(method.upper(), path, node, shared)

    def _operation(self, method: str, path: str, node: Json, shared: list[Json]) -> Operation:
        parameters = [self.resolved(each) for each in (*shared, *node.get("parameters", []))]
        body = node.get("requestBody")
        answers = {str(status): self._body(self.resolved(answer)) for status, answer in node["responses"].items()}
        return Operation(
            method=method,
            path=path,
            api=str(next(iter(node.get("tags", [])), "")),
            parameters=tuple(
                Parameter(each["name"], each["in"], self.resolved(each.get("schema", {}))) for each in parameters
            ),
            body=None if body is None else self._body(self.resolved(body)),
            answers={status: schema for status, schema in answers.items() if schema is not None},
            reads_only=method == "GET" or bool(node.get("x-reads-only")),
        )

    def _body(self, holder: Json) -> Json | None:
        """The schema of a JSON body."""
        for kind, described in holder.get("content", {}).items():
            if "json" in kind:
                schema: Json = described.get("schema", {})
                return schema
        return None


def read_contract(file: Path) -> Contract:
    """The contract in a YAML or JSON file; ConfigurationError says why it cannot be read."""
    try:
        document = yaml.load(file.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 -- both are safe
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read ({error.strerror}); name an OpenAPI file.") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        where = getattr(error, "problem_mark", None)
        line = "" if where is None else f" (line {where.line + 1})"
        raise ConfigurationError(f"{file}: is neither YAML nor JSON{line}.") from None
    if not isinstance(document, dict):
        raise ConfigurationError(f"{file}: is no OpenAPI document; it has no paths.")
    read = Contract(document, str(file))
    Outline(read.name).check(document)
    return read


def published_contract(backend: str) -> Contract:
    """The contract that this version of the gateway was built with."""
    packaged = _PACKAGED / f"{backend}.yaml"
    return read_contract(packaged if packaged.exists() else _SOURCE / f"{backend}.yaml")
