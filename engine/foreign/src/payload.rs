//! A module made ready for its way to the target.

use std::{path::Path, sync::Arc};

use rustible_protocol::{Style, hash};

use crate::{
    gather::{Sources, gather},
    routing::Routes,
    style,
    zip::Zip,
};

/// What is sent of a module, the same for every call of it.
#[derive(Debug, Clone)]
pub struct Payload {
    /// How it is started.
    pub style: Style,
    /// The interpreter that its first line names, and its arguments; empty when it names none.
    pub interpreter: Vec<String>,
    /// For Python: the name under which it is run.
    pub full_name: String,
    /// The file's name.
    pub file_name: String,
    /// The archive of a Python module, else the module itself.
    pub content: Arc<[u8]>,
    /// Hash of the content.
    pub hash: String,
}

impl Payload {
    /// A module that travels as it is.
    pub(crate) fn plain(path: &Path, style: Style, content: Vec<u8>) -> Self {
        Self {
            style,
            interpreter: interpreter(&content),
            full_name: String::new(),
            file_name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            hash: hash::content(&content),
            content: content.into(),
        }
    }

    /// A Python module with everything that it imports.
    ///
    /// # Errors
    /// When something is missing.
    pub(crate) fn python(
        path: &Path,
        full_name: String,
        content: &[u8],
        sources: &Sources<'_>,
        routes: &mut Routes,
    ) -> Result<Self, String> {
        let text = String::from_utf8_lossy(content);
        let common = String::from_utf8_lossy(style::COMMON);
        let text = text.replace(&*common, "from ansible.module_utils.basic import *");
        let mut interpreter = interpreter(content);
        if interpreter.is_empty() {
            interpreter.push("/usr/bin/python".to_string());
        }
        let files = gather(&full_name, &text, sources, routes)?;
        let mut zip = Zip::default();
        let failed = |e: std::io::Error| format!("{} cannot be packed: {e}", path.display());
        for file in &files {
            zip.add(&file.path, &file.content).map_err(failed)?;
        }
        let parts: Vec<&str> = full_name.split('.').collect();
        for size in 1..parts.len() {
            let package = format!("{}/__init__.py", parts[..size].join("/"));
            if !files.iter().any(|file| file.path == package) {
                zip.add(&package, b"").map_err(failed)?;
            }
        }
        zip.add(&format!("{}.py", parts.join("/")), text.as_bytes()).map_err(failed)?;
        let bytes = zip.finish().map_err(failed)?;
        Ok(Self {
            style: Style::Python,
            interpreter,
            file_name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            hash: hash::content(&bytes),
            content: bytes.into(),
            full_name,
        })
    }
}

/// The words of a first line that begins with `#!`.
fn interpreter(content: &[u8]) -> Vec<String> {
    let line = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let Some(words) = line.strip_prefix(b"#!") else { return Vec::new() };
    String::from_utf8_lossy(words).split_whitespace().map(str::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_names_the_interpreter() {
        assert_eq!(interpreter(b"#!/usr/bin/env python3 -u\r\nx"), ["/usr/bin/env", "python3", "-u"]);
        assert!(interpreter(b"x\n#!/bin/sh").is_empty());
    }
}
