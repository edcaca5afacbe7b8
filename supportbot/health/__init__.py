"""How the bot is, told to whoever asks: a monitor, the system that runs it, and an operator at three in the morning."""
