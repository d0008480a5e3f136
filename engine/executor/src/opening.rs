//! What a play does first: gathering facts, and holding variables against what the playbook's `meta` says of them.

use std::{path::PathBuf, sync::Arc};

use rustible_playbook::{Args, Frame, FrameKind, Kind, LoopControl, Play, Task};
use rustible_protocol::{Dict, Origin, Text, Value, repr};
use rustible_source::Diagnostic;
use rustible_template::{Rendered, Templar};

use crate::{
    keyword::{Keywords, processing},
    run::Runner,
};

/// The task that gathers facts.
pub(crate) fn gathering(runner: &Runner, play: &Play, templar: &Templar) -> Result<Arc<Task>, Diagnostic> {
    let mut attrs = Dict::new();
    attrs.insert("name", "Gathering Facts");
    // It always runs, unless the play itself has tags.
    if play.frame.own("tags").is_none() {
        attrs.insert("tags", vec![Value::str("always")]);
    }
    attrs.insert("run_once", false);
    let mut named = Dict::new();
    for option in ["gather_subset", "gather_timeout", "fact_path"] {
        if let Some(written) = play.frame.own(option)
            && let Rendered::Value(value) = templar.render(written)?
        {
            named.insert(option, value);
        }
    }
    Ok(task(runner, play, attrs, "gather_facts", "ansible.builtin.gather_facts", named))
}

/// The task that `validate_argspec` asks for.
pub(crate) fn validation(
    runner: &Runner,
    play: &Play,
    keywords: &Keywords<'_>,
) -> Result<Option<Arc<Task>>, Diagnostic> {
    let at = play.frame.origin.as_ref();
    let name = match keywords.value("validate_argspec")? {
        None | Some(Value::Bool(false)) => return Ok(None),
        Some(Value::Str(text)) if text.is_empty() => return Ok(None),
        Some(Value::Str(text)) => Some(text.to_string()),
        Some(Value::Bool(true)) => {
            keywords.value("name")?.filter(|name| name.truthy()).map(|name| repr::str(&name))
        }
        Some(other) => {
            let message =
                format!("validate_argspec must be a boolean or string, not <class '{}'>", other.type_name());
            return Err(Diagnostic::parse(message, at));
        }
    };
    let candidates = candidates(play);
    let file = candidates.iter().find(|path| path.is_file());
    let (Some(name), Some(file)) = (&name, file) else {
        return Err(Diagnostic::parse(incomplete(name.is_none(), file.is_none(), &candidates), at));
    };
    let specs = runner.load(file)?;
    let options =
        specs.get("argument_specs").and_then(|specs| specs.get(name)).and_then(|s| s.get("options"));
    let Some(Value::Dict(options)) = options else {
        let message = format!(
            "No argument spec named '{name}' in {}. Minimally expected:\nargument_specs:\n  {name}:\n    options: {{}}\n",
            file.display()
        );
        let at = specs.get("argument_specs").and_then(Value::origin).or(specs.origin());
        let written = play.frame.own("validate_argspec").map(repr::repr).unwrap_or_default();
        let around = Origin::of_value("<unknown>", &written);
        return Err(Diagnostic::parse(message, at).context(processing("validate_argspec"), Some(&around)));
    };
    let mut context = Dict::new();
    context.insert("type", "play");
    context.insert("name", name.as_str());
    context.insert("argument_spec_name", name.as_str());
    context.insert("path", file.display().to_string());
    let mut named = Dict::new();
    named.insert("argument_spec", options.clone());
    named.insert("validate_args_context", context);
    let mut attrs = Dict::new();
    attrs.insert("name", format!("Validating arguments against arg spec {name}"));
    if play.frame.own("tags").is_none() {
        attrs.insert("tags", vec![Value::str("always")]);
    }
    attrs.insert("run_once", false);
    let action = "ansible.builtin.validate_argument_spec";
    Ok(Some(task(runner, play, attrs, action, action, named)))
}

/// Where the specification of a playbook may be, best first.
fn candidates(play: &Play) -> Vec<PathBuf> {
    let bare = match play.file.extension().and_then(|e| e.to_str()) {
        Some("yml" | "yaml" | "json") => play.file.with_extension(""),
        _ => play.file.clone(),
    };
    [".yml", ".yaml", ".json", ""]
        .iter()
        .map(|ending| PathBuf::from(format!("{}.meta{ending}", bare.display())))
        .collect()
}

fn incomplete(nameless: bool, fileless: bool, candidates: &[PathBuf]) -> String {
    let mut parts = Vec::new();
    if nameless {
        parts.push(
            "A play name is required when validate_argspec is True. Alternatively, set validate_argspec to the name of an argument spec."
                .to_string(),
        );
    }
    if fileless {
        let tried: Vec<String> = candidates.iter().map(|path| format!("\n  - {}", path.display())).collect();
        parts.push(format!("A playbook meta file is required. Considered:{}", tried.concat()));
    }
    parts.join(" ")
}

fn task(runner: &Runner, play: &Play, attrs: Dict, action: &str, full: &str, named: Dict) -> Arc<Task> {
    let frame = Frame::inside(&play.frame, FrameKind::Task, attrs, play.frame.origin.as_ref());
    Arc::new(Task {
        uuid: runner.loader.uuid(),
        frame: Arc::new(frame),
        origin: play.frame.origin.clone(),
        action_origin: None,
        action: Text::untrusted(action),
        kind: Kind::Action(full.into()),
        args: Args { named, template: None },
        looped: None,
        control: LoopControl::default(),
        handler: false,
        listen: Vec::new(),
        implicit: true,
    })
}
