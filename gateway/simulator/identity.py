"""The simulated identity provider: an issuer with one key, made from the seed, so that tokens survive restarts."""

from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

ISSUER = "urn:telco-simulator"
AUDIENCE = "telco-gateway"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Identity:
    """Signs tokens as an operator's identity provider would; nothing that it signs holds for any real system."""

    def __init__(
        self, seed: int, *, clock: Callable[[], datetime], issuer: str = ISSUER, audience: str = AUDIENCE
    ) -> None:
        digest = int.from_bytes(sha256(f"telco-simulator:{seed}".encode()).digest())
        self._key = ec.derive_private_key(digest % (P256_ORDER - 1) + 1, ec.SECP256R1())
        self._clock = clock
        self.issuer = issuer
        self.audience = audience
        self.kid = f"simulator-{seed}"

    def token(
        self,
        role: str,
        company_id: str | None = None,
        *,
        scopes: Iterable[str] | None = None,
        hours: float = 24,
        **claims: Any,
    ) -> str:
        """A signed token: `role` is USER_ADMIN, TELCO_MANAGER or OPERATOR; `claims` replace or add others."""
        now = int(self._clock().timestamp())
        payload: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": f"{role.lower()}@{company_id or 'operator'}",
            "iat": now,
            "exp": now + int(hours * 3600),
            "role": role,
        }
        if company_id is not None:
            payload["company_id"] = company_id
        if scopes is not None:
            payload["scope"] = " ".join(scopes)
        return jwt.encode(payload | claims, self._key, algorithm="ES256", headers={"kid": self.kid})

    def jwks(self) -> dict[str, Any]:
        """The public key, as /oauth2/jwks publishes it."""
        key = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [key | {"kid": self.kid, "use": "sig", "alg": "ES256"}]}
