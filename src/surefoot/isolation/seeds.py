"""Seeds of a scenario's random generators, from the run's seed and the scenario's id.

The same run seed and scenario give the same numbers, on any worker and in any order; two
scenarios give different ones, so that "unique" names do not collide between workers. The hash
seed of a running interpreter is fixed at its start: only child processes get one from here.
"""

import hashlib
import os
import random
import sys

import msgspec

HASH_SEED = "PYTHONHASHSEED"
_chosen_by_user = os.environ.get(HASH_SEED, "random") != "random"


class Seeds(msgspec.Struct, frozen=True):
    """The seeds of one scenario."""

    random: int
    """For `random`, 64 bits."""
    numpy: int
    """For `numpy.random`'s global generator, 32 bits."""
    hash: int
    """For PYTHONHASHSEED, 1 to 4294967295: 0 would switch the randomisation off."""


def derive(run_seed: int, scenario_id: str) -> Seeds:
    """Return the seeds of a scenario: SHA-256 over the run's seed and the scenario's id.

    An id may hold what a file name on disk may: bytes that are no UTF-8, as surrogates.
    """
    text = f"{run_seed}\0{scenario_id}".encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(text).digest()
    return Seeds(
        int.from_bytes(digest[:8], "big"),
        int.from_bytes(digest[8:12], "big"),
        int.from_bytes(digest[12:16], "big") % 0xFFFFFFFF + 1,
    )


def apply(seeds: Seeds) -> list[str]:
    """Seed this process; return the names of what was seeded.

    numpy only where it is imported already: importing it takes longer than most scenarios. The
    user's own PYTHONHASHSEED is left alone.
    """
    seeded = ["random"]
    random.seed(seeds.random)
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed(seeds.numpy)
        seeded.append("numpy.random")
    if not _chosen_by_user:
        os.environ[HASH_SEED] = str(seeds.hash)
        seeded.append(f"{HASH_SEED} of child processes")
    return seeded


def withdraw() -> None:
    """Take the hash seed out of the environment again."""
    if not _chosen_by_user:
        os.environ.pop(HASH_SEED, None)
