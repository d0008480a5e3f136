//! What the command works with: settings, servers, and somebody who says things.

use std::path::{Path, PathBuf};

use rustible_protocol::Dict;
use rustible_source::{Diagnostic, Kind};

use crate::options::Signatures;

/// Who tells people.
pub trait Say {
    /// A line of standard output.
    fn line(&self, text: &str);
    /// A line that is shown at that many `-v`.
    fn verbose(&self, level: u8, text: &str);
    /// A warning.
    fn warning(&self, text: &str);
    /// An error after which the command goes on.
    fn error(&self, text: &str);
}

/// Renders the text of a file with variables.
pub type Render<'a> = dyn Fn(&Path, &str, &Dict) -> Result<String, Diagnostic> + 'a;

/// A server with an API of Galaxy.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its name in the configuration.
    pub name: String,
    /// Its URL.
    pub url: String,
    /// The value of the `Authorization` header.
    pub authorization: Option<String>,
    /// Whether certificates are verified.
    pub verify: bool,
    /// Seconds to wait for it.
    pub timeout: u64,
}

/// What the command works with.
pub struct Context<'a> {
    /// Who tells people.
    pub say: &'a dyn Say,
    /// The configured folders of collections, complete; new ones go to the first.
    pub collections: Vec<PathBuf>,
    /// Folders of Python packages that hold collections.
    pub packages: Vec<PathBuf>,
    /// The configured folders of roles, complete.
    pub roles: Vec<PathBuf>,
    /// The servers, in the order they are asked.
    pub servers: Vec<Server>,
    /// Whether any certificate will do.
    pub ignore_certs: bool,
    /// The version of ansible-core whose language is spoken.
    pub core: String,
    /// Whether collections for other versions of ansible-core are taken.
    pub any_core: bool,
    /// Whether to warn of an installation to a folder that is not configured.
    pub warn_paths: bool,
    /// Configured skeletons of roles and of collections.
    pub skeletons: [Option<String>; 2],
    /// Regular expressions of what is left out of the skeletons of roles and of collections.
    pub ignored: [Vec<String>; 2],
    /// The configured keyring.
    pub keyring: Option<String>,
    /// Renders templates of skeletons.
    pub render: &'a Render<'a>,
    /// Variables of the command line (`-e`).
    pub extra: Dict,
}

impl Context<'_> {
    /// Refuse what asks for signatures to be verified.
    pub(crate) fn without_signatures(&self, args: &Signatures) -> Result<(), Diagnostic> {
        let asked = args.keyring.is_some() || self.keyring.is_some() || !args.signature.is_empty();
        if asked {
            return Err(Diagnostic::new(
                "signatures of collections (--keyring, --signature) are not supported by rustible",
            )
            .of_kind(Kind::Usage));
        }
        Ok(())
    }
}

/// An error of the command; a text of several lines has an empty one behind it.
pub(crate) fn failed(text: impl Into<String>) -> Diagnostic {
    let text = text.into();
    Diagnostic::new(if text.contains('\n') { format!("{text}\n") } else { text })
}
