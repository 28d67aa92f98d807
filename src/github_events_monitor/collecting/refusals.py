"""What GitHub cannot give: remembered with its reason, and asked for ever more rarely, so that the rest goes on."""

from datetime import timedelta

from ..errors import Forbidden, InvalidInput, MonitorError, NotFound, Unreachable
from ..instants import shift
from ..records import Refusal
from .pass_state import PassState

REFUSED = (Forbidden, InvalidInput, NotFound, Unreachable)
"""How GitHub ends one question: what is asked beside it goes on. A rate limit ends them all."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(hours=1), timedelta(days=30)
MOST = 200
"""So many are remembered of a repository: its state stays small."""

_MAX_REASON = 200


def is_due(state: PassState, name: str) -> bool:
    """Return whether something may be asked for: it was never refused, or long enough ago."""
    refusal, now = state.repository.refused.get(name), state.now()
    return refusal is None or not now < refusal.retry_at <= shift(now, LONGEST_PAUSE)


def remember_refusal(state: PassState, name: str, error: MonitorError) -> None:
    """Remember that GitHub could not give something; the pause before the next attempt doubles every time."""
    refused = dict(state.repository.refused)
    before = refused.pop(name, None)
    times = before.times + 1 if before else 1
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(times - 1, 20))
    refused[name] = Refusal(error.message[:_MAX_REASON], times, shift(state.now(), pause))
    state.change(refused=dict(list(refused.items())[-MOST:]))


def forget_refusal(state: PassState, name: str) -> None:
    """Forget it, for GitHub gave it after all."""
    if name in state.repository.refused:
        state.change(refused={other: why for other, why in state.repository.refused.items() if other != name})
