//! The servers of Galaxy: those of the configuration, or the one of the command line.

use base64::{Engine, engine::general_purpose::STANDARD};
use rustible_galaxy::{Server, options::Options};
use rustible_output::Redactor;
use rustible_protocol::repr;
use rustible_source::{Diagnostic, Kind};

use crate::config::Config;

/// The servers in the order they are asked. What they are to know and nobody else goes to the redactor.
pub(super) fn all(
    options: &Options,
    config: &Config,
    redactor: &Redactor,
) -> Result<Vec<Server>, Diagnostic> {
    let servers = known(options, config, redactor)?;
    let secrets = servers.iter().filter_map(|server| server.authorization.as_deref()?.split(' ').nth(1));
    secrets.for_each(|secret| redactor.add(secret));
    Ok(servers)
}

fn known(options: &Options, config: &Config, redactor: &Redactor) -> Result<Vec<Server>, Diagnostic> {
    let defaults = Defaults {
        verify: !(options.ignore_certs || config.flag("GALAXY_IGNORE_CERTS")),
        timeout: match options.timeout {
            Some(seconds) => seconds,
            None => {
                number(&config.text("GALAXY_SERVER_TIMEOUT").unwrap_or_default(), "GALAXY_SERVER_TIMEOUT")?
            }
        },
        given: options.timeout.is_some(),
    };
    let names = config.list("GALAXY_SERVER_LIST");
    let configured = names
        .iter()
        .map(|name| server(name, &defaults, config, redactor))
        .collect::<Result<Vec<Server>, _>>()?;
    if let Some(asked) = &options.server {
        if let Some(known) = configured.into_iter().find(|server| &server.name == asked) {
            return Ok(vec![known]);
        }
        return Ok(vec![defaults.server("cmd_arg", asked, options, config)]);
    }
    if configured.is_empty() {
        let url = config.text("GALAXY_SERVER").unwrap_or_default();
        return Ok(vec![defaults.server("default", &url, options, config)]);
    }
    Ok(configured)
}

/// What holds for every server that does not say otherwise.
struct Defaults {
    verify: bool,
    timeout: u64,
    /// Whether the command line says how long to wait.
    given: bool,
}

impl Defaults {
    /// One that has no section of its own: its token is that of the command line, else the stored one.
    fn server(&self, name: &str, url: &str, options: &Options, config: &Config) -> Server {
        let token = options.token.clone().or_else(|| stored(config));
        Server {
            name: name.into(),
            url: url.into(),
            authorization: token.map(|token| format!("Token {token}")),
            verify: self.verify,
            timeout: self.timeout,
        }
    }
}

/// The token that was stored for all servers.
fn stored(config: &Config) -> Option<String> {
    let path = config.paths("GALAXY_TOKEN_PATH").into_iter().next()?;
    let text = std::fs::read_to_string(&path).ok()?;
    let value = rustible_yaml::load(&path.display().to_string().into(), &text).ok()?;
    value.get("token").filter(|token| token.truthy()).map(repr::str)
}

fn number(text: &str, name: &str) -> Result<u64, Diagnostic> {
    text.trim().parse().map_err(|_| {
        Diagnostic::new(format!("{name}: Invalid value provided for 'int': '{text}'")).of_kind(Kind::Options)
    })
}

/// The server of a `[galaxy_server.NAME]` section, or of variables.
fn server(
    name: &str,
    defaults: &Defaults,
    config: &Config,
    redactor: &Redactor,
) -> Result<Server, Diagnostic> {
    let option = |key: &str| {
        let variable = format!("ANSIBLE_GALAXY_SERVER_{}_{}", name.to_uppercase(), key.to_uppercase());
        let value =
            std::env::var(variable).ok().or_else(|| config.entry(&format!("galaxy_server.{name}"), key));
        value.filter(|value| !value.is_empty())
    };
    if let Some(key) =
        ["auth_url", "client_id", "client_secret"].into_iter().find(|key| option(key).is_some())
    {
        let text = format!("{key} of the server {name} (a token of Keycloak) is not supported by rustible");
        return Err(Diagnostic::new(text).of_kind(Kind::Options));
    }
    let Some(url) = option("url") else {
        let text = format!("Required config 'url' for '{name}' galaxy_server plugin not provided.");
        return Err(Diagnostic::new(text).of_kind(Kind::Options));
    };
    let authorization = match (option("username"), option("token")) {
        (Some(user), _) => {
            let password = option("password").unwrap_or_default();
            redactor.add(&password);
            let pair = format!("{user}:{password}");
            Some(format!("Basic {}", STANDARD.encode(pair)))
        }
        (None, token) => token.map(|token| format!("Token {token}")),
    };
    let verify = option("validate_certs")
        .map(|text| matches!(text.to_lowercase().as_str(), "1" | "true" | "yes" | "on" | "y" | "t"));
    let timeout = match option("timeout").filter(|_| !defaults.given) {
        Some(text) => number(&text, &format!("timeout of the server {name}"))?,
        None => defaults.timeout,
    };
    Ok(Server { name: name.into(), url, authorization, verify: verify.unwrap_or(defaults.verify), timeout })
}
