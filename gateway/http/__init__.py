"""The graph over HTTP: negotiation, viewer, one door, one place where errors become answers."""

from gateway.http.app import create_app

__all__ = ["create_app"]
