//! What a foreign module printed, as a result.
//!
//! Keys that begin with `_ansible_rustible_` are for the controller, which takes them out: `error` is the text of
//! the failure's cause, `unread` says that the output was no result, `refused` that it holds what no text can.

use rustible_protocol::{
    Dict, Value,
    deprecated::{HELP, note},
    json,
};
use rustible_sdk::Output;

use super::surrogate::complaint;

/// Marks values that are more than JSON.
const TYPE: &str = "__ansible_type";

/// The result in a module's output, or the failure to find one there; `traces` keeps traces of what raised.
pub(super) fn of(output: &Output, interpreter: &[String], traces: bool) -> Dict {
    let found = object(&output.stdout);
    if let Ok((text, _)) = &found
        && let Some(why) = complaint(text)
    {
        let text = format!("Refusing to deserialize an invalid UTF8 string value: {why}");
        return [("failed", Value::Bool(true)), ("_ansible_rustible_refused", Value::from(text))]
            .into_iter()
            .collect();
    }
    let read = found.and_then(|(text, junk)| {
        let value = json::read(&text).map_err(|e| e.to_string())?;
        match plain(value) {
            Value::Dict(dict) => Ok((dict, junk)),
            other => Err(format!("The result is no mapping but {}", other.type_name())),
        }
    });
    match read {
        Ok((dict, junk)) => {
            let mut result = settle(dict, traces);
            if let Some(junk) = junk {
                warn(&mut result, format!("Module invocation had junk after the JSON data: {junk}"));
            }
            result
        }
        Err(why) => unread(output, interpreter, &why),
    }
}

/// One more warning in a result.
pub(super) fn warn(result: &mut Dict, text: String) {
    let mut warnings = match result.get("warnings") {
        Some(Value::List(list)) => list.to_vec(),
        _ => Vec::new(),
    };
    warnings.push(Value::from(text));
    result.insert("warnings", warnings);
}

/// The lines from the first that begins with a brace to the last that ends with one, and what comes behind.
fn object(stdout: &str) -> Result<(String, Option<String>), String> {
    let lines: Vec<&str> = stdout.lines().collect();
    let begins = |line: &&str| line.trim().starts_with('{');
    let Some(first) = lines.iter().position(begins) else {
        return Err("No start of json char found".to_string());
    };
    let lines = &lines[first..];
    let Some(last) = lines.iter().rposition(|line| line.trim().ends_with('}')) else {
        return Err("No end of json char found".to_string());
    };
    let junk = &lines[last + 1..];
    let junk = junk.iter().any(|line| !line.trim().is_empty()).then(|| junk.join("\n"));
    Ok((lines[..=last].join("\n"), junk))
}

fn unread(output: &Output, interpreter: &[String], why: &str) -> Dict {
    let interpreter = interpreter.join(" ");
    let absent = ["No such file or directory", "not found", "command not found"].iter().any(|end| {
        let told = format!("{interpreter}: {end}");
        !interpreter.is_empty() && (output.stderr.contains(&told) || output.stdout.contains(&told))
    });
    let (msg, help) = if absent {
        (
            format!("The module interpreter '{interpreter}' was not found."),
            "Consider overriding the configured interpreter path for this host. See stdout/stderr for the returned output.",
        )
    } else {
        (format!("Module result deserialization failed: {why}"), "See stdout/stderr for the returned output.")
    };
    [
        ("failed", Value::Bool(true)),
        ("changed", Value::Bool(false)),
        ("msg", Value::from(msg)),
        ("module_stdout", Value::str(output.stdout.as_str())),
        ("module_stderr", Value::str(output.stderr.as_str())),
        ("rc", Value::from(output.rc)),
        ("exception", Value::str("(traceback unavailable)")),
        ("_ansible_rustible_unread", Value::str(help)),
    ]
    .into_iter()
    .collect()
}

/// Warnings, deprecations and the cause of a failure in the form playbooks see.
fn settle(mut result: Dict, traces: bool) -> Dict {
    if let Some(Value::List(warnings)) = result.get("warnings") {
        let texts: Vec<Value> = warnings.iter().map(|w| brief(w).map_or(w.clone(), Value::from)).collect();
        result.insert("warnings", texts);
    }
    if let Some(Value::List(deprecations)) = result.get("deprecations") {
        let all: Vec<Value> = deprecations.iter().map(deprecation).collect();
        result.insert("deprecations", all);
    }
    let Some(exception) = result.get("exception").cloned() else {
        if result.get("failed").is_some_and(Value::truthy) {
            result.insert("exception", "(traceback unavailable)");
        }
        return result;
    };
    if let Some(cause) = brief(&exception) {
        if !result.contains_key("msg") && result.get("failed").is_some_and(Value::truthy) {
            result.insert("msg", format!("Task failed: Module failed: {cause}"));
        }
        result.insert("_ansible_rustible_error", cause);
        let trace = exception.get("event").filter(|_| traces).and_then(trace);
        result.insert("exception", trace.unwrap_or_else(|| "(traceback unavailable)".to_string()));
    }
    result
}

fn deprecation(value: &Value) -> Value {
    let (Some(text), Value::Dict(dict)) = (brief(value), value) else { return value.clone() };
    let mut tag = dict.clone();
    tag.insert("msg", text);
    tag.insert(HELP, value.get("event").and_then(|event| event.get(HELP)).cloned());
    note(&tag)
}

/// Python's account of an event, that of its cause first.
fn trace(event: &Value) -> Option<String> {
    let text = |of: &Value, key: &str| of.get(key).and_then(Value::as_str).map(str::to_string);
    let own = text(event, "formatted_traceback")?;
    let chain = event.get("chain");
    let cause = chain.and_then(|chain| Some((trace(chain.get("event")?)?, text(chain, "traceback_reason")?)));
    Some(match cause {
        Some((cause, reason)) => format!("{cause}\n{reason}\n\n{own}"),
        None => own,
    })
}

/// The messages of an event and its causes, in one line.
fn brief(value: &Value) -> Option<String> {
    let mut event = value.get("event");
    let mut text = String::new();
    while let Some(current) = event {
        let part = current.get("msg").and_then(Value::as_str)?.trim();
        if text.is_empty() {
            text.push_str(part);
        } else if !text.ends_with(part) {
            text = format!("{}: {part}", text.trim_end_matches('.'));
        }
        event = current.get("chain").and_then(|chain| chain.get("event"));
    }
    Some(text).filter(|text| !text.is_empty())
}

/// What the tags of a value say of its use.
fn deprecated(tags: &Value) -> Option<Value> {
    let is = |tag: &&Value| tag.get(TYPE).and_then(Value::as_str) == Some("Deprecated");
    let tag = tags.as_list()?.iter().find(is)?;
    plain(tag.clone()).as_dict().map(note)
}

/// Values without the marks of their types, and without keys that only the engine may use.
fn plain(value: Value) -> Value {
    match value {
        Value::List(list) => Value::List(list.iter().cloned().map(plain).collect::<Vec<_>>().into()),
        Value::Dict(mut dict) => {
            let tags = dict.get("tags").filter(|_| dict.contains_key(TYPE)).cloned();
            let marked = dict.remove(TYPE).is_some();
            if marked
                && let Some(note) = tags.as_ref().and_then(deprecated)
                && let Some(inner) = dict.get("value")
            {
                return plain(inner.clone()).with_deprecated(note);
            }
            if marked && let Some(inner) = dict.remove("value").or_else(|| dict.remove("iso8601")) {
                return plain(inner);
            }
            let own = |key: &Value| key.as_str().is_some_and(|key| key.starts_with("_ansible_"));
            let kept = dict.iter().filter(|(key, _)| !own(key));
            Value::Dict(kept.map(|(key, value)| (key.clone(), plain(value.clone()))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(stdout: &str) -> Dict {
        of(&Output { stdout: stdout.to_string(), ..Output::default() }, &["/bin/x".to_string()], false)
    }

    #[test]
    fn text_around_the_result_is_passed_over_and_what_follows_is_warned_of() {
        let found = result("motd\n[ no ]\n{\"a\":\n1}\n\nbye\n");
        assert_eq!(found.get("a"), Some(&Value::Int(1)));
        let warnings = json::dumps(found.get("warnings").unwrap());
        assert_eq!(warnings, r#"["Module invocation had junk after the JSON data: \nbye"]"#);
        let lost = result("nothing\n");
        assert_eq!(
            lost.get("msg").and_then(Value::as_str),
            Some("Module result deserialization failed: No start of json char found")
        );
    }

    #[test]
    fn a_trace_has_that_of_its_cause_in_front() {
        let text = r#"{"failed": true, "exception": {"event": {"msg": "out", "formatted_traceback": "B\n", "chain":
            {"traceback_reason": "Then:", "event": {"msg": "in", "formatted_traceback": "A\n"}}}}}"#;
        let output = Output { stdout: text.to_string(), ..Output::default() };
        let shown =
            |traces| of(&output, &[], traces).get("exception").and_then(Value::as_str).map(str::to_string);
        assert_eq!(shown(true).as_deref(), Some("A\n\nThen:\n\nB\n"));
        assert_eq!(shown(false).as_deref(), Some("(traceback unavailable)"));
    }

    #[test]
    fn events_become_texts() {
        let found = result(
            r#"{"failed": true, "warnings": [{"event": {"msg": "w", "__ansible_type": "Event"}, "__ansible_type": "WarningSummary"}, "old"],
            "exception": {"event": {"msg": "out.", "chain": {"event": {"msg": "in"}}}, "__ansible_type": "ErrorSummary"},
            "deprecations": [{"event": {"msg": "d"}, "version": "9", "deprecator": {"resolved_name": "a.b.c", "type": {"value": "module", "__ansible_type": "PluginType"}}}]}"#,
        );
        assert_eq!(json::dumps(found.get("warnings").unwrap()), r#"["w", "old"]"#);
        assert_eq!(found.get("msg").and_then(Value::as_str), Some("Task failed: Module failed: out: in"));
        let deprecations = json::dumps(found.get("deprecations").unwrap());
        assert_eq!(
            deprecations,
            r#"[{"msg": "d", "collection_name": "a.b", "version": "9", "deprecator": {"resolved_name": "a.b.c", "type": "module"}}]"#
        );
    }

    #[test]
    fn a_tagged_value_is_the_value_and_what_is_said_of_its_use() {
        let found = result(
            r#"{"old": {"value": "v", "tags": [{"msg": "gone", "version": "9", "help_text": "h", "deprecator": {"resolved_name":
            "a.b", "type": null, "__ansible_type": "PluginInfo"}, "__ansible_type": "Deprecated"}], "__ansible_type": "_AnsibleTaggedStr"}}"#,
        );
        let value = found.get("old").unwrap();
        assert_eq!(value, &Value::str("v"));
        assert_eq!(
            json::dumps(value.deprecated().unwrap()),
            r#"{"msg": "gone", "collection_name": "a.b", "version": "9", "deprecator": {"resolved_name": "a.b", "type": null}, "help_text": "h"}"#
        );
    }
}
