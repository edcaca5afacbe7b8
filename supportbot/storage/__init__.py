"""The store: documents, logs, work and files behind one contract (`base`), a member a file."""
