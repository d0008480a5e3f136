//! Which tasks `--tags` and `--skip-tags` leave.

use std::{collections::BTreeSet, sync::Arc};

use rustible_playbook::{Block, Item, Kind, Task};
use rustible_protocol::Value;
use rustible_source::Diagnostic;
use rustible_template::{Rendered, Templar};

use crate::keyword::text_of;

/// `--tags` and `--skip-tags`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    pub(crate) only: Vec<String>,
    pub(crate) skip: Vec<String>,
}

/// The tags of a task, its own and those around it, rendered.
pub(crate) fn tags_of(task: &Task, templar: &Templar) -> Result<BTreeSet<String>, Diagnostic> {
    let mut tags = BTreeSet::new();
    for tag in task.frame.all("tags") {
        let rendered = match templar.render(tag) {
            Ok(Rendered::Value(value)) => value,
            Ok(Rendered::Omit) => continue,
            Err(error) => return Err(error),
        };
        match &rendered {
            Value::List(list) => tags.extend(list.iter().map(text_of)),
            other => drop(tags.insert(text_of(other))),
        }
    }
    tags.remove("");
    Ok(tags)
}

impl Selection {
    /// Whether a task with these tags is to run.
    pub(crate) fn takes(&self, tags: &BTreeSet<String>) -> bool {
        let has = |list: &[String], word: &str| list.iter().any(|t| t == word);
        let tagged = !tags.is_empty();
        // What has no tags goes by the name `untagged`.
        let matches =
            |list: &[String]| list.iter().any(|word| tags.contains(word)) || !tagged && has(list, "untagged");
        let all = self.only.is_empty() || has(&self.only, "all");
        let run = tags.contains("always")
            || all && !tags.contains("never")
            || matches(&self.only)
            || has(&self.only, "tagged") && tagged && !tags.contains("never");
        if !run || self.skip.is_empty() {
            return run;
        }
        let skipped = if has(&self.skip, "all") {
            !tags.contains("always") || has(&self.skip, "always")
        } else {
            matches(&self.skip) || has(&self.skip, "tagged") && tagged
        };
        !skipped
    }

    /// The items that are left.
    pub(crate) fn filter(&self, items: &[Item], templar: &Templar) -> Result<Vec<Item>, Diagnostic> {
        let mut left = Vec::new();
        for item in items {
            match item {
                Item::Task(task) => {
                    let kept = matches!(task.kind, Kind::RoleComplete)
                        || task.implicit && matches!(task.kind, Kind::Meta(_));
                    if kept || self.takes(&tags_of(task, templar)?) {
                        left.push(item.clone());
                    }
                }
                Item::Block(block) => {
                    let block = self.block(block, templar)?;
                    if !(block.items.is_empty() && block.rescue.is_empty() && block.always.is_empty()) {
                        left.push(Item::Block(Arc::new(block)));
                    }
                }
            }
        }
        Ok(left)
    }

    /// A block with the items that are left.
    pub(crate) fn block(&self, block: &Block, templar: &Templar) -> Result<Block, Diagnostic> {
        Ok(Block {
            frame: block.frame.clone(),
            items: self.filter(&block.items, templar)?,
            rescue: self.filter(&block.rescue, templar)?,
            always: self.filter(&block.always, templar)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(only: &[&str], skip: &[&str], tags: &[&str]) -> bool {
        let words = |list: &[&str]| list.iter().map(|t| (*t).to_string()).collect();
        let tags: BTreeSet<String> = tags.iter().map(|t| (*t).to_string()).collect();
        Selection { only: words(only), skip: words(skip) }.takes(&tags)
    }

    #[test]
    fn special_tags_mean_what_they_say() {
        assert!(takes(&[], &[], &[]) && takes(&[], &[], &["a"]) && !takes(&[], &[], &["never"]));
        assert!(takes(&["a"], &[], &["always"]) && !takes(&["a"], &["always"], &["always"]));
        assert!(
            takes(&["a"], &[], &["never", "a"]) && !takes(&["a"], &[], &["b"]) && !takes(&["a"], &[], &[])
        );
        assert!(takes(&["untagged"], &[], &[]) && !takes(&["untagged"], &[], &["a"]));
        assert!(
            takes(&["tagged"], &[], &["a"])
                && !takes(&["tagged"], &[], &[])
                && !takes(&["tagged"], &[], &["never"])
        );
        assert!(!takes(&[], &["all"], &["a"]) && takes(&[], &["all"], &["always"]));
        assert!(
            !takes(&[], &["tagged"], &["a"])
                && takes(&[], &["tagged"], &[])
                && !takes(&[], &["untagged"], &[])
        );
    }
}
