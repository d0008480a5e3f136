//! Paths without detours.

use std::path::{Component, Path, PathBuf};

/// The path without `.` and `..` where that is possible by its text alone.
#[must_use]
pub fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            Component::ParentDir if out.has_root() => {}
            part => out.push(part),
        }
    }
    if out.as_os_str().is_empty() { PathBuf::from(".") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detours_go_and_what_leads_out_stays() {
        for (given, wanted) in [("/a/../b/./c", "/b/c"), ("../a/..", ".."), ("/..", "/"), ("a/..", ".")] {
            assert_eq!(normal(Path::new(given)), Path::new(wanted), "{given}");
        }
    }
}
