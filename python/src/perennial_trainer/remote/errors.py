"""What keeps a job from being done here; how the trainer itself ended is a result, not an error."""


class RemoteError(Exception):
    """The job could not be taken, run or handed back; another attempt may succeed."""


class AddressRefused(RemoteError):
    """An address of the order is not valid any more, or never was: the job is over, or has waited for too long."""


class Damaged(RemoteError):
    """What an address gives is not what the order says it is."""


class Stopped(RemoteError):
    """Whoever runs the job was told to stop; the newest checkpoint is stored."""


class PackagesMissing(RemoteError):
    """What the lock of the trainer's code pins cannot be installed on this machine."""


class SecretMissing(RemoteError):
    """The trainer needs a variable that is not in the environment of this machine."""
