"""The cloud functions between Pub/Sub and the review sheets."""
