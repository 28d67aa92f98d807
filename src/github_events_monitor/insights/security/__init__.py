"""What a person responsible for a repository should look at, with why and where."""

from .assess import CHECKS, assess_security
from .case import HISTORY, SECURITY_TYPES, SecurityInputs

__all__ = ["CHECKS", "HISTORY", "SECURITY_TYPES", "SecurityInputs", "assess_security"]
