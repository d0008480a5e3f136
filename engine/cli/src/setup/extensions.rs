//! Jinja extensions that are asked for.

use std::sync::Arc;

use rustible_source::{Diagnostic, Kind};

use crate::config::Config;

/// The tags that they bring. Errors name an extension that is not there.
pub(super) fn tags(config: &Config) -> Result<Arc<[&'static str]>, Diagnostic> {
    let mut tags = Vec::new();
    for extension in config.list("DEFAULT_JINJA2_EXTENSIONS") {
        let names: &[&str] = match extension.as_str() {
            "jinja2.ext.do" => &["do"],
            "jinja2.ext.loopcontrols" => &["break", "continue"],
            // Always on, in Jinja2 as well.
            "jinja2.ext.with_" | "jinja2.ext.autoescape" => &[],
            other => {
                let text = format!("the Jinja extension '{other}' is not supported by rustible");
                let known = "There are jinja2.ext.do and jinja2.ext.loopcontrols.";
                return Err(Diagnostic::new(text).help(known).of_kind(Kind::Options));
            }
        };
        tags.extend(names);
    }
    Ok(tags.into())
}
