"""The commands of the command line: one noun, one file; each is imported only when it is called."""
