//! What kind of program a module is, seen in its content.

use std::sync::LazyLock;

use regex::bytes::Regex;
use rustible_protocol::Style;

/// What asks for the arguments' JSON in a module's text.
pub(crate) const JSON_ARGS: &[u8] = b"<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>";
/// What asked for the common code, long ago.
pub(crate) const COMMON: &[u8] = b"#<<INCLUDE_ANSIBLE_MODULE_COMMON>>";

static NEW: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?-u)from +(\.{2,} *module_utils|ansible_collections\.[^.]+\.[^.]+\.plugins\.module_utils|ansible\.module_utils).* +import |import +(ansible_collections\.[^.]+\.[^.]+\.plugins\.module_utils|ansible\.module_utils\.)",
    )
    .ok()
});
static SHELL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i-u)#Requires -(Module|Version)|#AnsibleRequires -(OSVersion|PowerShell|CSharpUtil|Wrapper)",
    )
    .ok()
});

/// The style of a module with that content; `None` for PowerShell, which is not supported.
pub(crate) fn style(content: &[u8]) -> Option<Style> {
    let matches = |regex: &Option<Regex>| regex.as_ref().is_some_and(|regex| regex.is_match(content));
    if is_binary(content) {
        Some(Style::Binary)
    } else if contains(content, COMMON) || matches(&NEW) {
        Some(Style::Python)
    } else if contains(content, b"# POWERSHELL_COMMON") || matches(&SHELL) {
        None
    } else if contains(content, JSON_ARGS) {
        Some(Style::JsonArgs)
    } else if contains(content, b"WANT_JSON") {
        Some(Style::WantJson)
    } else {
        Some(Style::Old)
    }
}

/// Whether the first kilobyte holds bytes that no text has.
fn is_binary(content: &[u8]) -> bool {
    let text = |byte: u8| matches!(byte, 7..=10 | 12 | 13 | 27) || (byte >= 0x20 && byte != 0x7f);
    content.iter().take(1024).any(|byte| !text(*byte))
}

fn contains(content: &[u8], part: &[u8]) -> bool {
    content.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_tells_the_style() {
        let cases: [(&[u8], Style); 8] = [
            (b"#!/usr/bin/python\nfrom ansible.module_utils.basic import AnsibleModule\n", Style::Python),
            (b"from ..module_utils.x import y\n", Style::Python),
            (b"#<<INCLUDE_ANSIBLE_MODULE_COMMON>>\n", Style::Python),
            (b"import ansible.module_utils.basic\n", Style::Python),
            (b"args = '<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>'\n", Style::JsonArgs),
            (b"# WANT_JSON\n", Style::WantJson),
            (b"#!/bin/sh\necho\n", Style::Old),
            (b"\x7fELF\0\0", Style::Binary),
        ];
        for (content, style) in cases {
            assert_eq!(super::style(content), Some(style), "{}", String::from_utf8_lossy(content));
        }
    }
}
