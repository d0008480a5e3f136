//! The plugin helm-diff: Helm itself tells whether an upgrade would change anything.

use std::path::PathBuf;

use rustible_sdk::{Host, Result};

use super::helm::{Helm, Version, parse_version};

impl Helm {
    /// The version of the plugin where Helm has it and can use it: Helm 4 needs 3.14.0. Without any plugin's folder Helm is not
    /// asked.
    ///
    /// # Errors
    /// When Helm cannot list its plugins.
    pub(crate) fn diff_plugin(&self, host: &Host) -> Result<Option<Installed>> {
        if !plugin_folders(host).iter().any(|folder| host.list(folder).is_ok_and(|found| !found.is_empty())) {
            return Ok(None);
        }
        let table = self.query(host, &["plugin", "list"])?.stdout;
        let Some(version) = version_of(&table, "diff") else { return Ok(None) };
        Ok(Some(if self.version.0 >= 4 && version < (3, 14, 0) {
            Installed::TooOld(version)
        } else {
            Installed::Usable(version)
        }))
    }
}

/// What there is of the plugin.
pub(crate) enum Installed {
    /// It can be asked.
    Usable(Version),
    /// This Helm cannot use it.
    TooOld(Version),
}

/// Where Helm looks for plugins, by its documented variables.
fn plugin_folders(host: &Host) -> Vec<PathBuf> {
    if let Some(folders) = host.env("HELM_PLUGINS").filter(|value| !value.is_empty()) {
        return std::env::split_paths(&folders).collect();
    }
    let data = host.env("HELM_DATA_HOME").map(PathBuf::from);
    let data = data.or_else(|| host.env("XDG_DATA_HOME").map(|base| PathBuf::from(base).join("helm")));
    vec![data.unwrap_or_else(|| PathBuf::from(host.expand("~/.local/share/helm"))).join("plugins")]
}

/// The version beside a name in the table that `helm plugin list` prints, whose columns are parted by tabs.
fn version_of(table: &str, name: &str) -> Option<Version> {
    table.lines().skip(1).find_map(|line| {
        let mut columns = line.split('\t').map(str::trim);
        (columns.next()? == name).then(|| columns.next().and_then(parse_version))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_a_plugin_stands_beside_its_name() {
        let table = "NAME\tVERSION\tDESCRIPTION\nother\t1.0.0\tx\ndiff\t3.9.4  \tPreview helm upgrade changes as a diff\n";
        assert_eq!(version_of(table, "diff"), Some((3, 9, 4)));
        assert_eq!(version_of(table, "secrets"), None);
        assert_eq!(version_of("", "diff"), None);
    }
}
