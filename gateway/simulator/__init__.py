"""The three backends as real HTTP servers with state: for demos, frontends' mocks and tests."""
