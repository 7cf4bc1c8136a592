"""Build everything once from the settings, and close it in the reverse order."""

import asyncio
import importlib.resources
import inspect
import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from fastapi import FastAPI

from hubbub.answers.base import AnswerStore
from hubbub.answers.desk import Desk
from hubbub.answers.log import Log
from hubbub.connections.http import Http
from hubbub.connections.sqlite import Sqlite
from hubbub.conversation.engine import Engine
from hubbub.core.errors import StoreError
from hubbub.history.base import History
from hubbub.identity.base import Identity
from hubbub.ingest.files import Files
from hubbub.ingest.pipeline import Pipeline
from hubbub.models.base import Embedder
from hubbub.models.catalog import Catalog
from hubbub.registry import load
from hubbub.search.base import Library, Search
from hubbub.settings import Settings
from hubbub.web.app import create_app
from hubbub.web.services import Services, WebLimits

logger = logging.getLogger(__name__)
T = TypeVar("T")

OnFetch: TypeAlias = Callable[[str, int, int | None], None]
"""Told how far a file is: its name, bytes done, bytes in all (None: not known)."""
