//! Connection plugins in Python: found by their names, told what the host's variables say, run by the helper.

use std::sync::Arc;

use rustible_connection::{Become, ConnectionError, Doing, Doors, Output, Target, Transport};
use rustible_foreign::{PluginFile, Tree};
use rustible_plugins::{Failed, Helper, Message, common, from_base64, to_base64};
use rustible_protocol::{Dict, Value, json};
use rustible_source::Diagnostic;
use tokio::sync::mpsc;

/// What connection plugins are found by and run with.
pub(crate) struct PythonDoors {
    helper: Arc<Helper>,
}

/// The plugin of a name, before anything is known of a host.
pub(crate) struct Known {
    /// What the helper is asked with: name, file, full name, folders.
    with: Vec<Value>,
    /// Variables that its options come from.
    pub(crate) variables: Vec<String>,
    /// What variables' names begin with that it takes besides.
    pub(crate) extras: Option<String>,
}

impl PythonDoors {
    /// Doors that this helper opens.
    pub(crate) fn new(helper: Arc<Helper>) -> Self {
        Self { helper }
    }

    async fn ask(&self, what: &str, with: &[Value]) -> Result<Value, Failed> {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let sink = Box::new(move |message| {
            // A task that was ended by its timeout listens no more.
            let _late = sender.send(message);
        });
        let request = self.helper.begin(what, with, sink)?;
        while let Some(message) = receiver.recv().await {
            match message {
                Message::Ask(what, with) => request.answer(common(&what, &with))?,
                Message::Done(value) => return Ok(value),
                Message::Failed(failed) => return Err(failed),
            }
        }
        Err(Failed::new("the Python process that runs plugins has ended"))
    }
}

impl Doors for PythonDoors {
    fn run<'a>(
        &'a self,
        target: &'a Target,
        command: &'a str,
        stdin: Option<&'a [u8]>,
    ) -> Doing<'a, Result<Output, ConnectionError>> {
        Box::pin(async move {
            let input = stdin.map(|bytes| Value::from(to_base64(bytes)));
            let with =
                [settings(target), Value::str(command), input.into(), rights(target.escalation.as_ref())];
            let done = self.ask("connection_run", &with).await.map_err(|failed| error(&failed))?;
            let bytes = |name: &str| {
                let text = done.get(name).and_then(Value::as_str).unwrap_or_default();
                from_base64(text).map_err(ConnectionError::Protocol)
            };
            let rc = done.get("rc").and_then(Value::as_int).and_then(|code| i32::try_from(code).ok());
            Ok(Output { rc: rc.unwrap_or(-1), stdout: bytes("stdout")?, stderr: bytes("stderr")? })
        })
    }

    fn reset<'a>(&'a self, target: &'a Target) -> Doing<'a, ()> {
        Box::pin(async move {
            // A connection that cannot be closed properly is not used again either.
            let _closed = self.ask("connection_reset", &[settings(target)]).await;
        })
    }
}

/// What the plugin raised, as an error of the connection.
fn error(failed: &Failed) -> ConnectionError {
    if failed.is("AnsibleConnectionFailure") {
        return ConnectionError::Plugin(failed.summary());
    }
    ConnectionError::Setup(failed.summary())
}

/// What the target's plugin is made and set with.
pub(crate) fn settings(target: &Target) -> Value {
    match &target.transport {
        Transport::Plugin(plugin) => json::read(plugin.settings.reveal()).unwrap_or_default(),
        _ => Value::Null,
    }
}

/// Whom to become, and how.
pub(crate) fn rights(escalation: Option<&Become>) -> Value {
    let Some(escalation) = escalation else { return Value::Null };
    let text = |value: Option<&String>| Value::from(value.map(|text| Value::str(text.as_str())));
    let mut out = Dict::new();
    out.insert("method", escalation.method.name());
    out.insert("user", escalation.user.as_str());
    out.insert("exe", text(escalation.exe.as_ref()));
    out.insert("flags", text(escalation.flags.as_ref()));
    out.insert("password", escalation.password.as_ref().map(|secret| Value::str(secret.reveal())));
    out.into()
}

/// Find the connection plugin of that name and ask what it wants to know; `method`: how rights are to be got.
///
/// # Errors
/// When there is none, it cannot be loaded, or there is no Python.
pub(crate) fn find(
    (tree, helper): (&Tree, Option<&Arc<Helper>>),
    name: &str,
    method: Option<&str>,
) -> Result<Known, Diagnostic> {
    let missing = || Diagnostic::new(format!("the connection plugin '{name}' was not found"));
    let file = file(tree, name).ok_or_else(missing)?;
    let helper = helper.ok_or_else(missing)?;
    let folders = |all: Vec<std::path::PathBuf>| all.iter().map(Value::from).collect::<Vec<_>>();
    let places = vec![Value::from(folders(tree.collection_roots())), Value::from(folders(tree.met()))];
    let full = file.full.as_deref().map(Value::str);
    let short = name.strip_prefix("ansible.legacy.").unwrap_or(name);
    let with = vec![Value::str(short), Value::from(&file.path), full.into(), places.into()];
    let mut asked = with.clone();
    asked.push(method.map(Value::str).into());
    let told = helper.call("describe_connection", &asked, &mut |what, with| common(what, &with));
    let told = told.map_err(|failed| failed.diagnostic())?;
    let names = told.get("variables").and_then(Value::as_list).into_iter().flatten();
    Ok(Known {
        with,
        variables: names.filter_map(Value::as_str).map(str::to_string).collect(),
        extras: told.get("extras").and_then(Value::as_str).map(str::to_string),
    })
}

fn file(tree: &Tree, name: &str) -> Option<PluginFile> {
    let found = tree.plugin_files("connection", name, false).into_iter().next();
    found.or_else(|| tree.core_plugin("connection", name))
}

/// What a host gives its plugin.
#[derive(Default)]
pub(crate) struct Given {
    /// Variables that options come from, rendered.
    pub(crate) variables: Dict,
    /// Variables that it takes besides.
    pub(crate) extras: Dict,
    /// Keywords of the task and what was given on the command line.
    pub(crate) keys: Dict,
    /// What old plugins read from the context of the play.
    pub(crate) context: Dict,
}

impl Known {
    /// The settings for the host of that inventory name, as the helper wants them.
    pub(crate) fn settings(self, host: &str, given: Given) -> String {
        let mut out = Dict::new();
        for (key, value) in ["name", "path", "full", "places"].into_iter().zip(self.with) {
            out.insert(key, value);
        }
        out.insert("host", host);
        out.insert("variables", given.variables);
        out.insert("extras", given.extras);
        out.insert("keys", given.keys);
        out.insert("context", given.context);
        json::dumps(&Value::Dict(out))
    }
}
