//! Which cluster is meant, and who asks.

use std::{path::Path, sync::Arc};

use kube::config::{
    AuthInfo, Cluster as ClusterInfo, Context, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext,
};
use rustible_sdk::{Args, Dict, Failure, Host, Result, Value, json};

use super::client::{self, Cluster};

/// What every module of the collection takes to reach a cluster.
#[derive(Args, Debug, Clone, Default)]
pub(crate) struct Auth {
    /// A token.
    #[arg(no_log, env("K8S_AUTH_API_KEY"))]
    api_key: Option<String>,
    /// File of authorities the server's certificate is checked with.
    #[arg(alias("ssl_ca_cert"), env("K8S_AUTH_SSL_CA_CERT"))]
    ca_cert: Option<std::path::PathBuf>,
    /// File of the client's certificate.
    #[arg(alias("cert_file"), env("K8S_AUTH_CERT_FILE"))]
    client_cert: Option<std::path::PathBuf>,
    /// File of the client's key.
    #[arg(alias("key_file"), env("K8S_AUTH_KEY_FILE"))]
    client_key: Option<std::path::PathBuf>,
    /// Which context of the configuration is meant.
    #[arg(env("K8S_AUTH_CONTEXT"))]
    context: Option<String>,
    /// Address of the API server.
    #[arg(env("K8S_AUTH_HOST"))]
    host: Option<String>,
    /// Groups to act as.
    #[arg(env("K8S_AUTH_IMPERSONATE_GROUPS"))]
    impersonate_groups: Option<Vec<String>>,
    /// User to act as.
    #[arg(env("K8S_AUTH_IMPERSONATE_USER"))]
    impersonate_user: Option<String>,
    /// A configuration, or the file of one.
    #[arg(env("K8S_AUTH_KUBECONFIG"))]
    kubeconfig: Option<Value>,
    /// Hosts that are reached without the proxy.
    #[arg(env("K8S_AUTH_NO_PROXY"))]
    no_proxy: Option<String>,
    /// Password of `username`.
    #[arg(no_log, env("K8S_AUTH_PASSWORD"))]
    password: Option<String>,
    /// Whether renewed tokens are written back.
    #[arg(env("K8S_AUTH_PERSIST_CONFIG"))]
    persist_config: Option<bool>,
    /// Address of a proxy.
    #[arg(env("K8S_AUTH_PROXY"))]
    proxy: Option<String>,
    /// Headers for the proxy.
    proxy_headers: Option<ProxyHeaders>,
    /// A user by name.
    #[arg(env("K8S_AUTH_USERNAME"))]
    username: Option<String>,
    /// Whether the server must prove who it is.
    #[arg(alias("verify_ssl"), env("K8S_AUTH_VERIFY_SSL"))]
    validate_certs: Option<bool>,
}

/// Headers for a proxy.
#[derive(Args, Debug, Clone, Default)]
pub(crate) struct ProxyHeaders {
    /// Name and password for the server.
    #[arg(no_log, env("K8S_AUTH_PROXY_HEADERS_BASIC_AUTH"))]
    basic_auth: Option<String>,
    /// Name and password for the proxy.
    #[arg(no_log, env("K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH"))]
    proxy_basic_auth: Option<String>,
    /// What the client calls itself.
    #[arg(env("K8S_AUTH_PROXY_HEADERS_USER_AGENT"))]
    user_agent: Option<String>,
}

impl ProxyHeaders {
    fn any(&self) -> bool {
        self.basic_auth.is_some() || self.proxy_basic_auth.is_some() || self.user_agent.is_some()
    }
}

impl Auth {
    /// The cluster these arguments mean.
    ///
    /// # Errors
    /// When no configuration is found, it is none, or an argument is not supported.
    pub(crate) fn cluster(&self, host: &Host) -> Result<Arc<Cluster>> {
        let no = |arg: &str| Err(Failure::new(format!("{arg} is not supported")).of_arg(arg));
        if self.proxy_headers.as_ref().is_some_and(ProxyHeaders::any) {
            return no("proxy_headers");
        }
        if self.no_proxy.is_some() {
            return no("no_proxy");
        }
        if self.persist_config == Some(true) {
            return no("persist_config");
        }
        let (mut config, text) = if self.is_complete() { (empty(), String::new()) } else { self.load(host)? };
        self.override_with_arguments(&mut config)?;
        // The same words may mean other files for another user, but one process has one user.
        let key = format!("{self:?}\n{text}");
        client::cluster(host, config, key, self.context.clone())
    }

    /// Whether the arguments say all, so that no configuration is looked for.
    fn is_complete(&self) -> bool {
        let somebody = self.api_key.is_some()
            || (self.username.is_some() && self.password.is_some())
            || (self.client_cert.is_some() && self.client_key.is_some());
        self.host.is_some() && somebody
    }

    fn load(&self, host: &Host) -> Result<(Kubeconfig, String)> {
        match &self.kubeconfig {
            Some(Value::Dict(inline)) => parse(&json::dumps(&Value::Dict(inline.clone())), None),
            Some(Value::Str(path)) if !path.is_empty() => from_file(host, &host.expand(path.as_str())),
            Some(Value::Null | Value::Str(_)) | None => self.found(host),
            Some(_) => Err(Failure::new("kubeconfig must be a path or a mapping").of_arg("kubeconfig")),
        }
    }

    fn found(&self, host: &Host) -> Result<(Kubeconfig, String)> {
        let named = host.env("KUBECONFIG").filter(|paths| !paths.is_empty());
        let paths = named.unwrap_or_else(|| host.expand("~/.kube/config"));
        let mut all: Option<(Kubeconfig, String)> = None;
        for path in paths.split(':').filter(|path| !path.is_empty()) {
            if !host.exists(path)? {
                continue;
            }
            let (next, more) = from_file(host, path)?;
            all = Some(match all {
                None => (next, more),
                Some((config, text)) => {
                    let merged = config.merge(next).map_err(|e| Failure::new(e.to_string()))?;
                    (merged, text + &more)
                }
            });
        }
        match all {
            Some(found) => Ok(found),
            None if self.host.is_some() => Ok((empty(), String::new())),
            None => in_cluster(host),
        }
    }

    fn override_with_arguments(&self, config: &mut Kubeconfig) -> Result<()> {
        let wanted = self.context.clone().or_else(|| config.current_context.clone());
        let context = config.contexts.iter().find(|c| Some(&c.name) == wanted.as_ref());
        let context = context.and_then(|named| named.context.clone());
        let Some(Context { cluster, user, .. }) = context else {
            let name = wanted.unwrap_or_default();
            return Err(Failure::new(format!(
                "Could not create API client: Invalid kube-config file. Expected object with name {name} in contexts list"
            )));
        };
        let text = |path: &std::path::PathBuf| path.to_string_lossy().into_owned();
        if let Some(named) = config.clusters.iter_mut().find(|c| c.name == cluster) {
            let info = named.cluster.get_or_insert_default();
            info.server = self.host.clone().or_else(|| info.server.take());
            if let Some(path) = &self.ca_cert {
                info.certificate_authority = Some(text(path));
                info.certificate_authority_data = None;
            }
            if let Some(validate) = self.validate_certs {
                info.insecure_skip_tls_verify = Some(!validate);
            }
            info.proxy_url = self.proxy.clone().or_else(|| info.proxy_url.take());
        }
        let user = user.unwrap_or_default();
        if let Some(named) = config.auth_infos.iter_mut().find(|u| u.name == user) {
            self.override_user(named.auth_info.get_or_insert_default());
        }
        Ok(())
    }

    fn override_user(&self, info: &mut AuthInfo) {
        let text = |path: &std::path::PathBuf| path.to_string_lossy().into_owned();
        if let Some(token) = &self.api_key {
            *info = AuthInfo { token: Some(token.clone().into()), ..AuthInfo::default() };
        }
        if let (Some(name), Some(password)) = (&self.username, &self.password) {
            info.username = Some(name.clone());
            info.password = Some(password.clone().into());
        }
        if let Some(path) = &self.client_cert {
            info.client_certificate = Some(text(path));
            info.client_certificate_data = None;
        }
        if let Some(path) = &self.client_key {
            info.client_key = Some(text(path));
            info.client_key_data = None;
        }
        if let Some(user) = &self.impersonate_user {
            info.impersonate = Some(user.clone());
        }
        if let Some(groups) = &self.impersonate_groups {
            info.impersonate_groups = Some(groups.clone());
        }
    }
}

fn from_file(host: &Host, path: &str) -> Result<(Kubeconfig, String)> {
    let Some(text) = host.read_text(path)? else {
        return Err(Failure::new(format!(
            "Could not create API client: Invalid kube-config file. No configuration found: {path} does not exist"
        )));
    };
    parse(&text, Path::new(path).parent())
}

fn parse(text: &str, folder: Option<&Path>) -> Result<(Kubeconfig, String)> {
    let mut config = Kubeconfig::from_yaml(text)
        .map_err(|e| Failure::new(format!("Could not create API client: Invalid kube-config file. {e}")))?;
    // Files are named from where the configuration is.
    let absolute = |path: &mut Option<String>| {
        if let (Some(path), Some(folder)) = (path.as_mut(), folder)
            && Path::new(path.as_str()).is_relative()
        {
            *path = folder.join(path.as_str()).to_string_lossy().into_owned();
        }
    };
    for cluster in config.clusters.iter_mut().filter_map(|named| named.cluster.as_mut()) {
        absolute(&mut cluster.certificate_authority);
    }
    for user in config.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut()) {
        absolute(&mut user.client_certificate);
        absolute(&mut user.client_key);
        absolute(&mut user.token_file);
    }
    Ok((config, text.to_string()))
}

/// A configuration that arguments fill.
fn empty() -> Kubeconfig {
    with_parts(ClusterInfo::default(), AuthInfo::default())
}

fn with_parts(cluster: ClusterInfo, user: AuthInfo) -> Kubeconfig {
    let name = || "default".to_string();
    let context = Context { cluster: name(), user: Some(name()), ..Context::default() };
    Kubeconfig {
        clusters: vec![NamedCluster { name: name(), cluster: Some(cluster), ..NamedCluster::default() }],
        auth_infos: vec![NamedAuthInfo { name: name(), auth_info: Some(user), ..NamedAuthInfo::default() }],
        contexts: vec![NamedContext { name: name(), context: Some(context), ..NamedContext::default() }],
        current_context: Some(name()),
        ..Kubeconfig::default()
    }
}

/// The account of a pod.
fn in_cluster(host: &Host) -> Result<(Kubeconfig, String)> {
    const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
    let (address, port) = (host.env("KUBERNETES_SERVICE_HOST"), host.env("KUBERNETES_SERVICE_PORT"));
    let (Some(address), Some(port)) = (address, port) else {
        return Err(Failure::new(
            "Could not create API client: Invalid kube-config file. No configuration found.",
        ));
    };
    let cluster = ClusterInfo {
        server: Some(format!("https://{address}:{port}")),
        certificate_authority: Some(format!("{ACCOUNT}/ca.crt")),
        ..ClusterInfo::default()
    };
    let user = AuthInfo { token_file: Some(format!("{ACCOUNT}/token")), ..AuthInfo::default() };
    Ok((with_parts(cluster, user), String::new()))
}

/// The dictionary that a value is, or an empty one.
pub(crate) fn dict_of(value: Option<&Value>) -> Dict {
    value.and_then(Value::as_dict).cloned().unwrap_or_default()
}
