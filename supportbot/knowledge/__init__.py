"""The engine of the FAQ: articles from their sources, an index, and a decision."""
