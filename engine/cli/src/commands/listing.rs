//! `--syntax-check`, `--list-hosts`, `--list-tasks`, `--list-tags`.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use rustible_executor::{ListedPlay, Runner};
use rustible_output::Display;
use rustible_protocol::{Value, repr::repr};
use rustible_source::Diagnostic;

use crate::args::Play;

/// Show what is asked for.
pub(super) fn show(
    runner: &Arc<Runner>,
    files: &[PathBuf],
    args: &Play,
    display: &Display,
) -> Result<(), Diagnostic> {
    for (file, name) in files.iter().zip(&args.playbooks) {
        let listing =
            runner.listing(&std::path::absolute(file).unwrap_or_else(|_| file.clone()), args.syntax_check)?;
        // One of a collection is shown by its file.
        let shown = if file.ends_with(name) { name } else { file };
        display.line(&format!("\nplaybook: {}", shown.display()), None);
        if args.syntax_check {
            continue;
        }
        for (number, play) in listing.plays.iter().enumerate() {
            display.line(&of_play(play, number + 1, args), None);
        }
    }
    Ok(())
}

fn of_play(play: &ListedPlay, number: usize, args: &Play) -> String {
    let tags = |tags: &[String]| format!("TAGS: [{}]", tags.join(","));
    let mut out =
        format!("\n  play #{number} ({}): {}\t{}", play.pattern.join(","), play.name, tags(&play.tags));
    if args.list_hosts {
        let pattern: Vec<Value> = play.pattern.iter().map(Value::from).collect();
        out.push_str(&format!("\n    pattern: {}\n    hosts ({}):", repr(&pattern.into()), play.hosts.len()));
        let hosts: BTreeSet<_> = play.hosts.iter().collect();
        for host in hosts {
            out.push_str(&format!("\n      {host}"));
        }
    }
    if args.list_tasks {
        out.push_str("\n    tasks:");
        for task in &play.tasks {
            out.push_str(&format!("\n      {}\tTAGS: [{}]", task.name, task.tags.join(", ")));
        }
    }
    if args.list_tags {
        let all: BTreeSet<&String> =
            play.tasks.iter().flat_map(|task| &task.tags).chain(&play.tags).collect();
        let all: Vec<&str> = all.into_iter().map(String::as_str).collect();
        out.push_str(&format!("\n      TASK TAGS: [{}]", all.join(", ")));
    }
    if args.list_tasks || args.list_tags {
        out.push('\n');
    }
    out
}
