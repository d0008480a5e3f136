//! `ansible.builtin.debconf`: answers to the questions of packages.

use rustible_sdk::prelude::*;

/// Answer a question of a package before it asks.
#[derive(Args)]
#[args(check = full, diff = full, required_together(question, vtype, value))]
pub(crate) struct Args {
    /// The package.
    #[arg(alias("pkg"))]
    name: String,
    /// The question.
    #[arg(alias("selection", "setting"))]
    question: Option<String>,
    /// What kind of answer it wants.
    #[arg(choices(
        "boolean",
        "error",
        "multiselect",
        "note",
        "password",
        "seen",
        "select",
        "string",
        "text",
        "title"
    ))]
    vtype: Option<String>,
    /// The answer.
    #[arg(alias("answer"))]
    value: Option<Value>,
    /// Whether the question may still be asked.
    #[arg(default = false)]
    unseen: bool,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let show = host.need_program("debconf-show")?;
    let output = host.query(&Command::new([show.as_str(), &args.name]))?;
    let before = answers(&output.or_fail(|o| o.stderr.clone())?.stdout);
    let (Some(question), Some(kind), Some(value)) = (&args.question, &args.vtype, &args.value) else {
        return Ok(Outcome::msg("").with("current", before));
    };
    let now = before.get(question.as_str()).and_then(Value::as_str).map(str::to_string);
    let (wanted, same) = match (value, now.as_deref()) {
        (Value::List(items), now) if kind == "multiselect" => {
            let mut wanted = choices(items, now.is_some())?;
            wanted.sort();
            let mut now: Vec<&str> = now.unwrap_or("\0").split(',').map(str::trim).collect();
            now.sort_unstable();
            let same = now == wanted;
            (wanted.join(", "), same)
        }
        (value, now) if kind == "boolean" => {
            let wanted = text(value)?.to_lowercase();
            let same = now.is_some_and(|now| now.to_lowercase() == wanted);
            (wanted, same)
        }
        (value, Some(_)) if kind == "password" => {
            let (wanted, now) = (text(value)?, password(&args.name, question, host)?);
            let same = now.as_deref() == Some(&wanted);
            (wanted, same)
        }
        (value, now) => {
            let wanted = text(value)?;
            let same = now == Some(&wanted);
            (wanted, same)
        }
    };
    if same {
        return Ok(Outcome::msg("").with("current", before));
    }
    // Through standard input, where no process list shows a password.
    let line = [args.name.as_str(), question, kind, &wanted].join(" ");
    let mut set = Command::new([host.need_program("debconf-set-selections")?]).stdin(line + "\n");
    if args.unseen {
        set = set.arg("-u");
    }
    let output = host.change(&set)?.or_fail(|o| o.stderr.clone())?;
    let current = dict! { question.as_str() => wanted };
    let previous = match now {
        Some(now) => dict! { question.as_str() => now },
        None => {
            let mut all = before;
            all.insert(question.as_str(), "");
            all
        }
    };
    let mut diff = Dict::new();
    if host.wants_diff() {
        let mut after = previous.clone();
        after.extend(&current);
        diff = dict! { "before" => previous.clone(), "after" => after };
    }
    Ok(Outcome::msg(output.stdout).with("current", current).with("previous", previous).with("diff", diff))
}

/// The texts of a list, which are put in order first when there is an answer to hold them against.
fn choices(items: &[Value], ordered: bool) -> Result<Vec<String>> {
    let invalid = |why: String| Failure::new(format!("Invalid value provided for 'multiselect': {why}"));
    let kind = |item: &Value| item.type_name();
    if ordered
        && let Some((first, second)) =
            items.iter().zip(items.iter().skip(1)).find(|(a, b)| kind(a) != kind(b))
    {
        let (first, second) = (kind(first), kind(second));
        return Err(invalid(format!("'<' not supported between instances of '{second}' and '{first}'")));
    }
    let texts = items.iter().enumerate().map(|(at, item)| match item {
        Value::Str(text) => Ok(text.to_string()),
        other => Err(invalid(format!("sequence item {at}: expected str instance, {} found", kind(other)))),
    });
    texts.collect()
}

/// A scalar as debconf writes it.
fn text(value: &Value) -> Result<String> {
    match value {
        Value::Str(text) => Ok(text.to_string()),
        Value::Bool(yes) => Ok(if *yes { "true" } else { "false" }.to_string()),
        Value::Int(number) => Ok(number.to_string()),
        other => Err(Failure::new(format!("Invalid value provided: {other:?}")).of_arg("value")),
    }
}

/// What `debconf-show` says: questions, those that were asked with a star, and answers.
fn answers(output: &str) -> Dict {
    let mut all = Dict::new();
    for (question, answer) in output.lines().filter_map(|line| line.split_once(':')) {
        all.insert(question.trim_matches('*').trim(), answer.trim());
    }
    all
}

/// A password, which `debconf-show` does not tell.
fn password(package: &str, question: &str, host: &Host) -> Result<Option<String>> {
    let program = host.need_program("debconf-get-selections")?;
    let output = host.query(&Command::new([program]))?;
    let output =
        output.or_fail(|o| format!("Failed to get the value '{question}' from '{package}': {}", o.stderr))?;
    let fields = output.stdout.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let found = fields.into_iter().find_map(|fields| match fields.as_slice() {
        [owner, asked, "password", answer, ..] if *owner == package && *asked == question => {
            Some((*answer).to_string())
        }
        _ => None,
    });
    Ok(found)
}

#[cfg(test)]
mod tests {
    use rustible_sdk::testing::*;

    use super::*;

    fn reply(args: Dict) -> (Dict, usize) {
        let shown = "* tzdata/Areas: Etc\n  tzdata/Zones: a, b\n* x/on: true\n";
        let lines = [("debconf-show tzdata", shown), ("debconf-set-selections", "")];
        let said = |text: &str| Output { stdout: text.to_string(), ..Output::default() };
        let script = Script::new(lines.map(|(line, text)| (line.to_string(), said(text))).to_vec());
        let folder = std::env::temp_dir();
        let reply = run_rooted(crate::entry("debconf"), &folder, args, false, Some(script.clone()));
        (reply.result, script.asked().len())
    }

    #[test]
    fn an_answer_is_given_only_when_it_is_another() {
        for (question, kind, value, asked) in [
            ("tzdata/Areas", "select", Value::str("Europe"), 2),
            ("tzdata/Areas", "select", Value::str("Etc"), 1),
            ("tzdata/Zones", "multiselect", Value::from(vec![Value::str("b"), Value::str("a")]), 1),
            ("x/on", "boolean", Value::Bool(true), 1),
            ("x/new", "string", Value::str(""), 2),
        ] {
            let args =
                dict! { "name" => "tzdata", "question" => question, "vtype" => kind, "value" => value };
            let (result, count) = reply(args);
            assert_eq!(count, asked, "{question}: {result:?}");
            assert_eq!(result.get("changed"), Some(&Value::Bool(asked == 2)));
        }
    }

    #[test]
    fn a_choice_that_is_no_text_is_refused() {
        for (value, why) in [
            (vec![Value::str("b"), Value::Int(1)], "'<' not supported between instances of 'int' and 'str'"),
            (vec![Value::Int(1)], "sequence item 0: expected str instance, int found"),
        ] {
            let (result, asked) = reply(
                dict! { "name" => "tzdata", "question" => "tzdata/Zones", "vtype" => "multiselect", "value" => value },
            );
            let msg = format!("Invalid value provided for 'multiselect': {why}");
            assert_eq!((result.get("msg"), asked), (Some(&Value::from(msg)), 1));
        }
    }

    #[test]
    fn without_a_question_all_answers_are_told() {
        let (result, _) = reply(dict! { "name" => "tzdata" });
        let current = result.get("current").and_then(Value::as_dict).unwrap();
        assert_eq!(current.get("tzdata/Areas"), Some(&Value::str("Etc")));
    }
}
