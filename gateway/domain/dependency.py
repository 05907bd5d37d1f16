"""What is known of a system that the gateway depends on, from what calls showed."""

from typing import Literal

DependencyState = Literal["up", "failing", "unknown"]
"""`unknown` where nothing was asked of it lately."""
