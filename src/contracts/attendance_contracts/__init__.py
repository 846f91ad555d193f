"""What the two sides say to each other: topics, messages, codec, record identity."""
