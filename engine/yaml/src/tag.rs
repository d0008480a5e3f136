//! What a node is: YAML's own types and Ansible's tags.

const CORE: &str = "tag:yaml.org,2002:";

/// The resolved tag of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tag {
    Null,
    Bool,
    Int,
    Float,
    Str,
    Timestamp,
    Merge,
    Equals,
    Binary,
    Seq,
    Map,
    Set,
    Omap,
    Pairs,
    Unsafe,
    Vault,
    VaultEncrypted,
    /// One that nothing is made of.
    Other(String),
}

impl Tag {
    /// The tag that an author wrote, shorthand expanded.
    pub(crate) fn written(uri: &str) -> Self {
        match uri {
            "!unsafe" => return Self::Unsafe,
            "!vault" => return Self::Vault,
            "!vault-encrypted" => return Self::VaultEncrypted,
            _ => {}
        }
        match uri.strip_prefix(CORE) {
            Some("null") => Self::Null,
            Some("bool") => Self::Bool,
            Some("int") => Self::Int,
            Some("float") => Self::Float,
            Some("str" | "python/unicode") => Self::Str,
            Some("timestamp") => Self::Timestamp,
            Some("merge") => Self::Merge,
            Some("value") => Self::Equals,
            Some("binary") => Self::Binary,
            Some("seq") => Self::Seq,
            Some("map" | "python/dict") => Self::Map,
            Some("set") => Self::Set,
            Some("omap") => Self::Omap,
            Some("pairs") => Self::Pairs,
            _ => Self::Other(uri.to_string()),
        }
    }

    /// The tag's name as messages show it.
    pub(crate) fn name(&self) -> String {
        let core = match self {
            Self::Unsafe => return "!unsafe".into(),
            Self::Vault => return "!vault".into(),
            Self::VaultEncrypted => return "!vault-encrypted".into(),
            Self::Other(uri) => return uri.clone(),
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Str => "str",
            Self::Timestamp => "timestamp",
            Self::Merge => "merge",
            Self::Equals => "value",
            Self::Binary => "binary",
            Self::Seq => "seq",
            Self::Map => "map",
            Self::Set => "set",
            Self::Omap => "omap",
            Self::Pairs => "pairs",
        };
        format!("{CORE}{core}")
    }
}
