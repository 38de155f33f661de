"""Users and what ends their sessions early."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, UtcMoment, exact_text
from app.fields import EMAIL_CHARS_MAX, NAME_CHARS_MAX
from app.users.device_names import NAME_CHARS_MAX as NAME_OF_DEVICE_CHARS_MAX

# The longest is a network of IPv6.
ADDRESS_CHARS_MAX = 64
# Of 256 bytes, and of 768: a key of RSA with 4096 bits has 530.
CREDENTIAL_ID_CHARS_MAX = 344
PUBLIC_KEY_CHARS_MAX = 1024


class User(Base):
    __tablename__ = "users"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(exact_text(EMAIL_CHARS_MAX), unique=True)
    name: Mapped[str] = mapped_column(String(NAME_CHARS_MAX))
    password_hash: Mapped[str] = mapped_column(exact_text(60))
    # Tokens carry the generation they were issued in; raising it ends them all.
    token_generation: Mapped[int] = mapped_column(BigId, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcMoment)


class SessionRow(Base):
    """A login that has not ended. Its id is the `sid` of its tokens."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_user_id", "user_id"), Index("ix_sessions_expires_at", "expires_at"))

    id: Mapped[str] = mapped_column(exact_text(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    # That of the user, or the session has ended; it may be newer than that of its tokens (see `sessions.end_all`).
    generation: Mapped[int] = mapped_column(BigId)
    device: Mapped[str] = mapped_column(String(NAME_OF_DEVICE_CHARS_MAX))
    address: Mapped[str] = mapped_column(exact_text(ADDRESS_CHARS_MAX))
    created_at: Mapped[datetime] = mapped_column(UtcMoment)
    # At most a minute late, or two.
    last_used_at: Mapped[datetime] = mapped_column(UtcMoment)
    # However often it is renewed.
    expires_at: Mapped[datetime] = mapped_column(UtcMoment)


class RecoveryRow(Base):
    """The one code by mail with which a person may choose another password."""

    __tablename__ = "password_recoveries"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    code_hash: Mapped[str] = mapped_column(exact_text(64))
    # Wrong ones.
    tries: Mapped[int] = mapped_column(SmallInteger)
    expires_at: Mapped[datetime] = mapped_column(UtcMoment)


class SecondFactorRow(Base):
    """The secret that a person shares with an app. It cannot be a hash: both make the codes of it."""

    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    secret: Mapped[str] = mapped_column(exact_text(32))
    # Null until the person has shown a code of it; nothing asks for it until then.
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    # Of the last code that was used: no code is good twice.
    last_step: Mapped[int] = mapped_column(BigId)
    # From this amount on money asks for a code.
    limit_cents: Mapped[int] = mapped_column(BigId)


class RecoveryCode(Base):
    """One of the codes for who has lost the app. Used, it is gone."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    code_hash: Mapped[str] = mapped_column(exact_text(64), primary_key=True)


class PasskeyRow(Base):
    """A key of a device with which its user enters without a password. The public half: nobody enters with it."""

    __tablename__ = "passkeys"
    __table_args__ = (Index("ix_passkeys_user_id", "user_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    # Both in base64url.
    credential_id: Mapped[str] = mapped_column(exact_text(CREDENTIAL_ID_CHARS_MAX), unique=True)
    public_key: Mapped[str] = mapped_column(exact_text(PUBLIC_KEY_CHARS_MAX))
    # How often the device says that it has used it; 0 where it does not count.
    sign_count: Mapped[int] = mapped_column(BigId)
    name: Mapped[str] = mapped_column(String(NAME_OF_DEVICE_CHARS_MAX))
    created_at: Mapped[datetime] = mapped_column(UtcMoment)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class UsedChallenge(Base):
    """What a device has signed with a passkey, until it is too old to be taken again."""

    __tablename__ = "used_challenges"
    __table_args__ = (Index("ix_used_challenges_expires_at", "expires_at"),)

    id: Mapped[str] = mapped_column(exact_text(32), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcMoment)


class Administrator(Base):
    """Somebody who may see the panel. Made and unmade from the command line only."""

    __tablename__ = "administrators"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    since: Mapped[datetime] = mapped_column(UtcMoment)


class Revocation(Base):
    """One ended session, or every session of the user from before `generation` (`session_id` is null) but one."""

    __tablename__ = "revocations"
    __table_args__ = (Index("ix_revocations_revoked_at", "revoked_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    session_id: Mapped[str | None] = mapped_column(exact_text(32), unique=True)
    generation: Mapped[int | None] = mapped_column(BigId)
    kept_session_id: Mapped[str | None] = mapped_column(exact_text(32))
    revoked_at: Mapped[datetime] = mapped_column(UtcMoment)
    # When the last token that it ends would have expired by itself; then the row may go.
    expires_at: Mapped[datetime] = mapped_column(UtcMoment)
