"""Files as plugins find and read them."""
import json
import os

from ansible.errors import AnsibleFileNotFound, AnsibleParserError


class DataLoader:
    def __init__(self):
        self._basedir = '.'

    def set_basedir(self, basedir):
        self._basedir = basedir

    def get_basedir(self):
        return self._basedir

    def path_exists(self, path):
        return os.path.exists(self.path_dwim(path))

    def is_file(self, path):
        path = self.path_dwim(path)
        return os.path.isfile(path) or path == os.devnull

    def is_directory(self, path):
        return os.path.isdir(self.path_dwim(path))

    def list_directory(self, path):
        return os.listdir(self.path_dwim(path))

    def is_executable(self, path):
        return os.access(self.path_dwim(path), os.X_OK)

    def path_dwim(self, given):
        given = os.path.expanduser(given.decode() if isinstance(given, bytes) else given)
        return os.path.normpath(given if os.path.isabs(given) else os.path.join(self._basedir, given))

    def path_dwim_relative_stack(self, paths, dirname, source, is_role=False):
        source = os.path.expanduser(source)
        if os.path.isabs(source):
            candidates = [source]
        else:
            candidates = []
            for path in paths:
                folder = path
                if os.path.basename(folder) == 'tasks':
                    candidates.append(os.path.join(os.path.dirname(folder), dirname, source))
                candidates.append(os.path.join(folder, dirname, source))
                candidates.append(os.path.join(folder, source))
            candidates.append(os.path.join(self._basedir, dirname, source))
            candidates.append(self.path_dwim(source))
        for candidate in candidates:
            if os.path.exists(candidate):
                return os.path.normpath(candidate)
        raise AnsibleFileNotFound(file_name=source, paths=candidates)

    def path_dwim_relative(self, path, dirname, source, is_role=False):
        return self.path_dwim_relative_stack([path], dirname, source, is_role)

    def _get_file_contents(self, name):
        path = self.path_dwim(name)
        if not os.path.exists(path):
            raise AnsibleFileNotFound("Unable to retrieve file contents", file_name=path)
        with open(path, 'rb') as file:
            data = file.read()
        return self._decrypt_if_vault_data(data, path)

    def _decrypt_if_vault_data(self, b_data, file_name=None):
        if b_data.startswith(b'$ANSIBLE_VAULT;'):
            raise AnsibleParserError("'%s' is encrypted, which plugins cannot read where no ansible-core is installed" % file_name)
        return b_data, True

    def get_text_file_contents(self, name, encoding='utf-8'):
        return self._get_file_contents(name)[0].decode(encoding)

    def get_real_file(self, path, decrypt=True):
        found = self.path_dwim(path)
        if not os.path.isfile(found):
            raise AnsibleFileNotFound(file_name=found)
        if decrypt:
            self._get_file_contents(found)
        return found

    def cleanup_tmp_file(self, path):
        pass

    def load(self, data, file_name='<string>', show_content=True, json_only=False):
        if isinstance(data, bytes):
            data = data.decode()
        if json_only:
            return json.loads(data)
        from rustible_helper import ask
        return ask('yaml', data, file_name, False)

    def load_from_file(self, file_name, cache='all', unsafe=False, json_only=False, trusted_as_template=False):
        data = self._get_file_contents(file_name)[0]
        if not trusted_as_template:
            return self.load(data, file_name, json_only=json_only)
        from rustible_helper import ask
        return ask('yaml', data.decode(), self.path_dwim(file_name), True)
