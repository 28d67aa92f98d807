"""What can only be observed in the present: CI, community profile, advisories. They never score a past window."""

from ...text import count_of
from ..results import Component
from .period import Period, component


def measure_ci(period: Period) -> Component:
    """Return it; see https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository."""
    snapshot = period.snapshot
    runs, successes = (snapshot.ci_runs, snapshot.ci_successes) if snapshot else (None, None)
    if runs is None or successes is None:
        return component("ci_success", None, None, _why_unknown(period, "ci_runs"))
    said = (
        f"{successes} of {count_of(runs, 'run')} succeeded."
        if runs
        else "No workflow run that gave a verdict was found."
    )
    return component("ci_success", successes / runs if runs else None, runs, said)


def measure_profile(period: Period) -> Component:
    """Return it; see https://docs.github.com/en/rest/metrics/community#get-community-profile-metrics."""
    percent = period.snapshot.community_profile if period.snapshot else None
    if percent is None:
        return component("community_profile", None, None, _why_unknown(period, "community_profile"))
    return component("community_profile", percent, 1, f"The profile is {percent:g} % complete.")


def measure_advisories(period: Period) -> Component:
    """Return it; see https://docs.github.com/en/rest/security-advisories/repository-advisories#list-repository-security-advisories."""
    number = period.snapshot.open_advisories if period.snapshot else None
    if number is None:
        return component("open_advisories", None, None, _why_unknown(period, "open_advisories"))
    return component("open_advisories", number, number, f"{count_of(number, 'open advisory')}.")


def _why_unknown(period: Period, field: str) -> str:
    if period.snapshot is None:
        return "Not known: only an observation made now can say, and there is none for this window."
    return f"Not known: {period.snapshot.unknown.get(field, 'GitHub did not say')}."
