//! What stands before the modules of `kubernetes.core`: files of the controller that their arguments name.

use async_trait::async_trait;
use rustible_connection::Transport;
use rustible_executor::{Context, Failure, Preparation, Prepared};
use rustible_protocol::{Dict, Value, json::key_text};

use crate::{rendering, spec::result};

/// Finds `kubeconfig` and `src` beside the task when it runs on the controller, and renders `template`.
pub(crate) struct Kubernetes;

#[async_trait]
impl Preparation for Kubernetes {
    fn modules(&self) -> &'static [&'static str] {
        &[
            "kubernetes.core.k8s",
            "kubernetes.core.k8s_info",
            "kubernetes.core.helm",
            "kubernetes.core.helm_info",
            "kubernetes.core.helm_repository",
        ]
    }

    async fn prepare(&self, context: &mut Context<'_>) -> Result<Prepared, Failure> {
        let here = context.target.transport == Transport::Local;
        let mut args = context.args.clone();
        if here && let Some(Value::Str(path)) = context.args.get("kubeconfig") {
            args.insert("kubeconfig", kubeconfig(context, path.as_str()).map_err(Failure::judged)?);
        }
        if here
            && let Some(src) = context.text("src")
            && !["http://", "https://", "ftp://"].iter().any(|scheme| src.starts_with(scheme))
        {
            args.insert(
                "src",
                context.find_file("files", &src).map_err(Failure::judged)?.display().to_string(),
            );
        }
        if let Some(template) = context.args.get("template").filter(|value| value.truthy()) {
            let definition = definitions(context, template)?;
            args.remove("template");
            if definition.iter().all(|text| key_text(text).trim().is_empty()) {
                return Ok(Prepared::Done(result([("changed", false.into())])));
            }
            args.insert("resource_definition", definition);
        }
        Ok(Prepared::Call(args))
    }
}

/// The path or paths of the configuration; an encrypted one is sent as its content.
fn kubeconfig(context: &Context<'_>, written: &str) -> Result<Value, Failure> {
    let mut paths = Vec::new();
    for name in written.split(':') {
        let path = context.find_file("files", name)?;
        let head = std::fs::read(&path).map_err(|e| Failure::msg(format!("{}: {e}", path.display())))?;
        if head.starts_with(b"$ANSIBLE_VAULT") {
            let text = String::from_utf8_lossy(&context.runner.files.bytes(&path)?).into_owned();
            let name: std::sync::Arc<str> = path.display().to_string().into();
            return Ok(rustible_yaml::load(&name, &text)?);
        }
        paths.push(path.display().to_string());
    }
    Ok(Value::from(paths.join(":")))
}

/// The rendered texts of all templates that the task names.
fn definitions(context: &Context<'_>, template: &Value) -> Result<Vec<Value>, Failure> {
    let wrong = |value: &Value| {
        Failure::msg(format!(
            "Error while reading template file - a string or dict for template expected, but got {} instead",
            value.type_name()
        ))
    };
    let several = match template {
        Value::List(list) => list.iter().cloned().collect(),
        other => vec![other.clone()],
    };
    let mut texts = Vec::new();
    for one in &several {
        let given = match one {
            Value::Str(_) => result([("path", one.clone())]),
            Value::Dict(dict) => dict.clone(),
            other => return Err(wrong(other)),
        };
        texts.push(Value::from(rendered(context, &given)?));
    }
    Ok(texts)
}

fn rendered(context: &Context<'_>, given: &Dict) -> Result<String, Failure> {
    let Some(src) = given.get("path").filter(|path| path.truthy()).map(key_text) else {
        return Err(Failure::msg("Please specify path for template."));
    };
    let path = context.find_file("templates", &src).map_err(Failure::relayed)?;
    rendering::render(context, &path, &src, &rendering::options(given)?, Value::Null)
}
