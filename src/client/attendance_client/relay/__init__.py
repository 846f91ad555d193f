"""From the machine's records to the backend: the ledger, Pub/Sub, what the site tells of itself."""
