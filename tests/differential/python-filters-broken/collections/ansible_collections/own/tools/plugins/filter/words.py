class FilterModule:
    def filters(self):
        # The name stands nowhere in this file as a word.
        return {'loud' + 'er': str.upper}
