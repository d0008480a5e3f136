//! The way to an API server: one runtime and one client per cluster for the whole process.

use std::{
    collections::HashMap,
    fmt::Display,
    sync::{Arc, Mutex, OnceLock, PoisonError, mpsc},
    time::Duration,
};

use kube::{
    Client, Config,
    client::Body,
    config::{KubeConfigOptions, Kubeconfig},
};
use rustible_sdk::{Dict, Failure, Host, Result, Value, json};
use tokio::runtime::Runtime;

use super::discovery::Known;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A cluster, reached as somebody.
pub(crate) struct Cluster {
    client: Client,
    /// Its address.
    server: String,
    /// What of its API is known already.
    pub(crate) known: Mutex<Known>,
}

/// What a server says.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The text of its body.
    pub(crate) body: String,
    /// Warnings it sent along.
    pub(crate) warnings: Vec<String>,
}

impl Answer {
    /// Whether it did what it was asked.
    pub(crate) fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }
    /// The object in it.
    pub(crate) fn object(&self) -> Result<Dict> {
        match json::read(&self.body) {
            Ok(Value::Dict(dict)) => Ok(dict),
            _ => Err(Failure::new(format!("the API server's answer is no object: {}", self.body))),
        }
    }
    /// What it says is wrong.
    pub(crate) fn message(&self) -> String {
        let status = json::read(&self.body).ok();
        let message = status.as_ref().and_then(|status| status.get("message")).and_then(Value::as_str);
        message.map_or_else(|| self.body.clone(), str::to_string)
    }
    /// A failure of this answer: `status` and its phrase as `reason` besides the message.
    pub(crate) fn failure(&self, msg: impl Into<String>) -> Failure {
        let status = http::StatusCode::from_u16(self.status).ok();
        let reason = status.and_then(|status| status.canonical_reason()).unwrap_or_default();
        Failure::new(msg).with("status", i64::from(self.status)).with("reason", reason)
    }
}

/// A request to a server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    /// Its method.
    pub(crate) method: &'static str,
    /// Path and query.
    pub(crate) path: String,
    /// Type and text of its body.
    pub(crate) body: Option<(&'static str, String)>,
    /// What may be answered, when that is not plain JSON.
    pub(crate) accept: Option<&'static str>,
}

impl Ask {
    /// A request that looks.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), ..Self::default() }
    }
    /// A request that sends an object.
    pub(crate) fn send(
        method: &'static str,
        path: impl Into<String>,
        kind: &'static str,
        body: String,
    ) -> Self {
        Self { method, path: path.into(), body: Some((kind, body)), accept: None }
    }
}

fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| {
        // Whoever was first to choose the cryptography chose the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).enable_all().build().map_err(|e| e.to_string())
    });
    made.as_ref().map_err(|e| Failure::new(format!("no runtime for the API client: {e}")))
}

/// Wait for a future that runs elsewhere, as long as the call is wanted.
fn wait_for<T: Send + 'static>(host: &Host, future: impl Future<Output = T> + Send + 'static) -> Result<T> {
    let (sender, receiver) = mpsc::channel();
    let task = runtime()?.spawn(async move {
        let _ = sender.send(future.await);
    });
    loop {
        match receiver.recv_timeout(Duration::from_millis(200)) {
            Ok(value) => return Ok(value),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                if let Err(ended) = host.still_wanted() {
                    task.abort();
                    return Err(ended);
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                return Err(Failure::new("the API client ended without an answer"));
            }
        }
    }
}

/// The cluster of a configuration; the same one for the same configuration.
pub(crate) fn cluster(
    host: &Host,
    config: Kubeconfig,
    key: String,
    context: Option<String>,
) -> Result<Arc<Cluster>> {
    static CLUSTERS: OnceLock<Mutex<HashMap<String, Arc<Cluster>>>> = OnceLock::new();
    let clusters = CLUSTERS.get_or_init(Mutex::default);
    let known = clusters.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    if let Some(cluster) = known {
        return Ok(cluster);
    }
    let problem = |e: &dyn Display| Failure::new(format!("Could not create API client: {e}"));
    let (client, server) = wait_for(host, async move {
        let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
        let config = Config::from_custom_kubeconfig(config, &options).await.map_err(|e| e.to_string())?;
        let server = config.cluster_url.to_string().trim_end_matches('/').to_string();
        Ok::<_, String>((Client::try_from(config).map_err(|e| e.to_string())?, server))
    })?
    .map_err(|e| problem(&e))?;
    let cluster = Arc::new(Cluster { client, server, known: Mutex::default() });
    clusters.lock().unwrap_or_else(PoisonError::into_inner).insert(key, cluster.clone());
    Ok(cluster)
}

impl Cluster {
    /// Ask the server. Statuses are the caller's to judge.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) fn ask(&self, host: &Host, ask: &Ask) -> Result<Answer> {
        host.still_wanted()?;
        let mut request = http::Request::builder().method(ask.method).uri(&ask.path);
        request = request
            .header("user-agent", "rustible")
            .header("accept", ask.accept.unwrap_or("application/json"));
        let body = match &ask.body {
            Some((kind, text)) => {
                request = request.header("content-type", *kind);
                Body::from(text.clone().into_bytes())
            }
            None => Body::empty(),
        };
        let problem = |e: &dyn Display| {
            Failure::new(format!("{} {}{}: {e}", ask.method, self.server, ask.path)).hint(format!(
                "The API server {} gives no answer. Check that the control plane is up (there: systemctl status kubelet; crictl ps) \
                 and that the kubeconfig names the right address, then run again.",
                self.server
            ))
        };
        let request = request.body(body).map_err(|e| problem(&e))?;
        let client = self.client.clone();
        let answer = wait_for(host, async move {
            let answer = tokio::time::timeout(PATIENCE, exchange(client, request)).await;
            answer.unwrap_or_else(|_| Err(format!("no answer within {} seconds", PATIENCE.as_secs())))
        })?;
        answer.map_err(|e| problem(&e))
    }
}

async fn exchange(client: Client, request: http::Request<Body>) -> Result<Answer, String> {
    let answer = client.send(request).await.map_err(|e| causes(&e))?;
    let status = answer.status().as_u16();
    let warnings = answer.headers().get_all("warning").iter();
    let warnings = warnings.filter_map(|value| warning(value.to_str().ok()?)).collect();
    let bytes = answer.into_body().collect_bytes().await.map_err(|e| causes(&e))?;
    Ok(Answer { status, body: String::from_utf8_lossy(&bytes).into_owned(), warnings })
}

/// The text in a header `299 - "text"`.
fn warning(header: &str) -> Option<String> {
    let (_, text) = header.split_once('"')?;
    Some(text.trim_end_matches('"').replace("\\\"", "\""))
}

/// An error with everything behind it.
fn causes(e: &dyn std::error::Error) -> String {
    // The layers of the client say nothing about the cause.
    let mut text = e.to_string().trim_start_matches("ServiceError: ").to_string();
    let mut next = e.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        next = cause.source();
    }
    text
}
