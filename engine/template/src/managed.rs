//! `ansible_managed`: the configured text as a template of the file it is put into.

use std::time::SystemTime;

use rustible_protocol::Text;

/// The configured text with its time filled in; `{file}`, `{host}` and `{uid}` become the variables that tell them, so
/// that a template in a file's name stays text.
#[must_use]
pub fn managed(configured: &str, modified: Option<SystemTime>) -> Text {
    let timed = match modified {
        Some(time) if configured.contains('%') => crate::filters::time::stamp(configured, time),
        _ => configured.to_string(),
    };
    let names = [("{host}", "template_host"), ("{uid}", "template_uid"), ("{file}", "template_path")];
    let mut out = String::new();
    let mut rest = timed.as_str();
    'text: while !rest.is_empty() {
        for (mark, variable) in names {
            if let Some(behind) = rest.strip_prefix(mark) {
                out.push_str(&format!("{{{{ {variable} }}}}"));
                rest = behind;
                continue 'text;
            }
        }
        for (twice, once) in [("{{", '{'), ("}}", '}')] {
            if let Some(behind) = rest.strip_prefix(twice) {
                out.push(once);
                rest = behind;
                continue 'text;
            }
        }
        let mut chars = rest.chars();
        out.extend(chars.next());
        rest = chars.as_str();
    }
    Text::trusted(out, None)
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_become_variables_and_doubled_braces_single_ones() {
        let text = super::managed("{file} by {uid} {{{{ 1 }}}}", None);
        assert_eq!(text.as_str(), "{{ template_path }} by {{ template_uid }} {{ 1 }}");
    }
}
