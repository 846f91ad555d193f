"""The ledger's tables."""

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE punches (
    identity TEXT PRIMARY KEY,
    serial_number TEXT NOT NULL,
    user_id TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    status INTEGER NOT NULL,
    punch INTEGER NOT NULL,
    occurrence INTEGER NOT NULL,
    raw BLOB NOT NULL,
    read_at TEXT NOT NULL,
    sheet_id TEXT
) WITHOUT ROWID;
CREATE INDEX unconfirmed ON punches (timestamp) WHERE sheet_id IS NULL;
CREATE TABLE undecodable (
    serial_number TEXT NOT NULL,
    raw BLOB NOT NULL,
    reason TEXT NOT NULL,
    read_at TEXT NOT NULL,
    PRIMARY KEY (serial_number, raw)
);
CREATE TABLE users (
    serial_number TEXT NOT NULL,
    user_id TEXT NOT NULL,
    user_name TEXT NOT NULL,
    PRIMARY KEY (serial_number, user_id)
);
CREATE TABLE periods (
    name TEXT PRIMARY KEY,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    sheet_id TEXT NOT NULL,
    closed INTEGER NOT NULL
);
"""
