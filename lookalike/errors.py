"""The errors of the batch job; each carries the exit code that it ends the process with."""


class JobError(Exception):
    """A failure with a message for the person who runs the job; printed as one line, no traceback."""

    exit_code = 1


class DiskError(JobError):
    """A disk is full or refuses to be read or written."""


class UsageError(JobError):
    """An option, a configuration key or an input that cannot be used."""

    exit_code = 2


class QualityGateError(JobError):
    """What was read or found is too damaged, or too little, to be published."""

    exit_code = 3


class OutputLockedError(JobError):
    """Another run holds the output folder."""

    exit_code = 4


class TooManyCandidatesError(JobError):
    """The comparison would take more than its user allows."""

    exit_code = 5


class VerificationError(JobError):
    """What was found is not what an independent comparison finds."""

    exit_code = 6


class SnapshotError(JobError):
    """A snapshot on disk is missing, damaged or of a schema that this version cannot read."""


class StoreError(SnapshotError):
    """An object store does not answer, or not as it should."""


class StoreRefusedError(UsageError, StoreError):
    """An object store refuses what it is asked for: credentials, permission or the bucket are missing."""
