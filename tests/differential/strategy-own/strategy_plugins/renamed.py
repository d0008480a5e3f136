from ansible.plugins.strategy.free import StrategyModule as Free


class StrategyModule(Free):
    pass
