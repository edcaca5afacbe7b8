"""Discord: messages, interactions and threads, over real discord.py; our own outbox decides what goes out."""
