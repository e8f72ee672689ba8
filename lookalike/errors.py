"""The errors of the batch job; each carries the exit code that it ends the process with."""


class JobError(Exception):
    """A failure with a message for the person who runs the job; printed as one line, no traceback."""

    exit_code = 1


class DiskError(JobError):
    """A disk is full, or cannot be read or written."""


class JavaGoneError(JobError):
    """Spark's Java has ended in the middle of a run, because somebody killed it or the system had no memory left."""


class UsageError(JobError):
    """An option, a configuration key or an input that cannot be used."""

    exit_code = 2


class QualityGateError(JobError):
    """Too many rows cannot be used, or too little was found, to publish the result."""

    exit_code = 3


class OutputLockedError(JobError):
    """Another run is using the output."""

    exit_code = 4


class TooManyCandidatesError(JobError):
    """The comparison would meet more candidates than --max-candidates."""

    exit_code = 5


class TooManyPairsError(JobError):
    """The comparison would find more similar pairs than --max-pairs, or than the disk has room for."""

    exit_code = 5


class VerificationError(JobError):
    """--verify found a missing or a wrong pair."""

    exit_code = 6


class SnapshotError(JobError):
    """A snapshot is missing, damaged or of a version that cannot be read."""

    is_damage = True  # so that a run can do without; not if nobody knows how it is


class StoreError(SnapshotError):
    """An object store does not answer, or gives a wrong answer."""

    is_damage = False


class StoreRefusedError(UsageError, StoreError):
    """An object store refuses a request: credentials, permission or the bucket are missing."""


class MissingBucketError(StoreRefusedError):
    """There is no such bucket."""


class MissingObjectError(StoreError):
    """There is no object of this key."""

    is_damage = True


class ConflictError(StoreError):
    """An object is not in the state that a condition of a request demands."""


class UnknownSwitchError(StoreError):
    """CURRENT may or may not have been replaced: the answer of the store was lost, and so was the next."""
