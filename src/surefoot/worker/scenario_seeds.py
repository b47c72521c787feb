"""The tool that seeds the random generators at the start of a scenario."""

from surefoot.isolation import seeds
from surefoot.worker.around import Attempt, Proceed


class ScenarioSeeds:
    """Seeds from the run's seed and the scenario's id; says so where the scenario fails."""

    def __call__(self, attempt: Attempt, proceed: Proceed) -> bool:
        own = seeds.derive(attempt.seed, attempt.id)
        seeded = seeds.apply(own)
        attempt.fact(
            "seeds",
            f"{own.random} for {', '.join(seeded)}; repeat with --seeds scenario --seed"
            f" {attempt.seed} (the worker's own hash seed was set when it started)",
        )
        try:
            return proceed()
        finally:
            seeds.withdraw()
