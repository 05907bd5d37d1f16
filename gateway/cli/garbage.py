"""Python's cyclic garbage collector, set for a process that serves."""

import gc

NEW_OBJECTS = 50_000
YOUNGER_COLLECTIONS = (20, 20)


def collect_rarely() -> None:
    """To be called when all is built: what exists now is never looked at again, and the rest seldom.

    The schema, the plans and the modules are some hundred thousand objects that every full collection would go
    through. Nothing is left behind that has to be collected: not by requests, failed ones included
    (tests/engine/test_memory.py), and not by documents that are pushed out or refused (tests/admission/test_memory.py).
    With Python's own thresholds collecting took about two fifths of a request's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *YOUNGER_COLLECTIONS)
