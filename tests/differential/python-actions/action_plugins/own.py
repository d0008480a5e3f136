from ansible.errors import AnsibleActionFail, AnsibleActionSkip, AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        how = self._task.args.get('how')
        raised = {
            'plain': Exception('a plain one'),
            'error': AnsibleError('an error'),
            'fail': AnsibleActionFail('a failure'),
            'skip': AnsibleActionSkip('nothing to do'),
            'gone': AnsibleConnectionFailure('out of reach'),
        }
        if how in raised:
            raise raised[how]
        if how == 'failed':
            return dict(failed=True, msg='as a result')
        if how == 'missing':
            return self._execute_module('there_is_no_such_module')
        if how == 'command':
            result['command'] = self._low_level_execute_command('echo out; echo err >&2; exit 3')
            return result
        if how == 'module':
            found = self._execute_module('stat', module_args=dict(path='/etc/passwd'), task_vars=dict(task_vars))
            return dict(exists=found['stat']['exists'], isreg=found['stat']['isreg'])
        result['args'] = self._task.args
        result['seen'] = [task_vars['inventory_hostname'], task_vars['inner'], self._templar.template(task_vars['outer'])]
        result['task'] = [self._task.action, self._task.name, self._task.check_mode, self._connection.transport]
        result['raw'] = '{' in task_vars['outer']
        return result
