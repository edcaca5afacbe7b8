"""The Web API: one module for each family of methods, and the server that calls them."""
