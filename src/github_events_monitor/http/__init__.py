"""What everything that listens shares: access, limits, problems, telemetry, and how questions are asked by HTTP."""
