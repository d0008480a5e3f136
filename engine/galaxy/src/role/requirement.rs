//! A role as it is asked for: `src,version,name`, or a mapping.

use rustible_protocol::{Value, repr};
use rustible_source::Diagnostic;

use crate::context::failed;

/// A role that is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct RoleSpec {
    /// The folder it is installed as.
    pub(crate) name: String,
    /// A name of the server, a path, a URL.
    pub(crate) src: String,
    /// `git`, when it is a repository.
    pub(crate) scm: Option<String>,
    /// Branch, tag, commit or version.
    pub(crate) version: Option<String>,
}

impl RoleSpec {
    /// `name (version)`.
    pub(crate) fn shown(&self) -> String {
        match self.version.as_deref().filter(|version| !version.is_empty()) {
            Some(version) => format!("{} ({version})", self.name),
            None => self.name.clone(),
        }
    }

    /// Of a word of the command line.
    pub(crate) fn of_text(text: &str) -> Result<Self, Diagnostic> {
        let parts: Vec<&str> = if text.contains(',') { text.trim().split(',').collect() } else { vec![text] };
        let (src, version, name) = match parts.as_slice() {
            [src] => (*src, None, None),
            [src, version] => (*src, Some((*version).to_string()), None),
            [src, version, name] => (*src, Some((*version).to_string()), Some((*name).to_string())),
            _ => {
                return Err(failed(format!(
                    "Invalid role line ({text}). Proper format is 'role_name[,version[,name]]'"
                )));
            }
        };
        let name = name.unwrap_or_else(|| name_of(src));
        let (scm, src) = match src.split_once('+') {
            Some((scm, src)) => (Some(scm.to_string()), src),
            None => (None, src),
        };
        Ok(Self { name, src: src.into(), scm, version })
    }

    /// Of an entry of a requirements file, or of a role's dependencies.
    pub(crate) fn of_value(value: &Value) -> Result<Self, Diagnostic> {
        let Value::Dict(fields) = value else { return Self::of_text(&repr::str(value)) };
        let text = |key: &str| fields.get(key).filter(|value| !value.is_null()).map(repr::str);
        if let Some(name) = text("role") {
            if name.contains(',') {
                return Err(failed(format!("Invalid old style role requirement: {name}")));
            }
            let src = text("src").unwrap_or_else(|| name.clone());
            return Ok(Self { name, src, scm: text("scm"), version: text("version") });
        }
        let (mut name, mut src, mut scm) = (text("name"), text("src"), text("scm"));
        if let Some(source) = &mut src {
            let github = source.contains("github.com") && source.contains("http");
            if github && !source.contains('+') && !source.ends_with(".tar.gz") {
                *source = format!("git+{source}");
            }
            if let Some((kind, rest)) = source.clone().split_once('+') {
                scm = Some(kind.into());
                *source = rest.into();
            }
            name.get_or_insert_with(|| name_of(source));
        }
        let Some(name) = name else { return Err(failed("Must specify name or src for role")) };
        let version = Some(text("version").unwrap_or_default());
        Ok(Self { src: src.unwrap_or_else(|| name.clone()), name, scm, version })
    }
}

/// The name of a role in a repository: the end of its URL.
fn name_of(url: &str) -> String {
    if !url.contains("://") && !url.contains('@') {
        return url.into();
    }
    let end = url.rsplit('/').next().unwrap_or(url);
    let end = end.strip_suffix(".git").unwrap_or(end);
    let end = end.strip_suffix(".tar.gz").unwrap_or(end);
    end.split(',').next().unwrap_or(end).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_give_roles_their_name_and_their_kind() {
        let spec = RoleSpec::of_text("git+https://x/y/some.git,v1").unwrap();
        assert_eq!((spec.name.as_str(), spec.scm.as_deref()), ("some", Some("git")));
        assert_eq!((spec.src.as_str(), spec.version.as_deref()), ("https://x/y/some.git", Some("v1")));
        let fields = [("src", "https://github.com/a/b")].into_iter().collect();
        let spec = RoleSpec::of_value(&Value::Dict(fields)).unwrap();
        assert_eq!((spec.name.as_str(), spec.scm.as_deref()), ("b", Some("git")));
        assert!(RoleSpec::of_text("a,b,c,d").is_err());
    }
}
