raise NotImplementedError('boom')
