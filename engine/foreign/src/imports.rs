//! What a Python source imports, read without Python: statements are cut out of the text, the rest is passed over.

/// One `import` or `from ... import`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Import {
    /// Dots in front: 0 for an absolute one.
    pub(crate) level: usize,
    /// The module, without the dots; empty for `from . import x`.
    pub(crate) module: String,
    /// The names taken from it; `None` for `import module`.
    pub(crate) names: Option<Vec<String>>,
    /// Inside a function, a `try` or a condition: it may fail.
    pub(crate) nested: bool,
}

/// Every import of a source.
pub(crate) fn imports(source: &str) -> Vec<Import> {
    let mut found = Vec::new();
    for line in logical_lines(source) {
        let nested = line.starts_with([' ', '\t']);
        for statement in line.split(';') {
            let (statement, inner) = behind_colon(statement.trim());
            parse(statement, nested || inner, &mut found);
        }
    }
    found
}

/// `try: import x` on one line: what is behind the colon.
fn behind_colon(statement: &str) -> (&str, bool) {
    let starts = |text: &str| text.starts_with("import ") || text.starts_with("from ");
    if starts(statement) {
        return (statement, false);
    }
    match statement.split_once(':').map(|(_, rest)| rest.trim_start()) {
        Some(rest) if starts(rest) => (rest, true),
        _ => (statement, false),
    }
}

fn parse(statement: &str, nested: bool, found: &mut Vec<Import>) {
    if let Some(rest) = statement.strip_prefix("import ") {
        let modules = rest.split(',').filter_map(|part| part.split_whitespace().next());
        let import = |module: &str| Import { level: 0, module: module.to_string(), names: None, nested };
        found.extend(modules.map(import));
        return;
    }
    let Some(rest) = statement.strip_prefix("from").filter(|rest| rest.starts_with([' ', '\t', '.'])) else {
        return;
    };
    let rest = rest.trim_start();
    let bare = rest.trim_start_matches(['.', ' ']);
    let level = rest[..rest.len() - bare.len()].matches('.').count();
    let (module, names) = match bare.strip_prefix("import") {
        Some(names) if level > 0 && names.starts_with([' ', '(']) => ("", names),
        _ => match bare.split_once(" import") {
            Some((module, names)) => (module.trim(), names),
            None => return,
        },
    };
    let names = names.trim().trim_start_matches('(').trim_end_matches(')');
    let names = names.split(',').filter_map(|part| part.split_whitespace().next()).map(str::to_string);
    found.push(Import { level, module: module.to_string(), names: Some(names.collect()), nested });
}

/// Lines as Python joins them (brackets, backslashes), without comments; strings are emptied.
fn logical_lines(source: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut depth = 0_usize;
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
            '\'' | '"' => {
                pass_string(&mut chars, c);
                line.push_str("''");
            }
            '\\' if chars.next_if_eq(&'\r').is_some() | chars.next_if_eq(&'\n').is_some() => line.push(' '),
            '\n' if depth > 0 => line.push(' '),
            '\n' => lines.push(std::mem::take(&mut line)),
            '(' | '[' | '{' => {
                depth += 1;
                line.push(c);
            }
            ')' | ']' | '}' => {
                depth = depth.saturating_sub(1);
                line.push(c);
            }
            c => line.push(c),
        }
    }
    lines.push(line);
    lines
}

fn pass_string(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, quote: char) {
    let mut triple = false;
    if chars.next_if_eq(&quote).is_some() {
        if chars.next_if_eq(&quote).is_none() {
            return;
        }
        triple = true;
    }
    let mut ending = 0;
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            c if c == quote => {
                ending += 1;
                if !triple || ending == 3 {
                    return;
                }
                continue;
            }
            // A string that does not end on its line is a mistake, or more than is understood here.
            '\n' if !triple => return,
            _ => {}
        }
        ending = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_found_wherever_they_stand_and_strings_and_comments_are_none() {
        let source = r#"#!/usr/bin/python
"""
import not_this
"""
import os, ansible.module_utils.a as b  # import nor_this
from ansible.module_utils.basic import (
    AnsibleModule,  # a comment
    env_fallback as e,
)
from ..module_utils.x import \
    y
from . import z
x = 'import never'
try:
    from ansible_collections.n.c.plugins.module_utils.m import k
except ImportError: import fallback
"#;
        let shown: Vec<String> = imports(source)
            .iter()
            .map(|i| {
                let names = i.names.as_ref().map_or("-".to_string(), |names| names.join(" "));
                format!("{} {} [{names}] {}", i.level, i.module, i.nested)
            })
            .collect();
        assert_eq!(
            shown,
            [
                "0 os [-] false",
                "0 ansible.module_utils.a [-] false",
                "0 ansible.module_utils.basic [AnsibleModule env_fallback] false",
                "2 module_utils.x [y] false",
                "1  [z] false",
                "0 ansible_collections.n.c.plugins.module_utils.m [k] true",
                "0 fallback [-] true",
            ]
        );
    }
}
