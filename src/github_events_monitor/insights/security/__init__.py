"""What a person responsible for a repository should look at, with why and where."""

from .assess import CHECKS, assess_security, find_severe
from .case import HISTORY, SECURITY_TYPES, Found, SecurityInputs
from .force_pushes import TAGS

__all__ = ["CHECKS", "HISTORY", "SECURITY_TYPES", "TAGS", "Found", "SecurityInputs", "assess_security", "find_severe"]
