//! Runs template cases against the engine: `template-cases CASES.jsonl [--vars FILE] [--include DIR]`.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::Parser;
use rustible_protocol::{Dict, Text, Value, json};
use rustible_template::{Engine, Env, FileOptions, Rendered, Templar};

/// What to run.
#[derive(Parser)]
struct Cli {
    /// One case a line.
    cases: PathBuf,
    /// Variables: strings in it are trusted templates.
    #[arg(long)]
    vars: Option<PathBuf>,
    /// Folder that `include`, `import` and `extends` search.
    #[arg(long)]
    include: Option<PathBuf>,
    /// Compare the innermost message of errors too.
    #[arg(long)]
    messages: bool,
    /// Only the case of that number.
    #[arg(long)]
    id: Option<i64>,
}

/// All strings in the value trusted.
fn trusted(value: &Value) -> Value {
    match value {
        Value::Str(text) => Value::Str(Text::trusted(text.as_str(), None)),
        Value::List(list) => list.iter().map(trusted).collect::<Vec<_>>().into(),
        Value::Dict(dict) => dict.iter().map(|(k, v)| (k.clone(), trusted(v))).collect::<Dict>().into(),
        other => other.clone(),
    }
}

/// Python's `repr`, made by the engine itself from the value.
fn repr(templar: &Templar, value: &Value) -> String {
    let mut vars = Dict::new();
    vars.insert("it", value.clone());
    let text = Text::trusted("{{ it | pprint }}", None);
    match templar.with_vars(vars).render_text(&text) {
        Ok(Rendered::Value(Value::Str(text))) => text.to_string(),
        other => format!("{other:?}"),
    }
}

struct Outcome {
    passed: bool,
    shown: String,
}

fn run(templar: &Templar, case: &Value, messages: bool) -> Outcome {
    let text = |key: &str| case.get(key).and_then(Value::as_str).unwrap_or_default();
    let source = text("source");
    let template =
        if text("kind") == "expression" { format!("{{{{ {source} }}}}") } else { source.to_string() };
    let result = render(templar, &template, text("kind"));
    match (case.get("error").and_then(Value::as_str), result) {
        (Some(error), Err(got)) => {
            let innermost = error.rsplit(" <- ").next().unwrap_or(error).trim_end_matches('.');
            let innermost =
                innermost.split_once(": ").filter(|(c, _)| !c.contains(' ')).map_or(innermost, |(_, m)| m);
            let passed = !messages || got.contains(innermost);
            Outcome { passed, shown: format!("error {got}\n     want {error}") }
        }
        (Some(error), Ok(value)) => {
            let error: String = error.chars().take(120).collect();
            Outcome { passed: false, shown: format!("got {}, want error {error}", repr(templar, &value)) }
        }
        (None, Ok(value)) => {
            let got = repr(templar, &value);
            let same = got == text("expect")
                && value.type_name() == text("type").replace("_AnsibleTaggedStr", "str");
            let shown =
                format!("got {got} ({})\n     want {} ({})", value.type_name(), text("expect"), text("type"));
            Outcome { passed: same, shown }
        }
        (None, Err(error)) => {
            Outcome { passed: false, shown: format!("error {error}\n     want {}", text("expect")) }
        }
    }
}

fn render(templar: &Templar, template: &str, kind: &str) -> Result<Value, String> {
    let text = Text::trusted(template, None);
    if kind != "expression" && template.starts_with("#jinja2:") {
        return templar
            .template_file(&text, &FileOptions::default())
            .map(Value::from)
            .map_err(|e| e.summary());
    }
    match templar.render_text(&text).map_err(|e| e.summary())? {
        Rendered::Value(value) => Ok(value),
        Rendered::Omit => Err("omitted".into()),
    }
}

#[expect(clippy::print_stdout, reason = "the program's report")]
fn report(line: &str) {
    println!("{line}");
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let cli = Cli::parse();
    let read = |path: &PathBuf| -> Result<Value, Box<dyn std::error::Error>> {
        Ok(json::read(&std::fs::read_to_string(path)?)?)
    };
    let vars = match &cli.vars {
        Some(path) => trusted(&read(path)?),
        None => Value::from(Dict::new()),
    };
    let scope: Dict = vars.as_dict().cloned().unwrap_or_default();
    let env = Env { search: cli.include.into_iter().collect(), ..Env::default() };
    let templar = Templar::new(Engine::new(), env, Arc::new(scope));
    let (mut passed, mut all) = (0, 0);
    for line in std::fs::read_to_string(&cli.cases)?.lines().filter(|l| !l.trim().is_empty()) {
        let case = json::read(line)?;
        if cli.id.is_some_and(|id| case.get("id").and_then(Value::as_int) != Some(id)) {
            continue;
        }
        all += 1;
        let outcome = run(&templar, &case, cli.messages);
        if outcome.passed {
            passed += 1;
        } else {
            let id = case.get("id").and_then(Value::as_int).unwrap_or(0);
            let source = case.get("source").and_then(Value::as_str).unwrap_or_default();
            report(&format!("{id}: {source:?}\n     {}", outcome.shown));
        }
    }
    report(&format!("template cases: {passed}/{all}"));
    Ok(if passed == all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cases where we differ and mean to, with the reason.
    const DIFFERENT: &[(i64, &str)] = &[
        (332, "list.count counts what is there"),
        (506, "default stands in for an inline if without else"),
        (896, "an infinite float is text"),
        (2309, "a raw block without end is an error"),
    ];

    /// Syntax errors that are told in other words, and the few that are none here.
    const OTHER_WORDS: &[(i64, &str)] = &[
        (5041, "an item without key is a syntax error"),
        (5048, "the second of two signs is what is not expected"),
        (5060, "`not` asks for `in`"),
        (5068, "two underscores in a number are taken"),
        (5069, "an exponent without digits is a bad number"),
        (5071, "a semicolon is no character of the language"),
        (5084, "an import of no names imports none"),
        (5087, "a call block of nothing"),
        (5089, "a filter block of nothing"),
        (5098, "a number is no name"),
        (5099, "the namespace's name is looked up first"),
        (5125, "an unknown test is told before the template runs"),
        (5134, "a slice has three parts"),
        (5137, "tests may be chained"),
        (5156, "what is printed together is a tuple"),
        (5160, "`do` is known, and wants a call"),
    ];

    fn failing(file: &str, messages: bool) -> Vec<i64> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data");
        let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let scope = trusted(&json::read(&text("vars.json")).unwrap()).as_dict().cloned().unwrap();
        let env = Env { search: [folder.join("include")].into_iter().collect(), ..Env::default() };
        let templar = Templar::new(Engine::new(), env, Arc::new(scope));
        let cases = text(file);
        let cases = cases.lines().map(|l| json::read(l).unwrap());
        let failed = cases.filter(|case| !run(&templar, case, messages).passed);
        failed.filter_map(|case| case.get("id").and_then(Value::as_int)).collect()
    }

    #[test]
    fn every_case_is_answered_as_the_reference_answers_it() {
        let mut ids = failing("cases.jsonl", false);
        ids.extend(failing("filters.jsonl", false));
        let known: Vec<i64> = DIFFERENT.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, known);
    }

    #[test]
    fn syntax_errors_are_told_in_the_words_of_the_reference() {
        let known: Vec<i64> = OTHER_WORDS.iter().map(|(id, _)| *id).collect();
        assert_eq!(failing("syntax.jsonl", true), known);
    }
}
