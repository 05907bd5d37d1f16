"""The engine runs operations that were admitted; it knows graphql-core and nothing of telcos."""

from gateway.engine.execution import run
from gateway.engine.operation import AdmittedOperation

__all__ = ["AdmittedOperation", "run"]
