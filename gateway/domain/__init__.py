"""Records, enums and rules of the trade: no I/O, nothing of GraphQL, HTTP or TM Forum."""
