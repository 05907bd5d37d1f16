"""Whoever signs the tokens: a key, and one user of each company."""

import time
from typing import NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.world import Company, Document

NAME = "urn:telco-gateway:bench"
VALID_SECONDS = 6 * 3600


class Issuer(NamedTuple):
    """An issuer with a key of its own."""

    key: rsa.RSAPrivateKey

    def jwks(self) -> Document:
        """What it publishes."""
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": "bench", "use": "sig", "alg": "RS256"}]}

    def token(self, company: Company) -> str:
        """A token of the company's administrator."""
        now = int(time.time())
        claims = {"iss": NAME, "aud": "telco-gateway", "sub": f"user-{company.key}", "iat": now}
        viewer = {"role": "USER_ADMIN", "company_id": company.id, "exp": now + VALID_SECONDS}
        return jwt.encode(claims | viewer, self.key, algorithm="RS256", headers={"kid": "bench"})


def new_issuer() -> Issuer:
    """An issuer nobody knew before."""
    return Issuer(rsa.generate_private_key(public_exponent=65537, key_size=2048))
