"""
Trains on another machine than the worker's: takes a job from the artifact store over addresses that were made for it,
runs it as the job contract says, and leaves there what it made. No credentials, no library beyond Python's own.

    from perennial_trainer import remote

    @activity.defn(name="train", no_thread_cancel_exception=True)
    def train(order: dict) -> dict:
        return remote.train(order, heartbeat=activity.heartbeat, cancelled=activity.is_cancelled)
"""

from .errors import AddressRefused, PackagesMissing, RemoteError, Stopped
from .training import train

__all__ = ["AddressRefused", "PackagesMissing", "RemoteError", "Stopped", "train"]
