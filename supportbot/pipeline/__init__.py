"""The stations of a message on its way: intake, ownership, relay, dispatch, delivery, timers."""
