//! A templar as plugins of the user's own may ask it.

use std::sync::Arc;

use rustible_protocol::{Dict, Text, Value};
use rustible_source::Diagnostic;

use crate::{Outside, Scope, Templar};

fn with(templar: &Templar, more: Dict) -> Templar {
    if more.is_empty() { templar.clone() } else { templar.with_vars(more) }
}

impl Outside for Templar {
    fn scope(&self) -> Arc<dyn Scope> {
        Self::scope(self).clone()
    }
    fn render(&self, value: &Value, more: Dict) -> Result<Value, Diagnostic> {
        Ok(with(self, more).render(value)?.value().unwrap_or_default())
    }
    fn expression(&self, text: &Text, more: Dict) -> Result<Value, Diagnostic> {
        with(self, more).expression(text)
    }
    fn condition(&self, value: &Value, more: Dict) -> Result<bool, Diagnostic> {
        with(self, more).condition(value)
    }
    fn plugin(&self, kind: &str, name: &str, mut args: Vec<Value>, named: Dict) -> Result<Value, Diagnostic> {
        if kind == "lookup" {
            return self.lookup(name, args, named);
        }
        let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
        if args.is_empty() || !plain {
            return Err(Diagnostic::new(format!("'{name}' cannot be called as a {kind}")));
        }
        let input = args.remove(0);
        let mut vars = Dict::new();
        vars.insert("rustible_input", input.into_untrusted());
        vars.insert("rustible_args", Value::from(args).into_untrusted());
        vars.insert("rustible_named", Value::Dict(named).into_untrusted());
        let how = if kind == "test" { "is" } else { "|" };
        let text = format!("rustible_input {how} {name}(*rustible_args, **rustible_named)");
        self.with_vars(vars).expression(&Text::trusted(text, None))
    }
    fn hear(&self, key: &str, said: &Value, help: Option<&str>) -> bool {
        self.env().heard(key, said, help)
    }
}
