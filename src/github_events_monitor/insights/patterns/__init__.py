"""Unusual activity: hours and days with improbably many or few events, and bursts by one actor."""

from .anomalies import PatternInputs, find_anomalies, may_be_unusual
from .buckets import HISTORY

__all__ = ["HISTORY", "PatternInputs", "find_anomalies", "may_be_unusual"]
