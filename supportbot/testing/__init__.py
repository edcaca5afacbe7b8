"""The test kit for skill authors: conversations in memory, with a clock that tests move."""
