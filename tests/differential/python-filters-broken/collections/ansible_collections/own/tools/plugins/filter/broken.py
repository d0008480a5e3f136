class FilterModule:
    def filters(self):
        raise TypeError('not today')
