//! Validation of parameters against the schema, with the texts of the real service.

use fancy_regex::Regex;
use indexmap::IndexMap;
use serde_json::Value;

use super::ask::{Params, Refusal};
use super::facts::{Facts, Field, Method};
use super::formats;

const UNKNOWN: &str = "property is not defined in schema and the schema does not allow additional properties";
const MISSING: &str = "property is missing and it is not optional";

/// Checks every parameter of a request. The refusal names all that are wrong, as the real service does.
pub(super) fn check(facts: &Facts, method: &Method, params: &Params) -> Result<(), Refusal> {
    let mut errors = IndexMap::new();
    for (name, values) in &params.0 {
        match Facts::field(method, name) {
            None if method.strict => {
                errors.insert(name.clone(), UNKNOWN.to_owned());
            }
            None => {}
            Some(field) => {
                let wrong = values.iter().find_map(|value| value_error(facts, field, name, value));
                if let Some(wrong) = wrong.or_else(|| requires_error(field, name, params)) {
                    errors.insert(name.clone(), wrong);
                }
            }
        }
    }
    for (name, field) in &method.params {
        if !field.optional() && !name.ends_with("[n]") && !params.0.contains_key(name) {
            errors.insert(name.clone(), MISSING.to_owned());
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Refusal::params(errors)) }
}

fn requires_error(field: &Field, name: &str, params: &Params) -> Option<String> {
    let other = field.requires.as_deref()?;
    (!params.0.contains_key(other)).then(|| format!("missing property - '{name}' requires this property"))
}

/// What is wrong with one value, if anything.
pub(super) fn value_error(facts: &Facts, field: &Field, name: &str, value: &str) -> Option<String> {
    let kind = field.kind();
    let fits = match kind {
        "integer" => integer(value),
        "number" => value.parse::<f64>().is_ok_and(f64::is_finite),
        "boolean" => matches!(
            value.to_ascii_lowercase().as_str(),
            "1" | "0" | "on" | "off" | "yes" | "no" | "true" | "false"
        ),
        _ => true,
    };
    if !fits {
        return Some(match kind {
            "boolean" => format!("type check ('boolean') failed - got '{value}'"),
            _ => format!("type check ('{kind}') failed - got '{value}'"),
        });
    }
    range_error(field, value)
        .or_else(|| length_error(field, value))
        .or_else(|| pattern_error(field, value))
        .or_else(|| choice_error(field, value))
        .or_else(|| formats::error(facts, field.format.as_deref()?, name, value))
}

fn integer(value: &str) -> bool {
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn range_error(field: &Field, value: &str) -> Option<String> {
    if !matches!(field.kind(), "integer" | "number") {
        return None;
    }
    let number: f64 = value.parse().ok()?;
    if let Some(least) = field.minimum.filter(|least| number < *least) {
        return Some(format!("value must have a minimum value of {least}"));
    }
    field
        .maximum
        .filter(|most| number > *most)
        .map(|most| format!("value must have a maximum value of {most}"))
}

fn length_error(field: &Field, value: &str) -> Option<String> {
    let length = value.chars().count();
    if let Some(most) = field.max_length.filter(|most| length > *most) {
        return Some(format!("value may only be {most} characters long"));
    }
    field
        .min_length
        .filter(|least| length < *least)
        .map(|least| format!("value must be at least {least} characters long"))
}

fn pattern_error(field: &Field, value: &str) -> Option<String> {
    let pattern = field.pattern.as_deref()?;
    // `(?^i:` and `(?^:` are Perl's way to write a group with its own flags; the double's dialect drops the caret.
    let pattern = pattern.replace("(?^", "(?");
    match Regex::new(&format!("^(?:{pattern})$")).map(|regex| regex.is_match(value)) {
        Ok(Ok(true)) => None,
        Ok(_) => Some("value does not match the regex pattern".to_owned()),
        Err(error) => Some(format!("the double cannot read its pattern: {error}")),
    }
}

fn choice_error(field: &Field, value: &str) -> Option<String> {
    let choices = field.choices.as_ref()?;
    let names: Vec<String> = choices
        .iter()
        .map(|choice| match choice {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
        .collect();
    (!names.iter().any(|name| name == value))
        .then(|| format!("value '{value}' does not have a value in the enumeration '{}'", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(template: &str, method: &str, given: &[(&str, &str)]) -> IndexMap<String, String> {
        let facts = Facts::get().expect("the schema");
        let path = template.replace("{node}", "pve").replace("{vmid}", "100").replace("{storage}", "local");
        let route = facts.route(&path).expect("a route");
        let mut params = Params::default();
        route.values.iter().for_each(|(name, value)| params.add(name, value.clone()));
        given.iter().for_each(|(name, value)| params.add(name, (*value).to_owned()));
        check(facts, route.method(method).expect("a method"), &params)
            .err()
            .map(|bad| bad.errors)
            .unwrap_or_default()
    }

    #[test]
    fn a_machine_as_the_roles_ask_for_it_passes() {
        let asked = [
            ("vmid", "100"),
            ("name", "k8s-control-1"),
            ("cores", "4"),
            ("memory", "8192"),
            ("scsi0", "local-lvm:50"),
            ("ide2", "local:iso/u.iso,media=cdrom"),
            ("net0", "virtio,bridge=vmbr0"),
            ("hostpci0", "0000:01:00,pcie=1,x-vga=0"),
            ("machine", "q35"),
            ("boot", "order=scsi0;ide2"),
            ("agent", "1"),
            ("cpu", "host"),
            ("ostype", "l26"),
            ("scsihw", "virtio-scsi-pci"),
            ("balloon", "0"),
        ];
        assert_eq!(errors("/nodes/{node}/qemu", "POST", &asked), IndexMap::<String, String>::new());
    }

    #[test]
    fn every_wrong_parameter_is_named_at_once() {
        let asked = [
            ("vmid", "99"),
            ("cores", "many"),
            ("bios", "award"),
            ("colour", "red"),
            ("net0", "virtio,bridge=vmbr0,speed=9"),
            ("name", "not a name"),
            ("startdate", "tomorrow"),
        ];
        let found = errors("/nodes/{node}/qemu", "POST", &asked);
        assert_eq!(found["vmid"], "value must have a minimum value of 100");
        assert_eq!(found["cores"], "type check ('integer') failed - got 'many'");
        assert!(
            found["bios"]
                .starts_with("value 'award' does not have a value in the enumeration 'seabios, ovmf'")
        );
        assert_eq!(found["colour"], UNKNOWN);
        assert!(found["net0"].contains("net0.speed: property is not defined in schema"), "{}", found["net0"]);
        assert!(found["name"].contains("valid DNS name"));
        assert_eq!(found["startdate"], "value does not match the regex pattern");
        assert_eq!(found.len(), 7);
    }

    #[test]
    fn a_missing_parameter_and_one_that_needs_another_are_named() {
        let found = errors("/nodes/{node}/storage/{storage}/download-url", "POST", &[("checksum", "ab")]);
        assert_eq!(found["url"], MISSING);
        assert!(found["checksum"].contains("requires this property"), "{found:?}");
    }
}
