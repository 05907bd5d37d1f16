"""The engine runs operations that were admitted; it knows graphql-core and nothing of telcos."""

from gateway.engine.execution import Engine
from gateway.engine.executor import BreadthExecutor
from gateway.engine.operation import AdmittedOperation
from gateway.engine.plan import Plan
from gateway.engine.resolver import Attribute, Batched, Many, TypeByClass

__all__ = ["AdmittedOperation", "Attribute", "Batched", "BreadthExecutor", "Engine", "Many", "Plan", "TypeByClass"]
