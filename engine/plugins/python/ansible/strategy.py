"""A strategy that rustible itself has: to be derived from."""


class StrategyModule:
    pass
