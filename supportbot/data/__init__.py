"""What is kept: how it is saved and put back, given out, and removed again."""
