"""The platforms, each behind the contract in `base`; a member is imported only when it is configured."""
