"""The identity provider's endpoints: discovery, keys, tokens for client credentials."""

from base64 import b64decode
from urllib.parse import parse_qs, unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.simulator.identity import Identity

SECRET = "demo"  # noqa: S105 - of a simulator that holds no real data
HOURS = 24

CLIENTS: dict[str, tuple[str, str | None]] = {
    "user_admin": ("USER_ADMIN", "org-0001"),
    "telco_manager": ("TELCO_MANAGER", "org-0001"),
    "operator": ("OPERATOR", None),
    "other_company_admin": ("USER_ADMIN", "org-0002"),
}
"""Client id → the role and the company its token is for."""


def identity_routes(identity: Identity) -> list[Route]:
    """/.well-known/openid-configuration, /oauth2/jwks and /oauth2/token."""

    async def configuration(request: Request) -> Response:
        root = str(request.base_url).rstrip("/")
        return JSONResponse(
            {
                "issuer": identity.issuer,
                "jwks_uri": f"{root}/oauth2/jwks",
                "token_endpoint": f"{root}/oauth2/token",
                "grant_types_supported": ["client_credentials"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "id_token_signing_alg_values_supported": ["ES256"],
            }
        )

    async def jwks(request: Request) -> Response:
        return JSONResponse(identity.jwks())

    async def token(request: Request) -> Response:
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        given = {name: values[0] for name, values in form.items()}
        if "grant_type" not in given:
            return _refused(400, "invalid_request", "The form has no grant_type.")
        if given["grant_type"] != "client_credentials":
            return _refused(400, "unsupported_grant_type", "grant_type must be client_credentials.")
        client_id, secret = _credentials(request.headers.get("authorization"), given)
        if client_id not in CLIENTS or secret != SECRET:
            return _refused(
                401, "invalid_client", f"client_id is one of {', '.join(CLIENTS)}; the secret is '{SECRET}'."
            )
        role, company_id = CLIENTS[client_id]
        access_token = identity.token(role, company_id, hours=HOURS)
        return JSONResponse(
            {"access_token": access_token, "token_type": "Bearer", "expires_in": HOURS * 3600},
            headers={"Cache-Control": "no-store"},
        )

    return [
        Route("/.well-known/openid-configuration", configuration),
        Route("/oauth2/jwks", jwks),
        Route("/oauth2/token", token, methods=["POST"]),
    ]


def _credentials(authorization: str | None, form: dict[str, str]) -> tuple[str, str]:
    """Client id and secret (RFC 6749, 2.3.1): form-encoded in the header, or in the form; "" for what is missing."""
    if authorization is None:
        return form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, encoded = authorization.partition(" ")
    try:
        client_id, _, secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return (unquote_plus(client_id), unquote_plus(secret)) if scheme.lower() == "basic" else ("", "")


def _refused(status: int, error: str, description: str) -> Response:
    headers = {"Cache-Control": "no-store"} | (
        {"WWW-Authenticate": 'Basic realm="telco-simulator"'} if status == 401 else {}
    )
    return JSONResponse({"error": error, "error_description": description}, status, headers)
