"""The three backends and the token issuer, each behind one REST client: wire in, domain records out."""
