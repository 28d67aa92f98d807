"""Known weaknesses: open advisories, and commits that speak of security."""

from collections.abc import Iterator

from ..results import Finding
from .case import Case, Item, count_of, finding, names


def find_security_commits(case: Case) -> Iterator[Finding]:
    """Low, or medium when one of them is of high risk: commits that analysis calls security-relevant."""
    found = [known for known in case.window_commits if known.summary and known.summary.security_relevant]
    if found:
        risky = any(known.summary and known.summary.risk_level == "high" for known in found)
        reasons = names(reason for known in found if known.summary for reason in known.summary.reasons)
        yield finding(
            "security_relevant_commits",
            "medium" if risky else "low",
            count_of(len(found), "security-relevant commit"),
            "They fix or touch what protects users: see whether a release with them is out, and whether they weaken "
            f"anything. Reasons given: {reasons or 'none'}.",
            [known.item for known in found],
        )


def find_open_advisories(case: Case) -> Iterator[Finding | str]:
    """High. A snapshot that could not be read is unknown, never none."""
    snapshot = case.inputs.snapshot
    if snapshot is None or snapshot.open_advisories is None:
        reason = snapshot.unknown.get("open_advisories") if snapshot else None
        yield f"Open security advisories: {reason or 'no snapshot of the repository for this window'}."
    elif snapshot.open_advisories > 0:
        yield finding(
            "open_advisories",
            "high",
            count_of(snapshot.open_advisories, "open security advisory", "open security advisories"),
            "A published advisory without a fixed version leaves users exposed.",
            [Item(snapshot.observed_at, None, f"{case.inputs.repo_url}/security/advisories")]
            if case.inputs.repo_url
            else [],
        )
