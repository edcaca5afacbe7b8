"""The API: what the app asks for, and what it gets; a module for each kind of thing."""
