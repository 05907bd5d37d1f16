"""Whose request a backend call is made for, as the adapters and the HTTP layer know it."""

from gateway.domain.caller import CALLER, Caller

__all__ = ["CALLER", "Caller"]
