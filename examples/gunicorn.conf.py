"""gunicorn for the three chats: `gunicorn -c ../gunicorn.conf.py app:app` in the folder of one of them.

Other addresses and numbers of workers: BIND=0.0.0.0:80 WEB_CONCURRENCY=2 gunicorn …
"""

import os

bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY") or 2 * len(os.sched_getaffinity(0)) + 1)
worker_class = "uvicorn_worker.UvicornWorker"  # the package uvicorn-worker; uvicorn.workers is no longer kept up
max_requests = 1000
max_requests_jitter = 50  # so that the workers are not replaced all at once
timeout = 120  # for an async worker: of a loop that stands still. For a sync one: of the longest answer
