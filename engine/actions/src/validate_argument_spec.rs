//! `ansible.builtin.validate_argument_spec`: a role's parameters against what its `meta` says of them.

use rustible_executor::{Context, Failure};
use rustible_protocol::{Dict, Field, Kind, Spec, Value, repr, validate::complaints};

use crate::spec::{With, action, field, spec};

action!(
    ValidateArgumentSpec,
    Spec {
        open: true,
        ..spec(
            "ansible.builtin.validate_argument_spec",
            "Check arguments against a specification.",
            vec![
                field("argument_spec", Kind::Dict, "What is expected, by argument.").required(),
                field(
                    "provided_arguments",
                    Kind::Dict,
                    "What is given; variables of the same names stand in."
                ),
                field("validate_args_context", Kind::Dict, "Whom it is about."),
            ],
        )
    },
    raw = &["argument_spec"],
    |context| check(context)
);

fn check(context: &Context<'_>) -> Result<Dict, Failure> {
    let Some(Value::Dict(options)) = context.args.get("argument_spec") else {
        return Err(Failure::msg(format!(
            "Incorrect type for argument_spec, expected dict and got {}",
            context.args.get("argument_spec").map_or("NoneType", Value::type_name)
        )));
    };
    let about = context.args.get("validate_args_context").cloned().unwrap_or_else(|| Dict::new().into());
    let spec = Spec { fields: fields(options)?, ..crate::spec::spec("role", "", Vec::new()) };
    let mut given = Dict::new();
    for (name, _) in options {
        let Some(name) = name.as_str() else { continue };
        if let Some(raw) = context.templar.scope().get(name)
            && let Some(value) = context.render(&raw)?
        {
            given.insert(name, value);
        }
    }
    if let Some(Value::Dict(provided)) = context.args.get("provided_arguments") {
        given.extend(provided);
    }
    let mut result = Dict::new();
    result.insert("changed", false);
    result.insert("validate_args_context", about);
    let errors = complaints(&spec, &given);
    if errors.is_empty() {
        result.insert("msg", "The arg spec validation passed");
        return Ok(result);
    }
    result.insert("msg", format!("Validation of arguments failed:\n{}", errors.join("\n")));
    result.insert("argument_errors", errors.iter().map(Value::from).collect::<Vec<_>>());
    result.insert("argument_spec_data", options.clone());
    Err(Failure::Result(result))
}

/// A specification's options as fields. Names live as long as the run: roles are few.
fn fields(options: &Dict) -> Result<Vec<Field>, Failure> {
    let mut fields = Vec::new();
    for (name, option) in options {
        let name: &'static str = String::leak(repr::str(name));
        let empty = Dict::new();
        let option = option.as_dict().unwrap_or(&empty);
        let kind = |key: &str, default: &str| {
            let text = option.get(key).map_or_else(|| default.to_string(), repr::str);
            kind_named(&text)
                .ok_or_else(|| Failure::msg(format!("the type '{text}' of option '{name}' is unknown")))
        };
        let mut this = field(name, kind("type", "str")?, "");
        if option.contains_key("elements") {
            this = this.of(kind("elements", "str")?);
        }
        this.required = option.get("required").is_some_and(Value::truthy);
        this.default = option.get("default").filter(|d| !d.is_null()).cloned();
        this.no_log = option.get("no_log").is_some_and(Value::truthy);
        if let Some(Value::List(choices)) = option.get("choices") {
            this.choices = choices.to_vec();
        }
        if let Some(Value::List(aliases)) = option.get("aliases") {
            this.aliases = aliases.iter().map(|alias| &*String::leak(repr::str(alias))).collect();
        }
        if let Some(Value::Dict(inner)) = option.get("options") {
            this.options = Some(self::fields(inner)?);
        }
        fields.push(this);
    }
    Ok(fields)
}

fn kind_named(name: &str) -> Option<Kind> {
    Some(match name {
        "str" => Kind::Str,
        "int" => Kind::Int,
        "float" => Kind::Float,
        "bool" => Kind::Bool,
        "list" => Kind::List,
        "dict" => Kind::Dict,
        "path" => Kind::Path,
        "raw" => Kind::Raw,
        "json" | "jsonarg" => Kind::JsonArg,
        "bytes" => Kind::Bytes,
        "bits" => Kind::Bits,
        _ => return None,
    })
}
