"""Slack, through slack-bolt: loaded only where it is configured."""
