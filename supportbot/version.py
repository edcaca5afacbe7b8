"""The version of this release, in one place for the package, the command line and the stored data."""

__version__ = "0.1.0"
