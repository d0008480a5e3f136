//! `kubernetes.core.k8s`: objects as they should be.

use std::path::PathBuf;

use rustible_sdk::prelude::*;

use crate::support::{
    auth::Auth,
    definitions::{Defaults, objects, source},
    wait::{Condition, Patience},
    work::{Work, Write},
};

/// Manage Kubernetes objects.
///
/// An object that already is as wanted is not written again.
#[derive(Args)]
#[args(check = full, diff = full)]
#[args(mutually_exclusive(resource_definition, src), mutually_exclusive(merge_type, apply))]
#[args(mutually_exclusive(template, resource_definition))]
#[args(mutually_exclusive(template, src), mutually_exclusive(name, generate_name))]
#[expect(clippy::duplicated_attributes, reason = "one argument excludes several others")]
pub(crate) struct Args {
    #[arg(flatten)]
    auth: Auth,
    /// Version of the API, where objects do not say it.
    #[arg(alias("api", "version"), default = "v1")]
    api_version: String,
    /// Kind, where objects do not say it.
    kind: Option<String>,
    /// Name, where objects do not say it.
    name: Option<String>,
    /// Namespace, where objects do not say it.
    namespace: Option<String>,
    /// Beginning of a name that the server completes.
    generate_name: Option<String>,
    /// A mapping, a list of them, or YAML text.
    #[arg(alias("definition", "inline"))]
    resource_definition: Option<Value>,
    /// A file of YAML on the target, or its address.
    src: Option<PathBuf>,
    /// Templates; rendered before the module is called.
    template: Option<Value>,
    /// Whether the objects should be there; `patched` changes only those that are.
    #[arg(default = "present")]
    state: State,
    /// Apply as `kubectl apply` does: what was applied before and is no longer wanted is removed.
    #[arg(default = false)]
    apply: bool,
    /// Let the server apply.
    server_side_apply: Option<ServerSide>,
    /// Replace objects instead of patching them.
    #[arg(default = false)]
    force: bool,
    /// Ways to patch, in the order they are tried.
    #[arg(choices("merge", "strategic-merge"))]
    merge_type: Option<Vec<String>>,
    /// Put a hash of the content behind the names of ConfigMaps and Secrets.
    #[arg(default = false)]
    append_hash: bool,
    /// Go on with the next object when one fails.
    #[arg(default = false)]
    continue_on_error: bool,
    /// Delete all objects of the kind in the namespace.
    #[arg(alias("all"), default = false)]
    delete_all: bool,
    /// How objects are deleted.
    delete_options: Option<DeleteOptions>,
    /// Fields that are left out of results.
    hidden_fields: Option<Vec<String>>,
    /// Only objects with these labels.
    label_selectors: Option<Vec<String>>,
    /// Check objects against a schema first.
    validate: Option<Dict>,
    /// Wait until objects are ready, or gone.
    #[arg(default = false)]
    wait: bool,
    /// Seconds between two looks.
    #[arg(default = 5)]
    wait_sleep: i64,
    /// Seconds after which it is given up.
    #[arg(default = 120)]
    wait_timeout: i64,
    /// What they must be to be ready.
    wait_condition: Option<Condition>,
}

#[derive(Choice, Clone, Copy, PartialEq)]
pub(crate) enum State {
    Absent,
    Present,
    Patched,
}

/// How the server applies.
#[derive(Args, Clone)]
pub(crate) struct ServerSide {
    /// Who owns the fields.
    field_manager: String,
    /// Take fields away from others.
    #[arg(default = false)]
    force_conflicts: bool,
}

/// How objects are deleted.
#[derive(Args, Clone)]
pub(crate) struct DeleteOptions {
    /// Seconds they have to end.
    #[arg(name = "gracePeriodSeconds")]
    grace_period: Option<i64>,
    /// What must hold of them.
    preconditions: Option<Preconditions>,
    /// What happens to objects they own.
    #[arg(name = "propagationPolicy", choices("Foreground", "Background", "Orphan"))]
    propagation: Option<String>,
}

/// What must hold of objects that are deleted.
#[derive(Args, Clone)]
pub(crate) struct Preconditions {
    /// Their version.
    #[arg(name = "resourceVersion")]
    resource_version: Option<String>,
    /// Their identity.
    uid: Option<String>,
}

impl DeleteOptions {
    fn body(&self) -> Dict {
        let mut body = dict! { "apiVersion" => "v1", "kind" => "DeleteOptions" };
        if let Some(seconds) = self.grace_period {
            body.insert("gracePeriodSeconds", seconds);
        }
        if let Some(policy) = &self.propagation {
            body.insert("propagationPolicy", policy);
        }
        if let Some(wanted) = &self.preconditions {
            let mut conditions = Dict::new();
            for (key, value) in [("resourceVersion", &wanted.resource_version), ("uid", &wanted.uid)] {
                if let Some(value) = value {
                    conditions.insert(key, value);
                }
            }
            body.insert("preconditions", conditions);
        }
        body
    }
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    if args.validate.is_some() {
        return Err(Failure::new("validate is not supported").of_arg("validate"));
    }
    if args.template.is_some() {
        let text = "template is rendered by the controller; give its text as resource_definition";
        return Err(Failure::new(text).of_arg("template"));
    }
    let definitions = args.definitions(host)?;
    if definitions.is_empty() {
        return Ok(Outcome::new().changed(false).with("result", Dict::new()));
    }
    let single = definitions.len() == 1;
    let work = args.work(host)?;
    let mut results = Vec::new();
    let mut changed = false;
    for definition in &definitions {
        let result = match work.perform(host, definition) {
            Ok(result) => result,
            Err(failure) if args.continue_on_error && !single => {
                let mut error = dict! { "msg" => failure.msg.as_str() };
                error.extend(&failure.data);
                dict! { "changed" => false, "error" => error }
            }
            Err(failure) => return Err(failure),
        };
        changed |= result.get("changed") == Some(&Value::Bool(true));
        results.push(Value::Dict(result));
    }
    if single {
        let result = results.pop().and_then(|value| value.as_dict().cloned()).unwrap_or_default();
        return Ok(Outcome::from(result));
    }
    Ok(Outcome::new().changed(changed).with("result", dict! { "results" => results }))
}

impl Args {
    fn definitions(&self, host: &Host) -> Result<Vec<Dict>> {
        let defaults = Defaults {
            api_version: &self.api_version,
            kind: self.kind.as_deref(),
            name: self.name.as_deref(),
            namespace: self.namespace.as_deref(),
            generate_name: self.generate_name.as_deref(),
        };
        match (&self.resource_definition, &self.src) {
            (Some(value), _) if !value.is_null() => objects(value, &defaults),
            (_, Some(src)) => objects(&source(host, &src.to_string_lossy())?, &defaults),
            // An object that has nothing but a name.
            _ => objects(&Value::Dict(dict! { "metadata" => Value::Dict(Dict::new()) }), &defaults),
        }
    }

    fn work(&self, host: &Host) -> Result<Work> {
        let write = match (&self.server_side_apply, self.apply, self.force) {
            (Some(server), true, _) => {
                Write::ServerSide { manager: server.field_manager.clone(), force: server.force_conflicts }
            }
            (_, true, _) => Write::Apply,
            (_, _, true) => Write::Replace,
            _ => Write::Patch(self.merge_type.clone()),
        };
        Ok(Work {
            cluster: self.auth.cluster(host)?,
            state: self.state,
            write,
            append_hash: self.append_hash,
            delete_all: self.delete_all,
            delete_options: self.delete_options.as_ref().map(DeleteOptions::body),
            hidden: self.hidden_fields.clone().unwrap_or_default(),
            selectors: self.label_selectors.clone().unwrap_or_default(),
            wait: self.wait.then(|| Patience::of(self.wait_sleep, self.wait_timeout)),
            condition: self.wait_condition.clone(),
        })
    }
}
