"""The other servers: each answers the benchmark's queries from the same backend."""
