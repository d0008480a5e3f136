//! `ini`: a key of an INI or properties file.

mod reader;

use indexmap::IndexMap;
use reader::{Ini, Manner, interpolate};

use super::Call;
use crate::{
    Pattern,
    filters::common::truth,
    rt::{Res, Rt, fail},
};

const OPTIONS: [&str; 10] = [
    "type",
    "file",
    "section",
    "re",
    "encoding",
    "default",
    "case_sensitive",
    "allow_no_value",
    "allow_none",
    "interpolation",
];

/// The key of a term and the options in it. Words without an equals sign belong to what stands before them.
fn inline(term: &str) -> Res<(String, Vec<(&'static str, String)>)> {
    if !term.contains('=') && !term.trim().contains(' ') {
        return Ok((term.to_string(), Vec::new()));
    }
    let mut parts: Vec<(&'static str, String)> = Vec::new();
    let mut name = "key";
    for word in term.split_whitespace() {
        if word.contains('=') {
            name = OPTIONS.into_iter().rfind(|option| word.contains(&format!("{option}="))).unwrap_or(name);
        }
        match parts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, text)) => *text = format!("{text} {word}"),
            None => parts.push((name, word.to_string())),
        }
    }
    let mut key = None;
    let mut options = Vec::new();
    for (_, part) in &parts {
        match part.split_once('=') {
            Some((name, value)) => {
                let Some(known) = OPTIONS.into_iter().find(|option| *option == name) else {
                    return Err(fail(format!("'{name}' is not a valid option.")));
                };
                options.push((known, value.to_string()));
            }
            None => key = key.or(Some(part.clone())),
        }
    }
    let none =
        || fail(format!("No key to look up was provided as first term within string inline options: {term}"));
    Ok((key.ok_or_else(none)?, options))
}

/// The options of the lookup, with those inside of terms: they count from there on.
struct Options<'a> {
    call: &'a Call,
    inline: IndexMap<&'static str, String>,
}

impl Options<'_> {
    fn text(&self, name: &str, default: &str) -> Res<String> {
        self.inline.get(name).map_or_else(|| self.call.text(name, default), |text| Ok(text.clone()))
    }

    fn flag(&self, name: &str, default: bool) -> Res<bool> {
        match self.inline.get(name) {
            Some(text) => Ok(truth(&Rt::str(text.as_str())).unwrap_or(false)),
            None => self.call.flag(name, default),
        }
    }

    fn default(&self) -> Res<Rt> {
        match (self.inline.get("default"), self.call.option("default")) {
            (None, Some(value)) => Ok(value.clone()),
            _ => self.text("default", "").map(Rt::from),
        }
    }
}

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let mut out = Vec::new();
    let mut options = Options { call: &call, inline: IndexMap::new() };
    for term in call.texts()? {
        let (key, more) = inline(&term)?;
        options.inline.extend(more);
        look_up(&key, &options, &mut out)?;
    }
    Ok(out)
}

fn look_up(key: &str, options: &Options<'_>, out: &mut Vec<Rt>) -> Res<()> {
    let name = options.text("file", "ansible.ini")?;
    let Some(path) = options.call.ctx.env.find("files", &name) else {
        return Err(fail(format!("Unable to find the file '{name}'")));
    };
    let text = super::file::read_encoded(options.call, &path, &options.text("encoding", "utf-8")?)?;
    let properties = options.text("type", "ini")? == "properties";
    let first = properties.then_some("java_properties");
    let section = first.map_or_else(|| options.text("section", "global"), |first| Ok(first.to_string()))?;
    let case = options.flag("case_sensitive", false)?;
    let bare = options.flag("allow_no_value", false)? || options.flag("allow_none", false)?;
    let ini = Ini::read(&text, &name, first, Manner { bare, case }).map_err(fail)?;
    let Some(found) = ini.section(&section) else {
        return Err(fail(format!("No section '{section}' in '{name}'.")));
    };
    let replaced = options.flag("interpolation", true)?;
    let value = |option: &str, value: Option<&str>| match value {
        None => Ok(None),
        Some(value) if !replaced => Ok(Some(Rt::str(value))),
        Some(value) => {
            interpolate((&section, option), value, &found, 1).map(|text| Some(Rt::from(text))).map_err(fail)
        }
    };
    if options.flag("re", false)? {
        let pattern = Pattern::new(key, false, false).map_err(fail)?;
        for (option, text) in &found {
            if pattern.at_start(option).is_some() {
                out.push(value(option, *text)?.unwrap_or(Rt::Null));
            }
        }
        return Ok(());
    }
    let key = if case { key.to_string() } else { key.to_lowercase() };
    match found.get(key.as_str()) {
        Some(text) => out.extend(value(&key, *text)?),
        None => out.extend(Some(options.default()?).filter(|default| !default.is_null())),
    }
    Ok(())
}
