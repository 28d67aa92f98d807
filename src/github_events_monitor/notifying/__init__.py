"""Telling people of new attention items, without being asked: NOTIFY_URLS."""
