class FilterModule:
    def filters(self):
        return {"upside": lambda x: x[::-1]}
