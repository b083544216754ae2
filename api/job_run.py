"""`python -m api.job_run HOME ID`: the process of one job. It gives way to everything else.

The lock that it inherits from whoever started it tells the world that it lives.
"""

import logging
import os
import sys
from pathlib import Path

from api.cli_options import settings_of
from api.errors import DoorError, JobCancelled
from api.home import JOBS, STOCKROOM
from api.job import Job, Status, read_job
from api.job_work import work
from api.settings import Settings
from api.shown_paths import pathless
from api.told import Told
from customers.errors import CustomerError
from index.errors import CatalogueError
from vision.errors import VisionError

NICE = 19
FORESEEN = (DoorError, CatalogueError, VisionError, CustomerError, OSError)
UNFORESEEN = "something unforeseen went wrong; the job's log.txt holds what"
log = logging.getLogger("vistazo")


def main(arguments: list[str]) -> int:
    """Run the job that the arguments name; 0 if it did what it should."""
    home, job_id = Path(arguments[0]), arguments[1]
    os.nice(NICE)
    logging.basicConfig(level=logging.INFO)
    return run(read_job(home / JOBS, job_id), settings_of(shop=home))


def run(job: Job, settings: Settings) -> int:
    """Work on `job` until it has ended, whatever the end."""
    told, status, said = Told(job), Status.FAILED, UNFORESEEN
    try:
        with told.turn(job.folder.parent):
            job.write_report(work(job, settings, told))
        status, said = Status.DONE, ""
    except JobCancelled:
        status, said = Status.CANCELLED, ""
    except FORESEEN as error:
        log.exception("the job failed")
        said = pathless(str(error), [settings.shop / STOCKROOM, settings.shop])
    finally:
        told.end(status, said)
    return 0 if status is Status.DONE else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
