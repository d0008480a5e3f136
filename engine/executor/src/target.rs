//! From a host's variables to where and as whom its modules run.

use std::time::Duration;

use rustible_connection::{Become, Method, Plugin, Secret, SshOptions, Target, Transport};
use rustible_playbook::Frame;
use rustible_protocol::{Dict, Value, json};
use rustible_source::Diagnostic;
use rustible_template::{Rendered, Scope, Templar};

use crate::{
    doors::{self, Given},
    keyword::{Keywords, merged, to_bool},
    options::ConnectionOptions,
    run::Runner,
};

/// Seconds that rights on this machine may take to be given where less than one is set.
const LOCAL_TIMEOUT: u64 = 10;

/// Reads a host's connection variables.
pub(crate) struct Resolver<'a> {
    /// The host's scope (the delegate's, when delegated).
    pub(crate) scope: &'a dyn Scope,
    /// Renders in that scope.
    pub(crate) templar: &'a Templar,
    /// Keywords of the task.
    pub(crate) frame: &'a Frame,
    /// Configuration and command line.
    pub(crate) options: &'a ConnectionOptions,
    /// Whose plugins there are.
    pub(crate) runner: &'a Runner,
    /// Keywords give the user and connection only where the host is not a delegate with its own.
    pub(crate) delegated: bool,
}

impl Resolver<'_> {
    /// The target of the host of that inventory name.
    pub(crate) fn target(&self, name: &str) -> Result<Target, Diagnostic> {
        let keywords = Keywords { frame: self.frame, templar: self.templar };
        let local = matches!(name, "localhost" | "127.0.0.1" | "::1");
        let connection = match self.text(&["ansible_connection"])? {
            Some(connection) => connection,
            None => match keywords.text("connection")? {
                Some(connection) => connection,
                None if self.delegated && local => "local".to_string(),
                None => self.options.connection.clone(),
            },
        };
        let led = self.runner.registry.foreign().led("connection", &connection);
        let full = led.as_deref().unwrap_or(&connection);
        let short = full.strip_prefix("ansible.builtin.").unwrap_or(full);
        let transport = match short {
            "local" => Transport::Local,
            "ssh" | "smart" | "paramiko" | "paramiko_ssh" => Transport::Ssh(self.ssh(name, &keywords)?),
            _ => Transport::Plugin(self.plugin(name, &connection, &keywords)?),
        };
        let local_transport = transport == Transport::Local;
        let names: &[&str] = match transport {
            Transport::Local => &["ansible_local_become_success_timeout"],
            _ => &["ansible_timeout", "ansible_ssh_timeout"],
        };
        let timeout = match self.text(names)? {
            Some(seconds) => seconds.parse().unwrap_or(self.options.timeout),
            None => self.options.timeout,
        };
        let timeout = if local_transport && timeout < 1 { LOCAL_TIMEOUT } else { timeout };
        Ok(Target {
            name: name.to_string(),
            transport,
            escalation: self.escalation(&keywords, local_transport)?,
            remote_tmp: self
                .text(&["ansible_remote_tmp"])?
                .unwrap_or_else(|| self.options.remote_tmp.clone()),
            terminal: match self.value(&["ansible_worker_session_isolation"])? {
                Some(value) => !to_bool(&value).unwrap_or_else(|| value.truthy()),
                None => self.options.terminal,
            } && local_transport,
            timeout: Duration::from_secs(timeout),
        })
    }

    fn ssh(&self, name: &str, keywords: &Keywords<'_>) -> Result<SshOptions, Diagnostic> {
        let options = self.options;
        let port = match self.text(&["ansible_port", "ansible_ssh_port"])? {
            Some(port) => Some(port),
            None => keywords.int("port")?.map(|port| port.to_string()),
        };
        let port = match port {
            Some(text) => Some(
                text.parse().map_err(|_| Diagnostic::new(format!("'{text}' is no port of host {name}")))?,
            ),
            None => options.port,
        };
        let user = match self.text(&["ansible_user", "ansible_ssh_user"])? {
            Some(user) => Some(user),
            None => keywords.text("remote_user")?.or_else(|| options.user.clone()),
        };
        let password = self.text(&["ansible_password", "ansible_ssh_pass", "ansible_ssh_password"])?;
        let checking = match self.value(&["ansible_host_key_checking", "ansible_ssh_host_key_checking"])? {
            Some(value) => to_bool(&value).unwrap_or(true),
            None => options.host_key_checking,
        };
        let text = |names: &[&str], fallback: &Option<String>| -> Result<Option<String>, Diagnostic> {
            Ok(self.text(names)?.or_else(|| fallback.clone()))
        };
        Ok(SshOptions {
            host: self.text(&["ansible_host", "ansible_ssh_host"])?.unwrap_or_else(|| name.to_string()),
            port,
            user,
            password: password.or_else(|| options.password.clone()).map(Secret::new),
            private_key_file: text(
                &["ansible_ssh_private_key_file", "ansible_private_key_file"],
                &options.private_key,
            )?,
            private_key: text(&["ansible_private_key", "ansible_ssh_private_key"], &options.key_text)?
                .map(Secret::new),
            passphrase: text(
                &["ansible_private_key_passphrase", "ansible_ssh_private_key_passphrase"],
                &options.key_passphrase,
            )?
            .map(Secret::new),
            ssh_args: text(&["ansible_ssh_args"], &options.ssh_args)?,
            common_args: text(&["ansible_ssh_common_args"], &options.ssh_common_args)?.unwrap_or_default(),
            extra_args: text(&["ansible_ssh_extra_args"], &options.ssh_extra_args)?.unwrap_or_default(),
            executable: text(&["ansible_ssh_executable"], &options.ssh_executable)?,
            host_key_checking: checking,
            retries: match self.text(&["ansible_ssh_retries"])? {
                Some(text) => text.parse().unwrap_or(options.retries),
                None => options.retries,
            },
        })
    }

    /// A connection plugin in Python, with what it wants to know of the host.
    fn plugin(&self, host: &str, name: &str, keywords: &Keywords<'_>) -> Result<Plugin, Diagnostic> {
        let options = self.options;
        let method = self.escalation(keywords, false)?.map(|escalation| escalation.method.name());
        let known = doors::find((self.runner.registry.foreign(), self.runner.helper.as_ref()), name, method)?;
        let mut given = Given::default();
        for name in &known.variables {
            if let Some(value) = self.value(&[name])? {
                given.variables.insert(name.as_str(), value);
            }
        }
        if let Some(prefix) = &known.extras {
            let prefix = format!("ansible_{prefix}_");
            for name in self.scope.names().iter().filter(|name| name.starts_with(&prefix)) {
                if let Some(value) = self.value(&[name])? {
                    given.extras.insert(name.as_str(), value);
                }
            }
        }
        let user = keywords.text("remote_user")?.or_else(|| options.user.clone());
        let port = keywords.int("port")?.and_then(|port| u16::try_from(port).ok()).or(options.port);
        let key = |keys: &mut Dict, name: &str, value: Option<Value>| {
            if let Some(value) = value {
                keys.insert(name, value);
            }
        };
        key(&mut given.keys, "remote_user", user.clone().map(Value::from));
        key(&mut given.keys, "port", port.map(|port| i64::from(port).into()));
        key(&mut given.keys, "password", options.password.clone().map(Value::from));
        key(&mut given.keys, "timeout", i64::try_from(options.timeout).ok().map(Value::from));
        let host_name = self.text(&["ansible_host", "ansible_ssh_host"])?.unwrap_or_else(|| host.to_string());
        let user = self.text(&["ansible_user", "ansible_ssh_user"])?.or(user);
        let own = self.text(&["ansible_port", "ansible_ssh_port"])?.and_then(|port| port.parse().ok());
        let port = own.or(port);
        key(&mut given.context, "remote_addr", Some(Value::from(host_name.as_str())));
        key(&mut given.context, "remote_user", user.clone().map(Value::from));
        key(&mut given.context, "port", port.map(|port| i64::from(port).into()));
        key(&mut given.context, "timeout", i64::try_from(options.timeout).ok().map(Value::from));
        key(&mut given.context, "private_key_file", options.private_key.clone().map(Value::from));
        let settings = Secret::new(known.settings(host, given));
        Ok(Plugin { name: name.to_string(), host: host_name, port, user, settings })
    }

    fn escalation(&self, keywords: &Keywords<'_>, local: bool) -> Result<Option<Become>, Diagnostic> {
        let options = self.options;
        let on = match self.value(&["ansible_become"])? {
            Some(value) => to_bool(&value).unwrap_or_else(|| value.truthy()),
            None => keywords.flag("become")?.unwrap_or(options.become_on),
        };
        if !on {
            return Ok(None);
        }
        let either = |variables: &[&str], keyword: &str| -> Result<Option<String>, Diagnostic> {
            match self.text(variables)? {
                Some(text) => Ok(Some(text)),
                None => keywords.text(keyword),
            }
        };
        let method = either(&["ansible_become_method"], "become_method")?
            .unwrap_or_else(|| options.become_method.clone());
        let Some(kind) = Method::named(&method) else {
            return Err(Diagnostic::new(format!(
                "the become method '{method}' is not supported by rustible (sudo, su and doas are)"
            )));
        };
        let rights = options.rights.get(kind.name()).cloned().unwrap_or_default();
        let of_method = |setting: &str| format!("ansible_{}_{setting}", kind.name());
        let exe = either(&[&of_method("exe"), "ansible_become_exe"], "become_exe")?;
        let flags = either(&[&of_method("flags"), "ansible_become_flags"], "become_flags")?;
        let user = either(&[&of_method("user"), "ansible_become_user"], "become_user")?;
        let user = user.filter(|user| !user.is_empty()).or_else(|| options.become_user.clone());
        let password = self.text(&[&of_method("pass"), "ansible_become_pass", "ansible_become_password"])?;
        Ok(Some(Become {
            method: kind,
            user: user.or(rights.user).unwrap_or_else(|| "root".to_string()),
            exe: exe.or(rights.exe),
            flags: flags.or(rights.flags),
            folder: match kind {
                Method::Sudo => self.text(&["ansible_sudo_chdir"])?.or(rights.folder),
                _ => None,
            }
            .filter(|folder| !folder.is_empty()),
            password: password
                .or_else(|| options.become_password.clone())
                .or(rights.password)
                .map(Secret::new),
            preamble: match self.value(&["ansible_local_become_strip_preamble"])? {
                Some(value) if local => !to_bool(&value).unwrap_or_else(|| value.truthy()),
                _ => false,
            },
            prompts: match self.value(&["ansible_su_prompt_l10n"])?.filter(|_| kind == Method::Su) {
                Some(Value::List(list)) if list.is_empty() => None,
                Some(Value::List(list)) => Some(list.iter().map(crate::keyword::text_of).collect()),
                Some(other) => {
                    let text = crate::keyword::text_of(&other);
                    Some(text.split(',').map(|word| word.trim().to_string()).collect())
                }
                None => None,
            },
        }))
    }

    /// The first of the variables that is set, rendered.
    fn value(&self, names: &[&str]) -> Result<Option<Value>, Diagnostic> {
        for name in names {
            let Some(raw) = self.scope.get(name) else { continue };
            return match self.templar.render(&raw) {
                Ok(Rendered::Value(Value::Null) | Rendered::Omit) => Ok(None),
                Ok(Rendered::Value(value)) => Ok(Some(value)),
                Err(error) => {
                    let at = raw.origin().cloned();
                    Err(merged(error, at.as_ref())
                        .context(format!("Error while resolving '{name}'"), at.as_ref()))
                }
            };
        }
        Ok(None)
    }

    fn text(&self, names: &[&str]) -> Result<Option<String>, Diagnostic> {
        Ok(self.value(names)?.map(|value| match value {
            Value::Str(text) => text.to_string(),
            other => json::key_text(&other),
        }))
    }
}
