"""`notify`: send the targets of NOTIFY_URLS what is new to them, show what that would be, or test them."""

from collections.abc import Sequence

from rich.padding import Padding

from ..errors import SettingsError, Unreachable
from ..instants import format_instant
from ..notifying.notifier import Notifier, Outcome, Plan
from ..notifying.targets import Target, load_targets
from ..runtime import open_runtime
from ..settings import Settings
from ..text import first_few
from .messages import print_error, print_note
from .screen import plain, print_json, stdout


async def notify(settings: Settings, *, dry_run: bool, test: bool, as_json: bool) -> int:
    """Send, show or try; 1 when a target took no message."""
    if dry_run and test:
        raise SettingsError("--dry-run sends nothing and --test sends a test message; give one of them")
    targets = load_targets(settings.notify_urls)
    if not targets:
        raise SettingsError(
            "NOTIFY_URLS is not set; give URLs of https://github.com/caronc/apprise/wiki, comma-separated"
        )
    if test:
        return _report([await _try(target) for target in targets], as_json=as_json)
    async with open_runtime(settings) as runtime:
        notifier = Notifier(runtime.service.context, targets, settings)
        if not dry_run:
            try:
                outcomes = await notifier.notify()
            except Unreachable:
                raise Unreachable("a server is telling the targets right now; try again in a few seconds") from None
            _say_what_is_missing(notifier)
            return _report(outcomes, as_json=as_json)
        plans = await notifier.plan()
        _say_what_is_missing(notifier)
    if as_json:
        print_json({"targets": [_wire(plan) for plan in plans]})
    else:
        _show(plans)
    return 0


def _say_what_is_missing(notifier: Notifier) -> None:
    """Say which repositories were left out: that nothing is known of them does not mean that nothing is new."""
    look = notifier.looked
    if look is None or not look.watched:
        print_note("No repository is watched; add one with: github-events-monitor watch add owner/name")
    elif left := sorted({*look.watched} - {*look.seen}):
        print_note(f"Not collected lately, and left out: {first_few(left, 3)}; github-events-monitor collect does it")


async def _try(target: Target) -> Outcome:
    body = "This is a test: messages of GitHub Events Monitor arrive here."
    return Outcome(target, await target.send("GitHub: a test message", body), None)


def _report(outcomes: Sequence[Outcome], *, as_json: bool) -> int:
    words = {True: "sent", False: "failed", None: "nothing_new"}
    rows = [(one, "waiting" if one.sent is None and one.again_at else words[one.sent]) for one in outcomes]
    if as_json:
        print_json({"targets": [{"target": one.target.name, "status": status} for one, status in rows]})
    for one, status in rows if not as_json else ():
        until = f" until {format_instant(one.again_at)}, so soon after the last message" if one.again_at else ""
        said = {"nothing_new": "nothing new", "waiting": f"waits{until}", "failed": "took no message"}
        stdout().print(plain(f"{one.target.name}: {said.get(status, status)}"))
    failed = [one.target.name for one in outcomes if one.sent is False]
    if failed:
        print_error(f"no message could be sent to {', '.join(failed)}; check the URL and whether it can be reached")
    return 1 if failed else 0


def _wire(plan: Plan) -> dict[str, str | None]:
    return {
        "target": plan.target.name,
        "title": plan.message.title if plan.message else None,
        "body": plan.message.body if plan.message else None,
        "not_before": format_instant(plan.not_before) if plan.message and plan.not_before else None,
    }


def _show(plans: Sequence[Plan]) -> None:
    page = stdout()
    for plan in plans:
        if plan.message is None:
            page.print(plain(f"{plan.target.name}: nothing new"))
            continue
        when = "now" if plan.not_before is None else f"from {format_instant(plan.not_before)} on"
        page.print(plain(f"{plan.target.name}: would be sent {when}", "bold"))
        page.print(Padding(plain(plan.message.title, "bold"), (0, 0, 0, 2)))
        page.print(Padding(plain(plan.message.body), (0, 0, 1, 2)))
    page.print(plain("Nothing was sent.", "dim"))
