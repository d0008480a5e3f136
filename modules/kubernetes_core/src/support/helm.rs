//! The `helm` command: how it is called, and what it says.

use std::path::PathBuf;

use rustible_sdk::{
    Args, Command, Dict, Failure, Host, Output, Result, Value, dict, fail, host::temp::Temp, json,
};

use super::yaml;

/// What every module that drives `helm` takes.
#[derive(Args, Debug, Clone, Default)]
pub(crate) struct HelmArgs {
    /// Where `helm` is; looked for in `PATH` without it.
    binary_path: Option<PathBuf>,
    /// Which context of the configuration is meant.
    #[arg(alias("kube_context"), env("K8S_AUTH_CONTEXT"))]
    context: Option<String>,
    /// A configuration, or the file of one.
    #[arg(alias("kubeconfig_path"), env("K8S_AUTH_KUBECONFIG"))]
    kubeconfig: Option<Value>,
    /// Address of the API server.
    #[arg(env("K8S_AUTH_HOST"))]
    host: Option<String>,
    /// A token.
    #[arg(no_log, env("K8S_AUTH_API_KEY"))]
    api_key: Option<String>,
    /// Whether the server must prove who it is.
    #[arg(alias("verify_ssl"), default = true, env("K8S_AUTH_VERIFY_SSL"))]
    validate_certs: bool,
    /// File of authorities the server's certificate is checked with.
    #[arg(alias("ssl_ca_cert"), env("K8S_AUTH_SSL_CA_CERT"))]
    ca_cert: Option<PathBuf>,
}

/// Major, minor, patch.
pub(crate) type Version = (u32, u32, u32);

/// `helm`, ready to be called.
pub(crate) struct Helm {
    program: String,
    environment: Vec<(String, String)>,
    /// Its version.
    pub(crate) version: Version,
    _config: Option<Temp>,
}

impl Helm {
    /// Find it and give it the cluster.
    ///
    /// # Errors
    /// When it is not there or too old, or the configuration cannot be read.
    pub(crate) fn new(args: &HelmArgs, namespace: Option<&str>, host: &Host) -> Result<Self> {
        let program = match &args.binary_path {
            Some(path) => path.to_string_lossy().into_owned(),
            None => host.need_program("helm")?,
        };
        let mut environment = Vec::new();
        let mut set = |name: &str, value: String| environment.push((name.to_string(), value));
        if let Some(context) = &args.context {
            set("HELM_KUBECONTEXT", context.clone());
        }
        if let Some(address) = &args.host {
            set("HELM_KUBEAPISERVER", address.clone());
        }
        if let Some(token) = &args.api_key {
            set("HELM_KUBETOKEN", token.clone());
        }
        if let Some(namespace) = namespace {
            set("HELM_NAMESPACE", namespace.to_string());
        }
        if !args.validate_certs {
            set("HELM_KUBEINSECURE_SKIP_TLS_VERIFY", "true".to_string());
        }
        if let Some(file) = &args.ca_cert {
            set("HELM_KUBECAFILE", file.to_string_lossy().into_owned());
        }
        let text = match &args.kubeconfig {
            Some(Value::Dict(inline)) => Some(json::dumps(&Value::Dict(inline.clone()))),
            Some(Value::Str(path)) if !path.is_empty() => {
                let path = host.expand(path.as_str());
                let text = host.read_text(&path)?;
                Some(text.ok_or_else(|| Failure::new(format!("The kubeconfig {path} does not exist")))?)
            }
            _ => None,
        };
        let config = text.map(|text| host.temp_file(text.as_bytes())).transpose()?;
        if let Some(config) = &config {
            set("KUBECONFIG", config.path().to_string_lossy().into_owned());
        }
        let mut helm = Self { program, environment, version: (0, 0, 0), _config: config };
        let said = helm.query(host, &["version", "--template", "{{ .Version }}"])?.stdout;
        helm.version = parse_version(&said).unwrap_or_default();
        if helm.version < (3, 0, 0) {
            fail!(
                "Helm version must be >= 3.0.0, current version is {}",
                said.trim().trim_start_matches('v')
            );
        }
        Ok(helm)
    }

    fn command<S: AsRef<str>>(&self, words: &[S]) -> Command {
        let argv = std::iter::once(self.program.as_str()).chain(words.iter().map(AsRef::as_ref));
        let mut command = Command::new(argv);
        command.env = self.environment.clone();
        command
    }

    /// The line as it is reported.
    pub(crate) fn line<S: AsRef<str>>(&self, words: &[S]) -> String {
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        format!("{} {}", self.program, words.join(" "))
    }

    /// Ask it something.
    ///
    /// # Errors
    /// When it does not end well.
    pub(crate) fn query<S: AsRef<str>>(&self, host: &Host, words: &[S]) -> Result<Output> {
        let out = host.query(&self.command(words))?;
        if out.ok() { Ok(out) } else { Err(self.failure(&out, words)) }
    }

    /// Ask it something that may end badly.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn try_query<S: AsRef<str>>(&self, host: &Host, words: &[S]) -> Result<Output> {
        host.query(&self.command(words))
    }

    /// Let it change something, with something to read.
    ///
    /// # Errors
    /// When it does not end well.
    pub(crate) fn change<S: AsRef<str>>(
        &self,
        host: &mut Host,
        words: &[S],
        input: Option<&str>,
    ) -> Result<Output> {
        let mut command = self.command(words);
        command.stdin = input.map(|text| text.as_bytes().to_vec());
        let out = host.change(&command)?;
        if out.ok() { Ok(out) } else { Err(self.failure(&out, words)) }
    }

    fn failure<S: AsRef<str>>(&self, out: &Output, words: &[S]) -> Failure {
        let msg = format!(
            "Failure when executing Helm command. Exited {}.\nstdout: {}\nstderr: {}",
            out.rc, out.stdout, out.stderr
        );
        let failure = Failure::new(msg)
            .with("stdout", out.stdout.as_str())
            .with("stderr", out.stderr.as_str())
            .with("command", self.line(words));
        match advice(&out.stderr) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    /// What it says as YAML.
    ///
    /// # Errors
    /// When it does not end well, or says something else.
    pub(crate) fn yaml<S: AsRef<str>>(&self, host: &Host, words: &[S]) -> Result<Value> {
        let out = self.query(host, words)?;
        let mut documents =
            yaml::documents(after_progress(&out.stdout)).map_err(|e| Failure::new(format!("helm: {e}")))?;
        Ok(if documents.is_empty() { Value::Null } else { documents.remove(0) })
    }

    /// The release of that name, in one of these states.
    ///
    /// # Errors
    /// When it cannot be asked.
    fn release(&self, host: &Host, name: &str, states: &[&str]) -> Result<Option<Dict>> {
        let filter = format!("^{}$", name.replace('.', "\\."));
        let mut words = vec!["list", "--output=yaml", "--filter", filter.as_str()];
        words.extend(states);
        let list = self.yaml(host, &words)?;
        let found = list.as_list().and_then(|list| {
            list.iter().find(|release| release.get("name").and_then(Value::as_str) == Some(name)).cloned()
        });
        Ok(found.and_then(|release| release.as_dict().cloned()))
    }

    /// The release of that name, in one of these states, with its values.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub(crate) fn status(
        &self,
        host: &mut Host,
        name: &str,
        states: &[&str],
        all_values: bool,
    ) -> Result<Option<Dict>> {
        let Some(mut status) = self.release(host, name, states)? else { return Ok(None) };
        let values = self.values(host, name, all_values)?;
        status.insert("values", values.clone());
        status.insert("release_values", values);
        host.deprecate_in_collection(
            "The 'status.values' return value is deprecated and will be removed in version 8.0.0. \
             Use 'status.release_values' instead.",
            Some("8.0.0"),
        );
        Ok(Some(status))
    }

    /// Values that were given with the release.
    ///
    /// # Errors
    /// When it cannot be asked.
    fn values(&self, host: &Host, name: &str, all: bool) -> Result<Dict> {
        let mut words = vec!["get", "values", "--output=yaml", name];
        words.extend(all.then_some("-a"));
        Ok(self.yaml(host, &words)?.as_dict().cloned().unwrap_or_default())
    }
}

/// What the user can do about what Helm says, where that can be told.
fn advice(said: &str) -> Option<&'static str> {
    let says = |words: &str| said.contains(words);
    Some(if says("Kubernetes cluster unreachable") {
        "The API server gives no answer. Check that the control plane is up (there: systemctl status kubelet; crictl ps) and that \
         the kubeconfig names the right address, then run again."
    } else if says("context deadline exceeded") || says("timed out waiting") {
        "The release's objects were not ready in time. See which are not (kubectl get pods, kubectl describe pod, in the release's \
         namespace); if they only need longer, give a longer timeout, then run again."
    } else if says("another operation (install/upgrade/rollback) is in progress") {
        "An earlier run was cut off. Bring the release back (helm history, helm rollback) or remove it (helm uninstall), then run again."
    } else {
        return None;
    })
}

/// Registries report their progress before what was asked for.
fn after_progress(text: &str) -> &str {
    let mut rest = text;
    while let Some((line, tail)) = rest.split_once('\n') {
        if !line.starts_with("Pulled: ") && !line.starts_with("Digest: ") {
            break;
        }
        rest = tail;
    }
    rest
}

/// A version without its prefix and suffix.
pub(crate) fn parse_version(text: &str) -> Option<Version> {
    let number = text.trim().trim_start_matches('v').split(['+', '-']).next()?;
    let mut parts = number.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next().flatten().unwrap_or(0)))
}

/// A mapping with another one laid over it; `null` takes a key away, as Helm does with values.
pub(crate) fn overlaid(base: &Dict, over: &Dict) -> Dict {
    let mut out = base.clone();
    for (key, value) in over {
        match (out.get_value(key).and_then(Value::as_dict).cloned(), value) {
            (Some(base), Value::Dict(over)) => drop(out.insert(key.clone(), overlaid(&base, over))),
            _ => drop(out.insert(key.clone(), value.clone())),
        }
    }
    out
}

/// What `--set` and `--set-string` of simple paths (`a.b=c,d=e`) come to; `None` when only Helm can tell.
pub(crate) fn set_value(text: &str, typed: bool) -> Option<Dict> {
    let mut all = Dict::new();
    for part in text.split(',') {
        let (path, value) = part.split_once('=')?;
        if path.contains(['[', '\\', '"']) || value.contains(['{', '\\']) || path.is_empty() {
            return None;
        }
        let value = match value {
            _ if !typed => Value::from(value),
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            number if number == "0" || !number.starts_with('0') => {
                number.parse::<i64>().map_or_else(|_| Value::from(number), Value::Int)
            }
            text => Value::from(text),
        };
        let nested = path.rsplit('.').fold(value, |inner, key| Value::Dict(dict! { key => inner }));
        all = overlaid(&all, nested.as_dict()?);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_settings_become_values_and_others_are_left_to_helm() {
        let text = |text: &str, typed| set_value(text, typed).map(|d| json::dumps(&Value::Dict(d)));
        assert_eq!(
            text("a.b=1,a.c=true,d=x y", true).as_deref(),
            Some(r#"{"a": {"b": 1, "c": true}, "d": "x y"}"#)
        );
        assert_eq!(text("a=1", false).as_deref(), Some(r#"{"a": "1"}"#));
        assert_eq!(text("a[0]=1", true), None);
    }

    #[test]
    fn what_a_registry_says_first_is_skipped() {
        assert_eq!(after_progress("Pulled: x\nDigest: y\nname: a\n"), "name: a\n");
        assert_eq!(parse_version("v3.19.0+g1"), Some((3, 19, 0)));
    }
}
