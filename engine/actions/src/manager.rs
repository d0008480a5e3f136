//! What stands before modules that leave their work to a manager of the host's: `service`, `package`, `dnf`.

use async_trait::async_trait;
use rustible_executor::{Context, Failure, Preparation, Prepared};
use rustible_protocol::{Dict, Value};

/// Arguments of `service` that systemd has no use for.
const UNUSED: [&str; 5] = ["pattern", "runlevel", "sleep", "arguments", "args"];
/// Managers that are dnf.
const DNF: [&str; 5] = ["yum", "yum4", "dnf", "dnf4", "dnf5"];

/// The host's manager: from its facts when they are known, else asked for.
async fn of_host(context: &Context<'_>, fact: &str) -> Result<Option<String>, Failure> {
    if context.target.name == **context.host
        && let Some(facts) = context.templar.scope().get("ansible_facts")
        && let Some(known) = facts.get(fact).and_then(Value::as_str)
    {
        return Ok(Some(known.to_string()));
    }
    let name = format!("ansible_{fact}");
    let mut args = Dict::new();
    args.insert("gather_subset", "!all");
    args.insert("filter", name.as_str());
    let result = context.module("ansible.builtin.setup", args, Vec::new()).await?;
    if result.get("failed").is_some_and(Value::truthy) {
        return Err(Failure::Result(result));
    }
    let found = result.get("ansible_facts").and_then(|facts| facts.get(&name));
    Ok(found.and_then(Value::as_str).map(str::to_string))
}

/// The arguments over what `module_defaults` give to the manager's own module.
fn with_defaults(context: &Context<'_>, module: &str, args: &Dict) -> Result<Dict, Failure> {
    let mut all = context.module_defaults(module)?;
    all.extend(args);
    Ok(all)
}

/// Whether the task may mean more than the module of all managers knows.
fn particular(context: &Context<'_>, known: &[&str]) -> bool {
    let known = |name: &Value| name.as_str().is_some_and(|name| known.contains(&name));
    context.has_module_defaults() || !context.args.keys().all(known)
}

/// Stands before `ansible.builtin.service`.
pub(crate) struct Service;

#[async_trait]
impl Preparation for Service {
    fn modules(&self) -> &'static [&'static str] {
        &["ansible.builtin.service"]
    }

    fn open(&self) -> bool {
        true
    }

    async fn prepare(&self, context: &mut Context<'_>) -> Result<Prepared, Failure> {
        const KNOWN: [&str; 9] =
            ["name", "state", "sleep", "pattern", "enabled", "runlevel", "arguments", "args", "use"];
        let named = context.text("use").map(|name| name.to_lowercase()).filter(|name| name != "auto");
        let manager = match named {
            Some(name) => Some(name),
            None if particular(context, &KNOWN) => of_host(context, "service_mgr").await?,
            None => None,
        };
        let mut args = context.args.clone();
        if manager.is_none_or(|name| name != "systemd") {
            return Ok(Prepared::Call(args));
        }
        args.remove("use");
        for name in UNUSED {
            if args.remove(name).is_some() {
                let text = format!("Ignoring \"{name}\" as it is not used in \"systemd\"");
                context.notes.push(rustible_source::Diagnostic::new(text));
            }
        }
        let module = "ansible.builtin.systemd_service";
        Ok(Prepared::Instead(module.to_string(), with_defaults(context, module, &args)?))
    }
}

/// Stands before `ansible.builtin.package`.
pub(crate) struct Package;

#[async_trait]
impl Preparation for Package {
    fn modules(&self) -> &'static [&'static str] {
        &["ansible.builtin.package"]
    }

    fn open(&self) -> bool {
        true
    }

    async fn prepare(&self, context: &mut Context<'_>) -> Result<Prepared, Failure> {
        let mut args = context.args.clone();
        let mut manager = context.text("use").map(|name| name.to_string()).filter(|name| name != "auto");
        if manager.is_none()
            && let Some(wanted) = context.templar.scope().get("ansible_package_use")
        {
            let wanted = context.render(&wanted)?.filter(Value::truthy);
            manager = wanted.as_ref().and_then(Value::as_str).map(str::to_string);
        }
        if manager.is_none() && context.has_module_defaults() {
            manager = of_host(context, "pkg_mgr").await?;
        }
        // Without anything particular the module finds the manager out by itself, which saves asking for it.
        let Some(manager) = manager else { return Ok(Prepared::Call(args)) };
        args.remove("use");
        let module =
            if manager.contains('.') { manager.clone() } else { format!("ansible.builtin.{manager}") };
        if !context.runner.has_module(&module) {
            return Err(Failure::msg(format!(
                "Could not find a matching action for the \"{manager}\" package manager."
            )));
        }
        let args = with_defaults(context, &module, &args)?;
        Ok(Prepared::Instead(module, args))
    }
}

/// Stands before `ansible.builtin.dnf`.
pub(crate) struct Dnf;

#[async_trait]
impl Preparation for Dnf {
    fn modules(&self) -> &'static [&'static str] {
        &["ansible.builtin.dnf"]
    }

    fn open(&self) -> bool {
        true
    }

    async fn prepare(&self, context: &mut Context<'_>) -> Result<Prepared, Failure> {
        let mut args = context.args.clone();
        let given = (args.remove("use"), args.remove("use_backend"));
        if let (Some(_), Some(_)) = given {
            return Err(Failure::msg("parameters are mutually exclusive: ('use', 'use_backend')"));
        }
        let named = given.0.or(given.1).as_ref().and_then(Value::as_str).map(str::to_string);
        let found = match named.filter(|name| name != "yum" && DNF.contains(&name.as_str())) {
            Some(name) => Some(name),
            None => of_host(context, "pkg_mgr").await?,
        };
        let Some(backend) = found.filter(|name| DNF.contains(&name.as_str())) else {
            let lines = [
                "Could not detect which major revision of dnf is in use, which is required to determine module backend.",
                "You should manually specify use_backend to tell the module whether to use the dnf4 or dnf5 backend})",
            ];
            let lines: Vec<Value> = lines.into_iter().map(Value::str).collect();
            return Err(Failure::Result([("msg", Value::from(lines))].into_iter().collect()));
        };
        if backend != "dnf5" {
            return Ok(Prepared::Call(args));
        }
        let module = "ansible.builtin.dnf5";
        Ok(Prepared::Instead(module.to_string(), with_defaults(context, module, &args)?))
    }
}
