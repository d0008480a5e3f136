//! `community.general.gitlab_deploy_key`: a key that may read a project.

use rustible_sdk::prelude::*;

use crate::support::gitlab::{Auth, GitLab};

/// Manage GitLab project deploy keys.
///
/// A key is looked for by its title and then by its text, so that one that is there under another title is not sent again.
#[derive(Args)]
#[args(check = full, diff = full)]
#[args(mutually_exclusive(api_username, api_token, api_oauth_token, api_job_token))]
#[args(required_together(api_username, api_password))]
pub(crate) struct Args {
    #[arg(flatten)]
    auth: Auth,
    /// The project: its path or number.
    project: String,
    /// Title of the key.
    title: String,
    /// The public key.
    key: String,
    /// Whether it may write as well.
    #[arg(default = false)]
    can_push: bool,
    /// Whether it should be there.
    #[arg(default = "present")]
    state: State,
}

#[derive(Choice, Clone, Copy, PartialEq)]
pub(crate) enum State {
    Present,
    Absent,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let server = GitLab::new(&args.auth, host)?;
    let Some(project) = server.project(host, &args.project)? else {
        fail!("Failed to create deploy key: project {} doesn't exists", args.project);
    };
    let folder = format!("/projects/{project}/deploy_keys");
    let keys = server.list(host, &folder)?;
    let titled = keys.iter().find(|key| text(key, "title") == args.title);
    if args.state == State::Absent {
        let Some(key) = titled else { return Ok(Outcome::msg("Deploy key deleted or does not exists")) };
        args.change(&server, host, "DELETE", &format!("{folder}/{}", id(key)), None)?;
        return Ok(Outcome::msg(format!("Successfully deleted deploy key {}", args.title)));
    }
    let same = |key: &&Value| words(text(key, "key")) == words(&args.key);
    let found = titled.or_else(|| keys.iter().find(same));
    let made = match found {
        Some(key) if same(&key) => {
            let pushes = key.get("can_push").and_then(Value::as_bool).unwrap_or(false);
            if pushes == args.can_push {
                let msg = format!("No need to update the deploy key {}", args.title);
                return Ok(Outcome::msg(msg).with("deploy_key", key.clone()));
            }
            host.diff_value(dict! {
                "before" => dict! { "can_push" => pushes }, "after" => dict! { "can_push" => args.can_push },
            });
            let body = dict! { "title" => text(key, "title"), "can_push" => args.can_push };
            args.change(&server, host, "PUT", &format!("{folder}/{}", id(key)), Some(&body))?
        }
        found => {
            if let Some(key) = found {
                // The text of a key cannot be changed.
                args.change(&server, host, "DELETE", &format!("{folder}/{}", id(key)), None)?;
            }
            let body = dict! { "title" => args.title.as_str(), "key" => args.key.trim(), "can_push" => args.can_push };
            host.diff_value(dict! {
                "before" => found.map(|key| dict! { "title" => text(key, "title"), "key" => text(key, "key") }),
                "after" => body.clone(),
            });
            let made = args.change(&server, host, "POST", &folder, Some(&body));
            // Somebody else may have been faster: then the key is there.
            let there = || Ok::<_, Failure>(server.list(host, &folder)?.into_iter().find(|key| same(&key)));
            match made {
                Ok(made) => made,
                Err(refused) => Some(there()?.ok_or(refused)?),
            }
        }
    };
    Ok(Outcome::msg(format!("Successfully created or updated the deploy key {}", args.title))
        .with_some("deploy_key", made))
}

impl Args {
    /// Change something; what came of it, nothing in check mode.
    fn change(
        &self,
        server: &GitLab,
        host: &mut Host,
        method: &str,
        path: &str,
        body: Option<&Dict>,
    ) -> Result<Option<Value>> {
        host.mark_changed();
        if host.check_mode() {
            return Ok(None);
        }
        let answer = server.ask(host, method, path, body)?;
        if answer.ok() {
            return Ok(Some(answer.data));
        }
        let what = match method {
            "PUT" => "update",
            "DELETE" => "delete",
            _ => "create",
        };
        let failure = answer.failure(&format!("Failed to {what} deploy key")).with("error", answer.problem());
        Err(if answer.taken() {
            failure.hint(
                "The key is registered in another project of this server. Enable it for this one (at GitLab: the project's Settings, \
                 Repository, Deploy keys), remove it there, or use a key of its own.",
            )
        } else {
            failure
        })
    }
}

fn text<'k>(key: &'k Value, name: &str) -> &'k str {
    key.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn id(key: &Value) -> String {
    key.get("id").map(rustible_sdk::repr::str).unwrap_or_default()
}

/// What makes a key the same one: its type and itself, not its comment.
fn words(key: &str) -> Vec<&str> {
    key.split_whitespace().take(2).collect()
}
