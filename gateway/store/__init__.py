"""What all requests share: decorators around sources, and the cache in Redis behind them."""
