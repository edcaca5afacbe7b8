"""Where the samples lie."""

from __future__ import annotations

from pathlib import Path

ARTICLES = Path(__file__).with_name("articles.yaml")
"""The articles of Tidemark, a team's time tracking and invoicing app."""
