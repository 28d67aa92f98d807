"""The components of repository health, one a file, composed in `insights.repository_health.MEASURES`."""
