"""What the two sides say to each other: topics, messages, codec, record identity.

Client and backend both depend on this package and never on each other. Standard library only.
"""

from attendance_contracts.codec import (
    CONTRACT_VERSION,
    MAX_CHUNK_BYTES,
    MAX_CHUNK_RECORDS,
    decode,
    decode_topic,
    encode,
    from_json,
    to_json,
)
from attendance_contracts.errors import ContractError
from attendance_contracts.forgetting import tombstone
from attendance_contracts.messages import (
    CLOCK_OFF_FROM_S,
    MESSAGE_TYPES,
    NEARLY_FULL,
    AlarmKind,
    Answer,
    CreateReviewSheet,
    GetReviewPeriod,
    LastStoredTimestamp,
    MachineHealth,
    Message,
    MistimedPunches,
    NewReviewPeriod,
    NewReviewSheet,
    Outcome,
    RaiseFinalAlarm,
    SiteHealth,
    StoreAttendRecords,
    Watch,
)
from attendance_contracts.period import ReviewPeriod, business_day
from attendance_contracts.record import AttendanceRecord
from attendance_contracts.release import RELEASE, is_older
from attendance_contracts.signing import (
    LEAST_SECRET_BYTES,
    SEQUENCES_AHEAD,
    Signed,
    Signer,
    SiteKey,
    sequence_at,
)
from attendance_contracts.topics import (
    FUNCTION_TOPICS,
    REPLY_TOPICS,
    REQUEST_TOPICS,
    Topic,
    subscription_filter,
    subscription_path,
    topic_path,
    validate_location,
)

__all__ = [
    "CLOCK_OFF_FROM_S",
    "CONTRACT_VERSION",
    "FUNCTION_TOPICS",
    "LEAST_SECRET_BYTES",
    "MAX_CHUNK_BYTES",
    "MAX_CHUNK_RECORDS",
    "MESSAGE_TYPES",
    "NEARLY_FULL",
    "RELEASE",
    "REPLY_TOPICS",
    "REQUEST_TOPICS",
    "SEQUENCES_AHEAD",
    "AlarmKind",
    "Answer",
    "AttendanceRecord",
    "ContractError",
    "CreateReviewSheet",
    "GetReviewPeriod",
    "LastStoredTimestamp",
    "MachineHealth",
    "Message",
    "MistimedPunches",
    "NewReviewPeriod",
    "NewReviewSheet",
    "Outcome",
    "RaiseFinalAlarm",
    "ReviewPeriod",
    "Signed",
    "Signer",
    "SiteHealth",
    "SiteKey",
    "StoreAttendRecords",
    "Topic",
    "Watch",
    "business_day",
    "decode",
    "decode_topic",
    "encode",
    "from_json",
    "is_older",
    "sequence_at",
    "subscription_filter",
    "subscription_path",
    "to_json",
    "tombstone",
    "topic_path",
    "validate_location",
]
