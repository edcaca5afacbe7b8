"""What new projects begin with: the files of a bot and of a skill, and how they are put in place."""
