"""The one door: an operation runs only if it is within the limits, valid, and allowed to whoever sends it."""

from gateway.admission.access import AccessPolicy
from gateway.admission.door import Admission
from gateway.admission.refused import Refused

__all__ = ["AccessPolicy", "Admission", "Refused"]
