"""Exceptions."""


class AnsibleError(Exception):
    _exit_code = 1

    def __init__(self, message='', obj=None, show_content=True, suppress_extended_error=None, orig_exc=None,
                 help_text=None):
        self._original_message = '' if message is None else str(message)
        super().__init__(self._original_message)
        self.obj = obj
        self.orig_exc = orig_exc
        self._help_text = help_text
        if orig_exc is not None and self.__cause__ is None:
            self.__cause__ = orig_exc

    @property
    def message(self):
        cause = self.__cause__
        text = self._original_message
        if cause is not None and str(cause) and str(cause) not in text:
            text = '%s: %s' % (text.rstrip('. '), cause)
        return text

    def __str__(self):
        return self.message


class AnsibleRuntimeError(AnsibleError):
    pass


class AnsibleOptionsError(AnsibleError):
    pass


class AnsibleRequiredOptionError(AnsibleOptionsError):
    pass


class AnsibleParserError(AnsibleError):
    pass


class AnsibleInternalError(AnsibleError):
    pass


class AnsibleAssertionError(AnsibleError, AssertionError):
    pass


class AnsibleConnectionFailure(AnsibleRuntimeError):
    pass


class AnsibleAuthenticationFailure(AnsibleConnectionFailure):
    pass


class AnsibleModuleError(AnsibleRuntimeError):
    pass


class AnsibleTemplateError(AnsibleRuntimeError):
    pass


class AnsibleTemplatePluginError(AnsibleTemplateError):
    pass


class AnsibleUndefinedVariable(AnsibleTemplateError):
    pass


class AnsibleLookupError(AnsibleTemplatePluginError):
    pass


class AnsibleFilterError(AnsibleTemplatePluginError):
    pass


class AnsibleFilterTypeError(AnsibleFilterError, TypeError):
    pass


class AnsibleFilterUndefinedVariable(AnsibleFilterError, AnsibleUndefinedVariable):
    pass


AnsibleFilterTypeError.__name__ = 'AnsibleFilterTypeError'


class AnsibleFileNotFound(AnsibleRuntimeError):
    def __init__(self, message='', obj=None, paths=None, file_name=None, **more):
        if file_name and not message:
            message = "Could not find or access '%s'" % file_name
            if paths:
                message += '\nSearched in:\n\t' + '\n\t'.join([paths] if isinstance(paths, str) else paths)
            message += ' on the Ansible Controller.'
        super().__init__(message, obj=obj)
        self.file_name = file_name
        self.paths = paths


class AnsibleVaultError(AnsibleError):
    pass


class AnsiblePluginError(AnsibleError):
    pass


class AnsiblePluginNotFound(AnsiblePluginError):
    pass


class AnsiblePluginRemovedError(AnsiblePluginError):
    pass


class AnsibleAction(AnsibleRuntimeError):
    def __init__(self, message='', obj=None, result=None, **more):
        super().__init__(message, obj=obj, **more)
        self.result = result or {}


class AnsibleActionSkip(AnsibleAction):
    def __init__(self, message='', obj=None, result=None, **more):
        super().__init__(message, obj=obj, result=result, **more)
        self.result.update(skipped=True, msg=str(message))


class AnsibleActionFail(AnsibleAction):
    def __init__(self, message='', obj=None, result=None, **more):
        super().__init__(message, obj=obj, result=result, **more)
        self.result.update(failed=True, msg=str(message))


class _AnsibleActionDone(AnsibleAction):
    pass


class AnsibleCallbackError(AnsibleRuntimeError):
    pass


class AnsibleJSONParserError(AnsibleParserError):
    pass


class AnsibleYAMLParserError(AnsibleParserError):
    pass
