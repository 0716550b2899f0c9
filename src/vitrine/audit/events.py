"""The vocabulary of the audit log: everything that can be said to have happened.

A word is never renamed or reused: logs outlive versions.
"""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """One kind of audited event."""

    # People
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_CHANGED = "account_changed"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_ENABLED = "account_enabled"
    ACCOUNT_LOCKED = "account_locked"
    LOGIN = "login"
    LOGIN_REFUSED = "login_refused"
    LOGOUT = "logout"
    PASSWORD_RESET = "password_reset"  # noqa: S105 a word of the vocabulary

    # Data and projects
    DATASET_CHANGED = "dataset_changed"
    DATASET_PUBLISHED = "dataset_published"
    DATASET_REFUSED = "dataset_refused"
    DATASET_VERIFIED = "dataset_verified"
    PROJECT_CHANGED = "project_changed"
    PROJECT_CREATED = "project_created"
    PROJECT_EXPIRED = "project_expired"
    PROJECT_MEMBER_ADDED = "project_member_added"
    PROJECT_MEMBER_REMOVED = "project_member_removed"

    # Sessions
    SESSION_ENDED = "session_ended"
    SESSION_IMAGES = "session_images"
    """Which images, by immutable id, a session runs."""
    SESSION_REFUSED = "session_refused"
    SESSION_RUNNING = "session_running"
    SESSION_STARTED = "session_started"
    SESSION_STOP_ASKED = "session_stop_asked"
    SPAWN_REFUSED = "spawn_refused"
    REQUEST_REFUSED = "request_refused"
    """The lab or the Hub refused an HTTP request."""

    # Journals
    JOURNAL_EXPORTED = "journal_exported"
    JOURNAL_FAILED = "journal_failed"
    JOURNAL_HEAD = "journal_head"
    JOURNAL_READ = "journal_read"
    JOURNAL_VERIFIED = "journal_verified"

    # Export
    COMMENTED = "commented"
    DISCLOSURE_CLOSED = "disclosure_closed"
    DISCLOSURE_REPORTED = "disclosure_reported"
    """Somebody saw what must not leave; the request stands still from here on."""
    DOWNLOADED = "downloaded"
    DOWNLOAD_REFUSED = "download_refused"
    DRAFT_CREATED = "draft_created"
    DRAFT_REFUSED = "draft_refused"
    EXCEPTION_ASKED = "exception_asked"
    EXCEPTION_GRANTED = "exception_granted"
    EXCEPTION_REFUSED = "exception_refused"
    EXPORT_REFUSED = "export_refused"
    """A person asked for a step of a request's life that the policy refused."""
    FILES_ASKED_IN = "files_asked_in"
    FILES_BROUGHT_IN = "files_brought_in"
    """The files of a newer draft took their places in a request that came back."""
    FILE_CLEANED = "file_cleaned"
    """The releasable copy of a file was made, or the reason why there is none."""
    FILE_VIEWED = "file_viewed"
    NOTICE_FAILED = "notice_failed"
    """A notice was tried again and again, and nobody took it."""
    PRIORITY_SET = "priority_set"
    RECORD_READ = "record_read"
    """An auditor read what this log says of a request."""
    RELEASED = "released"
    RELEASE_REFUSED = "release_refused"
    REQUEST_CHECKED = "request_checked"
    REQUEST_APPROVED = "request_approved"
    REQUEST_REJECTED = "request_rejected"
    REQUEST_RETURNED = "request_returned"
    REQUEST_REVIEWED = "request_reviewed"
    REQUEST_SUBMITTED = "request_submitted"
    REQUEST_WITHDRAWN = "request_withdrawn"
    REVIEW_SUBMITTED = "review_submitted"
    REVOKED = "revoked"
    SEAT_GIVEN_UP = "seat_given_up"
    SEAT_TAKEN = "seat_taken"
    VOTE_CAST = "vote_cast"
    VOTE_REFUSED = "vote_refused"
    WARNING_ACCEPTED = "warning_accepted"

    # Sharing inside a project
    FILES_RECEIVED = "files_received"
    """Shared files were handed to a colleague's session."""
    FILES_SHARED = "files_shared"
    SHARE_REFUSED = "share_refused"
    SHARE_REMOVED = "share_removed"
    """A share reached its end, or its project did; its bytes are gone."""

    # The node itself
    BACKED_UP = "backed_up"
    CHECKPOINT = "checkpoint"
    NODE_INITIALISED = "node_initialised"
    RESTORED = "restored"
    SWEPT = "swept"
    """The steward ended or removed what was left over."""
