"""What the demo, the examples and the tests show: the knowledge base of Tidemark, a product that does not exist."""
