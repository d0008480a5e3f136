//! What modules that edit text files say of it: message and difference of content and attributes.

use rustible_sdk::prelude::*;

/// The encodings a text file may have here.
///
/// # Errors
/// When it is another one.
pub(crate) fn readable(encoding: &str) -> Result<()> {
    if !matches!(encoding.to_lowercase().as_str(), "utf-8" | "utf8" | "ascii") {
        fail!("the encoding {encoding} is not supported, only utf-8");
    }
    Ok(())
}

/// What was done to the text, and that attributes were changed besides.
pub(crate) fn told(msg: &str, attributed: bool) -> String {
    let and = if attributed && !msg.is_empty() { " and " } else { "" };
    format!("{msg}{and}{}", if attributed { "ownership, perms or SE linux context changed" } else { "" })
}

/// Record the difference of a text, in the shape of two parts: content and attributes.
pub(crate) fn content(host: &mut Host, path: &str, before: &str, after: &str) {
    let header = format!("{path} (content)");
    host.diff_value(dict! {
        "before_header" => header.as_str(), "after_header" => header, "before" => before, "after" => after,
    });
}

/// Give the file its attributes and record their difference; whether any changed.
///
/// # Errors
/// When they cannot be changed.
pub(crate) fn attributes(host: &mut Host, path: &Path, attrs: &FileAttrs) -> Result<bool> {
    let (mut before, mut after) = (Dict::new(), Dict::new());
    let changed = host.attributes_with(path, attrs, true, (&mut before, &mut after))?;
    let header = format!("{} (file attributes)", path.display());
    let mut diff = dict! { "before_header" => header.as_str(), "after_header" => header };
    if changed {
        diff.insert("before", before);
        diff.insert("after", after);
    }
    host.diff_value(diff);
    Ok(changed)
}
