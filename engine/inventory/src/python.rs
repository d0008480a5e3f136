//! The controller's own Python: what modules of the controller run with, and what playbooks see as
//! `ansible_playbook_python`.

use std::{os::unix::fs::PermissionsExt, path::PathBuf, sync::LazyLock};

static PYTHON: LazyLock<String> = LazyLock::new(|| {
    if let Ok(named) = std::env::var("RUSTIBLE_PYTHON")
        && !named.is_empty()
    {
        return named;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let program = |path: &PathBuf| {
        path.is_absolute()
            && path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    let mut found = std::env::split_paths(&path).map(|folder| folder.join("python3")).filter(program);
    found.next().map_or_else(|| "/usr/bin/python3".to_string(), |path| path.display().to_string())
});

/// The Python that `RUSTIBLE_PYTHON` names, else the first `python3` of the path, else `/usr/bin/python3`.
#[must_use]
pub fn controller_python() -> &'static str {
    &PYTHON
}
