from shop.steps.basket import *  # noqa: F403
