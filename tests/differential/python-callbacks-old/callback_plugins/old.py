from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    def on_any(self, *args, **kwargs):
        print('any')

    def playbook_on_start(self):
        print('start')

    def playbook_on_play_start(self, name):
        print('play', name)

    def playbook_on_task_start(self, name, is_conditional):
        print('task', name, is_conditional)

    def runner_on_ok(self, host, res):
        print('ok', host, res.get('msg'))
        if res.get('msg') == 'bad':
            raise ValueError('this one is bad')

    def runner_on_skipped(self, host, item=None):
        print('skipped', host, item)

    def runner_on_failed(self, host, res, ignore_errors=False):
        print('failed', host, res.get('msg'), ignore_errors)

    def playbook_on_stats(self, stats):
        print('stats', sorted(stats.processed))
