//! What modules that edit text files say of it: message and difference of content and attributes.

use rustible_sdk::{host::write::Written, prelude::*};

use crate::encoding::Encoding;

/// The text of a file in its encoding; nothing when it is not there.
///
/// # Errors
/// When it cannot be read or is no text in that encoding.
pub(crate) fn read(host: &Host, path: &Path, encoding: &str) -> Result<Option<String>> {
    let Some(bytes) = host.read(path)? else { return Ok(None) };
    Encoding::named(encoding)?.decode(bytes).map(Some)
}

/// Give a file its pieces of text in its encoding. Nothing happens when they are what was there before.
///
/// # Errors
/// When it cannot be written, or the encoding has not all of its characters.
pub(crate) fn write(
    host: &mut Host,
    path: &Path,
    (before, after): (Option<&str>, &[&str]),
    encoding: &str,
    how: &Edit,
) -> Result<Written> {
    if before.is_some_and(|before| before == after.concat()) {
        return Ok(Written::default());
    }
    let bytes = Encoding::named(encoding)?.encode(after.iter().copied())?;
    host.write(path, &mut bytes.as_slice(), how)
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
