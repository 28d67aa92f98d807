"""Commits to read: changes to what runs on other machines (workflows, installation), and those about security."""

import re
from collections.abc import Iterator

from ...text import count_of
from ..commits import lists_all
from ..file_kinds import is_workflow, kind_of_file
from ..results import RiskLevel
from .case import Case, Found, Known, finding, names

_INSTALL_SCRIPT = re.compile(
    r"(?:^|/)(?:setup\.py|build\.rs|binding\.gyp|extconf\.rb|makefile|gnumakefile|configure|install(?:er)?\.[a-z0-9]+"
    r"|(?:pre|post)?-?(?:un)?install[\w-]*(?:\.[a-z0-9]+)?|(?:pre|post)install[\w.-]*|prepare\.[cm]?[jt]s|\.npmrc|.*\.pth"
    r"|[\w.-]*\.(?:sh|bash|ps1|bat|cmd))$"
)


def find_workflow_changes(case: Case) -> Iterator[Found | str]:
    """Yield findings about workflow files changed by a newcomer: high; low for a bot, which was installed."""
    changed = [(known, case.is_newcomer(known)) for known in _with_files(case) if _workflows(case, known)]
    new = [known for known, newcomer in changed if newcomer]
    unjudged = sum(newcomer is None for _, newcomer in changed)
    if unjudged:
        yield (
            f"Whether {count_of(unjudged, 'commit')} that changed workflow files came from a first-time contributor: "
            "too little history is known before."
        )
    bots = [known for known in new if _by_bot(known)]
    others = [known for known in new if not _by_bot(known)]
    if others:
        yield _workflow_finding(case, "high", others)
    if bots:
        yield _workflow_finding(case, "low", bots)


def _workflow_finding(case: Case, severity: RiskLevel, commits: list[Known]) -> Found:
    paths = names(path for known in commits for path in _workflows(case, known))
    return finding(
        "workflow_changed_by_newcomer",
        severity,
        f"Workflow files changed by a first-time contributor in {count_of(len(commits), 'commit')}: {paths}",
        "Workflows run with the repository's rights and can read its secrets. The author was not seen before in the "
        "known history: read the change.",
        [known.item for known in commits],
    )


def _by_bot(known: Known) -> bool:
    """Return whether the account is one; a mere name that looks like a bot's proves nothing."""
    return known.commit.author_login is not None and known.author is not None and known.author.kind == "bot"


def find_dependency_changes(case: Case) -> Iterator[Found]:
    """Yield a medium finding where one commit changes dependencies and scripts that run on installation."""
    found = [known for known in _with_files(case) if _changes_dependencies_and_scripts(case, known)]
    if found:
        yield finding(
            "dependencies_and_install_scripts",
            "medium",
            f"Dependencies changed together with scripts that run on installation in {count_of(len(found), 'commit')}: "
            + names(path for known in found for path in _paths(case, known) if _is_script(path)),
            "What is installed and what is run while installing changed at once, which is how a hidden download "
            "arrives. Usually it is ordinary maintenance: read the scripts, check the lock file against the manifest.",
            [known.item for known in found],
        )


def find_unread_files(case: Case) -> Iterator[str]:
    """Yield a sentence on how many commits' files are not known, if any."""
    unread = [known for known in case.window_commits if not _read(case, known)]
    if unread:
        yield (
            f"Files of {len(unread)} of {count_of(len(case.window_commits), 'commit')} were not all fetched: changes "
            "to workflows, dependencies and install scripts in them are not seen."
        )


def _read(case: Case, known: Known) -> bool:
    files = case.inputs.files.get(known.commit.sha)  # which has not those of every commit
    if files is not None:
        return lists_all(known.commit, files)
    return known.commit.files_changed is not None and known.commit.sha not in case.inputs.without_files


def _with_files(case: Case) -> Iterator[Known]:
    """Yield commits whose files are known, without merges: their files were changed by the commits they bring."""
    for known in case.window_commits:
        if len(known.commit.parents) < 2 and known.commit.sha in case.inputs.files:
            yield known


def _paths(case: Case, known: Known) -> list[str]:
    return sorted(file.filename for file in case.inputs.files[known.commit.sha])


def _workflows(case: Case, known: Known) -> list[str]:
    return [path for path in _paths(case, known) if is_workflow(path)]


def _changes_dependencies_and_scripts(case: Case, known: Known) -> bool:
    paths = _paths(case, known)
    scripts = {path for path in paths if _is_script(path)}
    return bool(scripts) and any(kind_of_file(path) in {"manifest", "lock"} and path not in scripts for path in paths)


def _is_script(path: str) -> bool:
    """Return whether a file is run on installation, by a package manager or by hand; tests are not."""
    return bool(_INSTALL_SCRIPT.search(path.lower())) and kind_of_file(path) not in {"test", "docs", "generated"}


def find_security_commits(case: Case) -> Iterator[Found]:
    """Yield the commits that analysis calls security-relevant: low, or medium when one of them is of high risk."""
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
