"""Releases, deployments and the four DORA keys, composed in `insights.deployments`."""
