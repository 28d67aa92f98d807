"""What a person responsible for a repository should look at, with why and where."""

from .assess import CHECKS, assess_security
from .case import HISTORY, SecurityInputs

__all__ = ["CHECKS", "HISTORY", "SecurityInputs", "assess_security"]
