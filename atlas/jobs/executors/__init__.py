"""Executors: where batches run. Both take the same work and give the same records."""

from atlas.jobs.executors.base import Executor, choose_executor
from atlas.jobs.executors.serial import SerialExecutor

__all__ = ["Executor", "SerialExecutor", "choose_executor"]
