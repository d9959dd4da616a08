"""A Temporal worker in Python that trains for Perennial: see README.md."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from perennial_trainer import remote
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker


@activity.defn(name="train", no_thread_cancel_exception=True)
def train(order: dict) -> dict:
    """Does the job of an order in a process of its own, and hands back what it made."""
    return remote.train(order, heartbeat=activity.heartbeat, cancelled=activity.is_cancelled)


async def main() -> None:
    client = await Client.connect(
        os.environ.get("TEMPORAL_ADDRESS", "localhost:7233"), namespace=os.environ.get("TEMPORAL_NAMESPACE", "default")
    )
    at_once = int(os.environ.get("TRAININGS", "1"))
    worker = Worker(
        client,
        task_queue=os.environ.get("TASK_QUEUE", "python-trainers"),
        activities=[train],
        activity_executor=ThreadPoolExecutor(at_once),
        max_concurrent_activities=at_once,
        # A cancellation comes with a heartbeat.
        max_heartbeat_throttle_interval=timedelta(seconds=1),
        default_heartbeat_throttle_interval=timedelta(seconds=1),
    )
    print("polling", flush=True)
    await worker.run()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
