//! `kubernetes.core.helm_repository`: chart repositories of the user.

use rustible_sdk::prelude::*;

use crate::support::{
    helm::{Helm, HelmArgs},
    yaml,
};

/// Manage Helm repositories.
#[derive(Args)]
#[args(check = full, required_together(repo_username, repo_password), required_if(repo_state = "present" => repo_url))]
#[args(mutually_exclusive(context, ca_cert))]
pub(crate) struct Args {
    #[arg(flatten)]
    helm: HelmArgs,
    /// Its name.
    #[arg(alias("name"))]
    repo_name: String,
    /// Its address.
    #[arg(alias("url"))]
    repo_url: Option<String>,
    /// Who reads it.
    #[arg(alias("username"))]
    repo_username: Option<String>,
    /// Password of the reader.
    #[arg(alias("password"), no_log)]
    repo_password: Option<String>,
    /// Whether it should be there.
    #[arg(alias("state"), default = "present")]
    repo_state: State,
    /// Send name and password to other hosts as well.
    #[arg(default = false)]
    pass_credentials: bool,
    /// Write it again although it is there.
    #[arg(alias("force"), default = false)]
    force_update: bool,
    /// Do not ask its server who it is.
    #[arg(alias("skip_tls_certs_check"), default = false)]
    insecure_skip_tls_verify: bool,
}

#[derive(Choice, Clone, Copy, PartialEq)]
pub(crate) enum State {
    Present,
    Absent,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let helm = Helm::new(&args.helm, None, host)?;
    let known = args.known(&helm, host)?;
    let mut words: Vec<String> = vec!["repo".into()];
    match (args.repo_state, known) {
        (State::Absent, None) => return Ok(finished(&helm, None, &Output::default())),
        (State::Absent, Some(_)) => words.extend(["rm".to_string(), args.repo_name.clone()]),
        (State::Present, Some(url)) if !args.force_update => {
            let wanted = args.repo_url.as_deref().unwrap_or_default();
            if url.trim_end_matches('/') != wanted.trim_end_matches('/') {
                return Err(Failure::new(format!(
                    "Repository already have a repository named {}",
                    args.repo_name
                )));
            }
            return Ok(finished(&helm, None, &Output::default()));
        }
        (State::Present, _) => words.extend(args.adding()),
    }
    let password = args.repo_password.as_deref().filter(|_| args.repo_state == State::Present);
    let out = helm.change(host, &words, password)?;
    Ok(finished(&helm, Some(&words), &out))
}

fn finished(helm: &Helm, words: Option<&[String]>, out: &Output) -> Outcome {
    Outcome::new()
        .with("stdout", out.stdout.as_str())
        .with("stderr", out.stderr.as_str())
        .with_some("command", words.map(|words| helm.line(words)))
}

impl Args {
    /// The address the repository has now.
    fn known(&self, helm: &Helm, host: &Host) -> Result<Option<String>> {
        let words = ["repo", "list", "--output=yaml"];
        let out = helm.try_query(host, &words)?;
        if !out.ok() {
            if out.rc == 1 && out.stderr.contains("no repositories") {
                return Ok(None);
            }
            return helm.query(host, &words).map(|_| None);
        }
        let documents = yaml::documents(&out.stdout).map_err(|e| Failure::new(format!("helm: {e}")))?;
        let list = documents.first().and_then(Value::as_list).cloned().unwrap_or_default();
        let found =
            list.iter().find(|repo| repo.get("name").and_then(Value::as_str) == Some(&self.repo_name));
        Ok(found.and_then(|repo| repo.get("url")).and_then(Value::as_str).map(str::to_string))
    }

    fn adding(&self) -> Vec<String> {
        let mut words = vec!["add".into(), self.repo_name.clone(), self.repo_url.clone().unwrap_or_default()];
        if let Some(user) = &self.repo_username {
            // The password comes by standard input: everybody can see the words of a command.
            words.extend(["--username".into(), user.clone(), "--password-stdin".into()]);
        }
        words.extend(self.pass_credentials.then(|| "--pass-credentials".into()));
        words.extend(self.force_update.then(|| "--force-update".into()));
        words.extend(self.insecure_skip_tls_verify.then(|| "--insecure-skip-tls-verify".into()));
        words
    }
}

#[cfg(test)]
mod tests {
    use rustible_sdk::testing::{Script, run_rooted};

    use super::*;

    fn run(list: Output, args: Dict, check: bool) -> (Dict, Vec<String>) {
        let said = |text: &str| Output { stdout: text.to_string(), ..Output::default() };
        let script = Script::new(vec![
            ("helm version --template {{ .Version }}".to_string(), said("v3.19.0")),
            ("helm repo list --output=yaml".to_string(), list),
            ("helm repo add cilium https://helm.cilium.io/".to_string(), said("added")),
            ("helm repo rm cilium".to_string(), said("removed")),
        ]);
        let entry = crate::modules().iter().find(|e| (e.spec)().name.ends_with(".helm_repository")).unwrap();
        let reply = run_rooted(entry, Path::new("/nonexistent"), args, check, Some(script.clone()));
        (reply.result, script.asked())
    }

    #[test]
    fn a_repository_is_added_once_and_kept_when_its_address_is_the_same() {
        let none =
            Output { rc: 1, stderr: "Error: no repositories to show".to_string(), ..Output::default() };
        let there =
            Output { stdout: "- name: cilium\n  url: https://helm.cilium.io\n".into(), ..Output::default() };
        let args = || dict! { "name" => "cilium", "url" => "https://helm.cilium.io/" };
        let (result, asked) = run(none.clone(), args(), false);
        assert_eq!(result.get("changed"), Some(&Value::Bool(true)));
        assert_eq!(asked.last().map(String::as_str), Some("helm repo add cilium https://helm.cilium.io/"));
        let (result, asked) = run(none.clone(), args(), true);
        assert_eq!((result.get("changed"), asked.len()), (Some(&Value::Bool(true)), 2));
        let (result, _) = run(there.clone(), args(), false);
        assert_eq!(result.get("changed"), Some(&Value::Bool(false)));
        let other = dict! { "name" => "cilium", "url" => "https://other" };
        let (result, _) = run(there.clone(), other, false);
        assert_eq!(
            result.get("msg").and_then(Value::as_str),
            Some("Repository already have a repository named cilium")
        );
        let (result, _) = run(none, dict! { "name" => "cilium", "state" => "absent" }, false);
        assert_eq!(result.get("changed"), Some(&Value::Bool(false)));
        let (result, _) = run(there, dict! { "name" => "cilium", "state" => "absent" }, false);
        assert_eq!(result.get("changed"), Some(&Value::Bool(true)));
    }
}
