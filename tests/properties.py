"""How much hypothesis tries."""

import os

from hypothesis import HealthCheck, settings

NIGHTLY = bool(os.environ.get("NIGHTLY"))

# No deadline: the machine's load is not what properties are about.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("nightly", parent=settings.get_profile("default"), max_examples=2_000)


def examples(by_day: int) -> settings:
    """So many by day, and as many more at night as for other properties."""
    profile = settings.get_profile("nightly" if NIGHTLY else "default")
    return settings(profile, max_examples=by_day * profile.max_examples // 100)
