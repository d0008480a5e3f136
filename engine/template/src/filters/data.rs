//! JSON, YAML and queries into data.

use std::{rc::Rc, sync::Arc};

use rustible_protocol::{Dict, Value, json};
use rustible_yaml::emit::{self, Break, Options, Vaulted};

use super::Table;
use crate::{
    args::bind,
    context::Ctx,
    repr,
    rt::{Args, Res, Rt, fail},
};

pub(crate) const TABLE: Table = &[
    ("to_json", to_json),
    ("to_nice_json", to_nice_json),
    ("from_json", from_json),
    ("to_yaml", |ctx, v, a| yaml(ctx, &v, a, false)),
    ("to_nice_yaml", |ctx, v, a| yaml(ctx, &v, a, true)),
    ("from_yaml", |ctx, v, _| from_yaml(ctx, v)),
    ("from_yaml_all", |ctx, v, _| from_yaml_all(ctx, v)),
];

/// Named options of a filter.
fn option<'a>(args: &'a Args, name: &str) -> Option<&'a Rt> {
    args.kw.iter().find(|(k, _)| k == name).map(|(_, v)| v).filter(|v| !v.is_null())
}

fn separators(text: String, args: &Args) -> Res<String> {
    match option(args, "separators") {
        None => Ok(text),
        Some(pair) => {
            let pair = pair.iterate()?.iter().map(repr::text).collect::<Res<Vec<_>>>()?;
            match pair.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                [",", ":"] | [", ", ": "] | [",", ": "] => Ok(text),
                _ => Err(fail("to_json supports the separators (',', ':') and (', ', ': ') only")),
            }
        }
    }
}

/// The most that may be asked for as indentation of JSON.
const WIDEST: usize = 10_000;

/// Refuses an indentation that would take all memory.
pub(super) fn bearable_indent(width: Option<usize>) -> Res<()> {
    if width.is_some_and(|width| width > WIDEST) { Err(fail("the indentation is too wide")) } else { Ok(()) }
}

fn style(args: &Args, indent: Option<usize>, sort: bool) -> Res<json::Style> {
    let width = match option(args, "indent") {
        Some(width) => Some(usize::try_from(crate::args::integer(width)?).unwrap_or(0)),
        None => indent,
    };
    bearable_indent(width)?;
    let flag = |name: &str, default: bool| option(args, name).map_or(Ok(default), Rt::truthy);
    let tight = match option(args, "separators") {
        Some(pair) => pair.iterate()?.first().and_then(Rt::as_str) == Some(","),
        None => false,
    };
    Ok(json::Style {
        indent: width,
        sort_keys: flag("sort_keys", sort)?,
        ascii: flag("ensure_ascii", true)?,
        tight: tight && width.is_none(),
    })
}

/// Data that JSON has a form for: no bytes.
fn textual(ctx: &Rc<Ctx>, input: &Rt) -> Res<Value> {
    let plain = ctx.plain(input)?;
    if plain.has_bytes() {
        let name = "_AnsibleTaggedBytes";
        return Err(fail(format!(
            "Object of type '{name}' is not JSON serializable by the 'tagless' profile."
        )));
    }
    Ok(plain)
}

fn to_json(ctx: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let style = style(&args, None, false)?;
    let text = json::write(&textual(ctx, &input)?, style);
    separators(text, &args).map(Rt::from)
}

fn to_nice_json(ctx: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let style = style(&args, Some(4), true)?;
    separators(json::write(&textual(ctx, &input)?, style), &args).map(Rt::from)
}

fn from_json(ctx: &Rc<Ctx>, input: Rt, _: Args) -> Res<Rt> {
    match &input {
        Rt::Str(text) => json::read(text).map(|v| ctx.data(v)).map_err(|e| fail(e.to_string())),
        other => {
            Err(fail(format!("the JSON object must be str, bytes or bytearray, not {}", other.type_name())))
        }
    }
}

fn yaml(ctx: &Rc<Ctx>, input: &Rt, args: Args, nice: bool) -> Res<Rt> {
    let value = ctx.plain(input)?;
    let (value, vaulted) = match option(&args, "vault_behavior").map(repr::text).transpose()?.as_deref() {
        None | Some("decrypt") => (value, Vaulted::Keep),
        Some("keep_encrypted") => (ctx.sealed(value), Vaulted::Keep),
        Some("redact") => (ctx.sealed(value), Vaulted::Redact),
        Some("fail") => (ctx.sealed(value), Vaulted::Fail),
        Some(_) => {
            return Err(fail("The vault parameter must be one of decrypt, keep_encrypted, redact, fail"));
        }
    };
    let int = |name: &str| option(&args, name).map(crate::args::integer).transpose();
    let flag = |name: &str| option(&args, name).map(Rt::truthy).transpose();
    for (name, _) in &args.kw {
        const KNOWN: &[&str] = &[
            "indent",
            "width",
            "sort_keys",
            "default_flow_style",
            "explicit_start",
            "explicit_end",
            "default_style",
            "allow_unicode",
            "canonical",
            "line_break",
            "version",
            "vault_behavior",
        ];
        if !KNOWN.contains(&name.as_str()) {
            return Err(fail(format!("dump_all() got an unexpected keyword argument '{name}'")));
        }
    }
    let small = |n: Option<i64>| n.and_then(|n| i32::try_from(n).ok());
    let base = if nice { Options::nice() } else { Options::default() };
    let options = Options {
        indent: small(int("indent")?).or(base.indent),
        width: small(int("width")?).or(base.width),
        sort_keys: flag("sort_keys")?.unwrap_or(base.sort_keys),
        default_flow_style: flag("default_flow_style")?.or(base.default_flow_style),
        default_style: option(&args, "default_style").and_then(Rt::as_str).and_then(|s| s.chars().next()),
        allow_unicode: flag("allow_unicode")?.unwrap_or(base.allow_unicode),
        explicit_start: flag("explicit_start")?.unwrap_or(base.explicit_start),
        explicit_end: flag("explicit_end")?.unwrap_or(base.explicit_end),
        canonical: flag("canonical")?.unwrap_or(false),
        version: version(&args)?,
        line_break: option(&args, "line_break").and_then(Rt::as_str).and_then(line_break),
        vaulted,
        ..base
    };
    emit::to_yaml(&value, &options).map(Rt::from).map_err(|e| fail(e.summary()))
}

/// The two numbers of `version`.
fn version(args: &Args) -> Res<Option<(i32, i32)>> {
    let Some(given) = option(args, "version") else { return Ok(None) };
    let numbers = given.iterate()?.iter().map(crate::args::integer).collect::<Res<Vec<_>>>()?;
    match numbers[..] {
        [major, minor] => Ok(i32::try_from(major).ok().zip(i32::try_from(minor).ok())),
        _ => Err(fail("not enough values to unpack (expected 2)")),
    }
}

fn line_break(text: &str) -> Option<Break> {
    match text {
        "\r" => Some(Break::Cr),
        "\n" => Some(Break::Ln),
        "\r\n" => Some(Break::CrLn),
        _ => None,
    }
}

fn source(input: &Rt) -> Option<String> {
    input.as_str().map(String::from)
}

fn from_yaml(ctx: &Rc<Ctx>, input: Rt) -> Res<Rt> {
    let Some(text) = source(&input) else { return Ok(input) };
    let name: Arc<str> = rustible_yaml::TEXT.into();
    let value = rustible_yaml::load(&name, &text).map_err(|e| fail(e.summary()))?;
    Ok(ctx.data(value))
}

fn from_yaml_all(ctx: &Rc<Ctx>, input: Rt) -> Res<Rt> {
    if input.is_null() {
        return Ok(Rt::list(Vec::new()));
    }
    let Some(text) = source(&input) else { return Ok(input) };
    let name: Arc<str> = rustible_yaml::TEXT.into();
    let values = rustible_yaml::load_all(&name, &text).map_err(|e| fail(e.summary()))?;
    Ok(ctx.data(values.into()))
}

/// `json_query`: JMESPath. Numbers that were whole come back whole.
pub(crate) fn json_query(ctx: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("json_query", args, &["expr"])?;
    let query = repr::text(args.need(0)?)?;
    let bad = |e: &dyn std::fmt::Display| fail(format!("JMESPathError in json_query filter plugin:\n{e}"));
    let expression = jmespath::compile(&query).map_err(|e| bad(&e))?;
    let data = to_jmes(&ctx.plain(&input)?);
    let found = expression.search(data).map_err(|e| bad(&e))?;
    Ok(ctx.data(from_jmes(&found)))
}

fn to_jmes(value: &Value) -> jmespath::Rcvar {
    use jmespath::Variable as V;
    jmespath::Rcvar::new(match value {
        Value::Null => V::Null,
        Value::Bool(flag) => V::Bool(*flag),
        Value::Int(number) => V::Number((*number).into()),
        Value::Big(_) | Value::Float(_) => {
            value.number_as_f64().and_then(serde_json_number).map_or(V::Null, V::Number)
        }
        Value::Str(text) | Value::Vaulted(text) => V::String(text.to_string()),
        Value::List(items) => V::Array(items.iter().map(to_jmes).collect()),
        Value::Dict(dict) => V::Object(dict.iter().map(|(k, v)| (json::key_text(k), to_jmes(v))).collect()),
    })
}

fn serde_json_number(number: f64) -> Option<serde_json::Number> {
    serde_json::Number::from_f64(number)
}

fn from_jmes(value: &jmespath::Variable) -> Value {
    use jmespath::Variable as V;
    match value {
        V::Null | V::Expref(_) => Value::Null,
        V::Bool(flag) => Value::Bool(*flag),
        V::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => {
                let float = number.as_f64().unwrap_or(f64::NAN);
                if float.fract() == 0.0 && float.abs() < 9e15 {
                    Value::Int(float as i64)
                } else {
                    Value::Float(float)
                }
            }
        },
        V::String(text) => Value::from(text),
        V::Array(items) => items.iter().map(|i| from_jmes(i)).collect::<Vec<_>>().into(),
        V::Object(entries) => entries.iter().map(|(k, v)| (k.clone(), from_jmes(v))).collect::<Dict>().into(),
    }
}
