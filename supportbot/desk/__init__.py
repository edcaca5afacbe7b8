"""What the support desk does: tickets, handoffs, surveys."""
