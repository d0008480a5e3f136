//! Interfaces of actions, written briefly.

use rustible_protocol::{CheckMode, Field, Kind, Spec, Value};

/// An action's interface: its fields, check mode full, no diff.
pub(crate) fn spec(name: &'static str, summary: &'static str, fields: Vec<Field>) -> Spec {
    Spec {
        name,
        summary,
        description: "",
        fields,
        rules: Vec::new(),
        check: CheckMode::Full,
        diff: false,
        free_form: false,
        open: false,
    }
}

/// An optional argument.
pub(crate) fn field(name: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field {
        name,
        aliases: Vec::new(),
        kind,
        elements: None,
        required: false,
        default: None,
        choices: Vec::new(),
        no_log: false,
        fallback_env: Vec::new(),
        options: None,
        rules: Vec::new(),
        doc,
    }
}

/// Shorthands for what else a field may be.
pub(crate) trait With: Sized {
    fn required(self) -> Self;
    fn alias(self, names: &[&'static str]) -> Self;
    fn or(self, default: impl Into<Value>) -> Self;
    fn of(self, elements: Kind) -> Self;
    fn one_of(self, choices: &[&str]) -> Self;
}

impl With for Field {
    fn required(mut self) -> Self {
        self.required = true;
        self
    }
    fn alias(mut self, names: &[&'static str]) -> Self {
        self.aliases = names.to_vec();
        self
    }
    fn or(mut self, default: impl Into<Value>) -> Self {
        self.default = Some(default.into());
        self
    }
    fn of(mut self, elements: Kind) -> Self {
        self.elements = Some(elements);
        self
    }
    fn one_of(mut self, choices: &[&str]) -> Self {
        self.choices = choices.iter().map(|c| Value::from(*c)).collect();
        self
    }
}

/// Owner, group, mode and SELinux context, as all actions that write files take them.
pub(crate) fn file_attributes() -> Vec<Field> {
    vec![
        field("mode", Kind::Raw, "Permissions, octal or symbolic."),
        field("owner", Kind::Str, "Name or number of the owner."),
        field("group", Kind::Str, "Name or number of the group."),
        field("attributes", Kind::Str, "Attributes as `chattr` writes them.").alias(&["attr"]),
        field("seuser", Kind::Str, "User of the SELinux context."),
        field("serole", Kind::Str, "Role of the SELinux context."),
        field("setype", Kind::Str, "Type of the SELinux context."),
        field("selevel", Kind::Str, "Level of the SELinux context."),
        field("unsafe_writes", Kind::Bool, "Write in place where an atomic replacement is impossible.")
            .or(false),
    ]
}

/// The boilerplate of an action with a fixed name and interface.
macro_rules! action {
    ($name:ident, $spec:expr, $(raw = $raw:expr,)? $(once = $once:expr,)? $(strict = $strict:expr,)? $(placed = $placed:expr,)? $(validated = $validated:expr,)? |$context:ident| $body:expr) => {
        pub(crate) struct $name(rustible_protocol::Spec);

        impl Default for $name {
            fn default() -> Self {
                Self($spec)
            }
        }

        #[async_trait::async_trait]
        impl rustible_executor::Action for $name {
            fn name(&self) -> &'static str {
                self.0.name
            }
            fn spec(&self) -> &rustible_protocol::Spec {
                &self.0
            }
            $(fn raw_arguments(&self) -> &'static [&'static str] {
                $raw
            })?
            $(fn once_for_all(&self) -> bool {
                $once
            })?
            $(fn names_unknown_options(&self) -> bool {
                $strict
            })?
            $(fn places_unknown_options(&self) -> bool {
                $placed
            })?
            $(fn checks_arguments(&self) -> bool {
                $validated
            })?
            async fn run(
                &self,
                $context: &mut rustible_executor::Context<'_>,
            ) -> Result<rustible_protocol::Dict, rustible_executor::Failure> {
                $body
            }
        }
    };
}
pub(crate) use action;

/// A result of these entries.
pub(crate) fn result<const N: usize>(entries: [(&str, Value); N]) -> rustible_protocol::Dict {
    entries.into_iter().collect()
}
