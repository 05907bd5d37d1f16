"""The identity provider's endpoints: discovery, keys, tokens for client credentials."""

from urllib.parse import parse_qs

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
                "id_token_signing_alg_values_supported": ["ES256"],
            }
        )

    async def jwks(request: Request) -> Response:
        return JSONResponse(identity.jwks())

    async def token(request: Request) -> Response:
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        client_id, secret, grant = (form.get(name, [""])[0] for name in ("client_id", "client_secret", "grant_type"))
        if grant != "client_credentials":
            return _refused(400, "unsupported_grant_type", "grant_type must be client_credentials.")
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


def _refused(status: int, error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description}, status)
