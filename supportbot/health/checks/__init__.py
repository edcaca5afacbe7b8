"""The checks of the doctor: each looks at one thing, changes nothing, and says what to do."""
