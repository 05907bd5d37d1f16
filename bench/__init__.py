"""How many requests a second the gateway answers on one core, with backends that cost nothing."""
