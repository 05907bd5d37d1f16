"""The numbers that all parts keep, of all workers, as Prometheus reads them, on a port of their own."""

from gateway.metrics.fleet import Fleet, fleet_of
from gateway.metrics.loop_lag import LoopLag
from gateway.metrics.readers import Parts, samples
from gateway.metrics.serving import metrics_served

__all__ = ["Fleet", "LoopLag", "Parts", "fleet_of", "metrics_served", "samples"]
