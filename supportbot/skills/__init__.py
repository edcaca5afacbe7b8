"""The built-in skills, which come through the same door as anybody else's."""
