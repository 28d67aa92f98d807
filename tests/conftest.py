"""What holds for all tests: how much hypothesis tries, and that the long runs wait for the night."""

import os

from hypothesis import HealthCheck, settings

NIGHTLY = bool(os.environ.get("NIGHTLY"))

collect_ignore = [] if NIGHTLY else ["nightly"]

# No deadline: the machine's load is not what properties are about.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("nightly", parent=settings.get_profile("default"), max_examples=2_000)
settings.load_profile("nightly" if NIGHTLY else "default")
