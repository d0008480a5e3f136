//! `kubernetes.core.helm`: a release of a chart.

use std::path::PathBuf;

use rustible_sdk::{host::command::split, json, prelude::*};

use crate::support::{
    helm::{Helm, HelmArgs, Version, overlaid, set_value},
    helm_diff::Installed,
    yaml,
};

/// Manage Helm releases.
///
/// A release is written again when its chart, its version or its values are other ones than wanted. Values that
/// `set_values` give by simple paths are compared as well; those that only Helm can read count as a change. With the plugin
/// helm-diff Helm itself tells whether anything would change.
#[derive(Args)]
#[args(check = full, required_if(release_state = "present" => chart_ref))]
#[args(mutually_exclusive(context, ca_cert), mutually_exclusive(replace, history_max))]
#[args(mutually_exclusive(wait_timeout, timeout), mutually_exclusive(force, server_side))]
#[args(mutually_exclusive(force, force_conflicts))]
#[expect(clippy::duplicated_attributes, reason = "one argument excludes several others")]
pub(crate) struct Args {
    #[arg(flatten)]
    helm: HelmArgs,
    /// The release.
    #[arg(alias("name"))]
    release_name: String,
    /// Its namespace.
    #[arg(alias("namespace"))]
    release_namespace: String,
    /// Whether it should be there.
    #[arg(alias("state"), default = "present")]
    release_state: State,
    /// The chart: `repository/name`, a path or an address.
    chart_ref: Option<PathBuf>,
    /// Repository of the chart, without adding it.
    chart_repo_url: Option<String>,
    /// Version of the chart; the newest without it.
    chart_version: Option<String>,
    /// Values.
    #[arg(alias("values"), default = Dict::new())]
    release_values: Dict,
    /// Files of values, later ones winning.
    #[arg(default = List::default())]
    values_files: Vec<String>,
    /// Single values.
    set_values: Option<Vec<SetValue>>,
    #[arg(flatten)]
    how: How,
    /// Read the repositories' indexes first.
    #[arg(default = false)]
    update_repo_cache: bool,
    /// Fetch the charts that this one needs.
    #[arg(alias("dep_up"), default = false)]
    dependency_update: bool,
    /// Forget the history of a release that is removed.
    #[arg(default = true)]
    purge: bool,
    /// Use the name again although a removed release has it.
    #[arg(default = false)]
    replace: bool,
}

#[derive(Choice, Clone, Copy, PartialEq)]
pub(crate) enum State {
    Present,
    Absent,
}

/// One value.
#[derive(Args, Clone)]
pub(crate) struct SetValue {
    /// `path=value`.
    value: String,
    /// How the value is read.
    #[arg(default = "raw", choices("raw", "string", "json", "file"))]
    value_type: String,
}

/// How Helm goes about it.
#[derive(Args, Clone)]
pub(crate) struct How {
    /// Undo what failed.
    #[arg(default = false)]
    atomic: bool,
    /// Remove new objects of an upgrade that failed.
    #[arg(default = false)]
    cleanup_on_fail: bool,
    /// Make the namespace.
    #[arg(default = false)]
    create_namespace: bool,
    /// Leave hooks out.
    #[arg(default = false)]
    disable_hook: bool,
    /// Replace objects that cannot be patched; write the release although it is as wanted.
    #[arg(default = false)]
    force: bool,
    /// Take fields away from others.
    #[arg(default = false)]
    force_conflicts: bool,
    /// How many versions of the release are kept.
    history_max: Option<i64>,
    /// Do not ask the chart's server who it is.
    #[arg(alias("skip_tls_certs_check"), default = false)]
    insecure_skip_tls_verify: bool,
    /// Fetch the chart without TLS.
    #[arg(default = false)]
    plain_http: bool,
    /// A program that has the last word on the objects.
    post_renderer: Option<String>,
    /// Begin with the chart's own values.
    #[arg(default = true)]
    reset_values: bool,
    /// Begin with the values of the last version.
    reuse_values: Option<bool>,
    /// Begin with the chart's own values and then those of the last version.
    #[arg(default = false)]
    reset_then_reuse_values: bool,
    /// Whether the server applies.
    #[arg(choices("auto", "true", "false"))]
    server_side: Option<String>,
    /// Leave the chart's definitions of kinds out.
    #[arg(default = false)]
    skip_crds: bool,
    /// Do not hold the values against the chart's schema.
    #[arg(default = false)]
    skip_schema_validation: bool,
    /// Take objects over that are there already.
    #[arg(default = false)]
    take_ownership: bool,
    /// How long Helm waits for each thing (`5m`).
    timeout: Option<String>,
    /// Wait until everything is ready.
    #[arg(default = false)]
    wait: bool,
    /// Wait for jobs as well.
    #[arg(default = false)]
    wait_for_jobs: bool,
    /// Older name of `timeout`.
    wait_timeout: Option<String>,
}

impl How {
    /// The words that are not the chart or its values.
    fn words(&self, helm: &Helm) -> Vec<String> {
        let four = helm.version.0 >= 4;
        let mut words: Vec<String> = Vec::new();
        let mut flag = |on: bool, word: &str| words.extend(on.then(|| word.to_string()));
        flag(self.take_ownership, "--take-ownership");
        flag(self.reset_values, "--reset-values");
        match self.reuse_values {
            Some(true) => flag(true, "--reuse-values=True"),
            Some(false) => flag(true, "--reuse-values=False"),
            None => {}
        }
        flag(self.reset_then_reuse_values, "--reset-then-reuse-values");
        flag(self.wait, "--wait");
        flag(self.wait && self.wait_for_jobs, "--wait-for-jobs");
        if let Some(timeout) = self.timeout.as_ref().or(self.wait_timeout.as_ref()) {
            flag(true, &format!("--timeout={timeout}"));
        }
        flag(self.atomic, if four { "--rollback-on-failure" } else { "--atomic" });
        flag(self.cleanup_on_fail, "--cleanup-on-fail");
        if let Some(how) = &self.server_side {
            flag(true, &format!("--server-side={how}"));
        }
        flag(self.force_conflicts, "--force-conflicts");
        flag(self.force && four, "--server-side=false");
        flag(self.force, if four { "--force-replace" } else { "--force" });
        flag(self.disable_hook, "--no-hooks");
        flag(self.create_namespace, "--create-namespace");
        flag(self.insecure_skip_tls_verify, "--insecure-skip-tls-verify");
        flag(self.plain_http, "--plain-http");
        if let Some(program) = &self.post_renderer {
            flag(true, &format!("--post-renderer={program}"));
        }
        flag(self.skip_crds, "--skip-crds");
        if let Some(number) = self.history_max {
            flag(true, &format!("--history-max={number}"));
        }
        flag(self.skip_schema_validation, "--skip-schema-validation");
        words
    }

    /// What this version of Helm cannot do.
    fn refuse(&self, helm: &Helm) -> Result<()> {
        let needs = [
            (self.plain_http, "plain_http", (3, 13, 0)),
            (self.take_ownership, "take_ownership", (3, 17, 0)),
            (self.skip_schema_validation, "skip_schema_validation", (3, 16, 0)),
            (self.insecure_skip_tls_verify, "insecure_skip_tls_verify", (3, 16, 0)),
            (self.reset_then_reuse_values, "reset_then_reuse_values", (3, 14, 0)),
            (self.wait_for_jobs, "wait_for_jobs", (3, 5, 0)),
            (self.server_side.is_some(), "server_side", (4, 0, 0)),
            (self.force_conflicts, "force_conflicts", (4, 0, 0)),
        ];
        for (asked, name, (major, minor, patch)) in needs {
            let (a, b, c) = helm.version;
            if asked && helm.version < (major, minor, patch) {
                return Err(Failure::new(format!(
                    "{name} requires helm >= {major}.{minor}.{patch}, current version is {a}.{b}.{c}"
                ))
                .of_arg(name));
            }
        }
        Ok(())
    }
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let helm = Helm::new(&args.helm, Some(&args.release_namespace), host)?;
    args.how.refuse(&helm)?;
    if args.how.wait_timeout.is_some() {
        host.deprecate_in_collection(
            "The 'wait_timeout' parameter is deprecated and will be removed in version 7.0.0. Use 'timeout' instead.",
            Some("7.0.0"),
        );
    }
    if args.update_repo_cache {
        helm.query(host, &["repo", "update"])?;
    }
    match args.release_state {
        State::Absent => args.uninstall(&helm, host),
        State::Present => args.install(&helm, host),
    }
}

impl Args {
    fn uninstall(&self, helm: &Helm, host: &mut Host) -> Result<Outcome> {
        let name = self.release_name.as_str();
        let found = helm.status(host, name, any_state(helm), false)?;
        let gone = |release: &Dict| {
            let status = release.get("status").and_then(Value::as_str).unwrap_or_default();
            matches!(status.to_lowercase().as_str(), "uninstalled" | "uninstalling")
        };
        let Some(release) = found.clone().filter(|release| !gone(release)) else {
            return Ok(finished(host, helm, None, &Output::default(), found));
        };
        let mut words = vec!["uninstall".to_string()];
        words.extend((!self.purge).then(|| "--keep-history".to_string()));
        words.extend(self.how.disable_hook.then(|| "--no-hooks".to_string()));
        words.extend(self.how.wait.then(|| "--wait".to_string()));
        let timeout = self.how.timeout.as_ref().or(self.how.wait_timeout.as_ref());
        words.extend(timeout.map(|timeout| format!("--timeout={timeout}")));
        words.push(name.to_string());
        let out = helm.change(host, &words, None)?;
        let status =
            if host.check_mode() { Some(release) } else { helm.status(host, name, any_state(helm), false)? };
        Ok(finished(host, helm, Some(&words), &out, status))
    }

    fn install(&self, helm: &Helm, host: &mut Host) -> Result<Outcome> {
        let name = self.release_name.as_str();
        let chart =
            self.chart_ref.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        let current = helm.status(host, name, &["--deployed"], false)?;
        let fetch_dependencies = self.update_dependencies(helm, host, &chart)?;
        let values = json::dumps(&Value::Dict(self.release_values.clone()));
        let file =
            (!self.release_values.is_empty()).then(|| host.temp_file(values.as_bytes())).transpose()?;
        let mut given: Vec<String> =
            self.values_files.iter().map(|file| format!("--values={file}")).collect();
        given.extend(file.as_ref().map(|file| format!("-f={}", file.path().display())));
        given.extend(self.set_words()?);
        if let Some(current) = &current
            && !self.differs(helm, host, current, &chart, &given)?
            && !self.how.force
        {
            return Ok(finished(host, helm, None, &Output::default(), Some(current.clone())));
        }
        let mut words = self.chart_words();
        if self.replace {
            words.extend(["install".to_string(), "--replace".to_string()]);
            words.extend(fetch_dependencies.then(|| "--dependency-update".to_string()));
        } else {
            words.extend(["upgrade".to_string(), "-i".to_string()]);
        }
        words.extend(self.how.words(helm));
        words.extend(given);
        words.extend([name.to_string(), chart]);
        let out = helm.change(host, &words, None)?;
        let status =
            if host.check_mode() { current } else { helm.status(host, name, any_state(helm), false)? };
        Ok(finished(host, helm, Some(&words), &out, status))
    }

    /// Fetches what the chart needs, where that is asked for; true when that is left to the installation.
    fn update_dependencies(&self, helm: &Helm, host: &mut Host, chart: &str) -> Result<bool> {
        if !self.dependency_update {
            return Ok(false);
        }
        if self.chart(helm, host, chart)?.get("dependencies").is_none_or(Value::is_null) {
            host.warn(
                "There is no dependencies block defined in Chart.yaml. Dependency update will not be performed. \
                 Please consider add dependencies block or disable dependency_update to remove this warning.",
            );
            return Ok(false);
        }
        if self.chart_repo_url.is_none() && !chart.starts_with("http://") && !chart.starts_with("https://") {
            if !host.check_mode() {
                helm.query(host, &["dependency", "update", chart])?;
            }
            return Ok(false);
        }
        host.warn(
            "This is a not stable feature with 'chart_repo_url'. \
             Please consider to use dependency update with on-disk charts",
        );
        if !self.replace {
            fail!(
                "'--dependency-update' hasn't been supported yet with 'helm upgrade'. \
                 Please use 'helm install' instead by adding 'replace' option"
            );
        }
        Ok(true)
    }

    fn chart_words(&self) -> Vec<String> {
        let version = self.chart_version.as_ref().map(|version| format!("--version={version}"));
        let repository = self.chart_repo_url.as_ref().map(|url| format!("--repo={url}"));
        version.into_iter().chain(repository).collect()
    }

    fn set_words(&self) -> Result<Vec<String>> {
        let mut words = Vec::new();
        for item in self.set_values.iter().flatten() {
            if item.value_type == "raw" {
                words.push("--set".to_string());
            } else {
                words.push(format!("--set-{}", item.value_type));
            }
            // Quotes in it are a shell's.
            words.extend(split(&item.value)?);
        }
        Ok(words)
    }

    /// What the chart says of itself.
    fn chart(&self, helm: &Helm, host: &Host, chart: &str) -> Result<Value> {
        let mut words = vec!["show".to_string(), "chart".to_string(), chart.to_string()];
        words.extend(self.chart_words());
        words.extend(self.how.insecure_skip_tls_verify.then(|| "--insecure-skip-tls-verify".to_string()));
        words.extend(self.how.plain_http.then(|| "--plain-http".to_string()));
        helm.yaml(host, &words)
    }

    /// Whether the release is another one than wanted, with the words for its values.
    fn differs(
        &self,
        helm: &Helm,
        host: &mut Host,
        current: &Dict,
        chart: &str,
        given: &[String],
    ) -> Result<bool> {
        match helm.diff_plugin(host)? {
            Some(Installed::Usable(version)) if self.chart_repo_url.is_none() || version >= (3, 4, 1) => {
                return self.upgrade_differs(helm, host, chart, given, version);
            }
            Some(Installed::TooOld((a, b, c))) => {
                let (x, y, z) = helm.version;
                host.warn(format!(
                    "Idempotency checks are currently disabled due to a version mismatch. Helm version {x}.{y}.{z} requires \
                     helm-diff >= 3.14.0, but the environment is currently running {a}.{b}.{c}. Please align the plugin versions \
                     to restore standard behavior."
                ));
            }
            _ => host.warn(
                "The default idempotency check can fail to report changes in certain cases. \
                 Install helm diff >= 3.4.1 for better results.",
            ),
        }
        let wanted = self.chart(helm, host, chart)?;
        let text = |key: &str| wanted.get(key).map(rustible_sdk::repr::str).unwrap_or_default();
        let now = |key: &str| current.get(key).map(rustible_sdk::repr::str).unwrap_or_default();
        if now("chart") != format!("{}-{}", text("name"), text("version"))
            || now("app_version") != text("appVersion")
        {
            return Ok(true);
        }
        let Some(values) = self.wanted_values(host)? else { return Ok(true) };
        Ok(current.get("values").and_then(Value::as_dict) != Some(&values))
    }

    /// What helm-diff says of an upgrade.
    fn upgrade_differs(
        &self,
        helm: &Helm,
        host: &mut Host,
        chart: &str,
        given: &[String],
        plugin: Version,
    ) -> Result<bool> {
        let mut words =
            vec!["diff".to_string(), "upgrade".to_string(), self.release_name.clone(), chart.to_string()];
        words.extend(self.chart_words());
        if !self.replace {
            words.push(format!("--reset-values={}", self.how.reset_values));
            words.extend((self.how.reuse_values == Some(true)).then(|| "--reuse-values".to_string()));
            if self.how.reset_then_reuse_values {
                let (a, b, c) = plugin;
                if plugin < (3, 9, 12) {
                    fail!(
                        "reset_then_reuse_values requires helm diff >= 3.9.12, current version is {a}.{b}.{c}"
                    );
                }
                words.push("--reset-then-reuse-values".to_string());
            }
        }
        words.extend(self.how.post_renderer.as_ref().map(|program| format!("--post-renderer={program}")));
        words.extend_from_slice(given);
        let more = [
            (self.how.insecure_skip_tls_verify, "--insecure-skip-tls-verify"),
            (self.how.skip_schema_validation, "--skip-schema-validation"),
            (self.how.plain_http, "--plain-http"),
        ];
        words.extend(more.iter().filter(|(on, _)| *on).map(|(_, word)| (*word).to_string()));
        let told = helm.query(host, &words)?.stdout;
        let told = told.trim();
        if !told.is_empty() {
            host.diff_value(dict! { "prepared" => told });
        }
        Ok(!told.is_empty())
    }

    /// The values as Helm will keep them; `None` when only Helm can tell.
    fn wanted_values(&self, host: &Host) -> Result<Option<Dict>> {
        let mut values = Dict::new();
        for file in &self.values_files {
            let Some(text) = host.read_text(file)? else { return Ok(None) };
            let documents = yaml::documents(&text).map_err(|e| Failure::new(format!("{file}: {e}")))?;
            values =
                overlaid(&values, &documents.first().and_then(Value::as_dict).cloned().unwrap_or_default());
        }
        values = overlaid(&values, &self.release_values);
        for item in self.set_values.iter().flatten() {
            let words = split(&item.value)?;
            let typed = item.value_type == "raw";
            let simple = matches!(item.value_type.as_str(), "raw" | "string") && words.len() == 1;
            match words.first().filter(|_| simple).and_then(|word| set_value(word, typed)) {
                Some(more) => values = overlaid(&values, &more),
                None => return Ok(None),
            }
        }
        Ok(Some(values))
    }
}

/// The words for releases in any state.
fn any_state(helm: &Helm) -> &'static [&'static str] {
    if helm.version.0 >= 4 { &[] } else { &["--all"] }
}

fn finished(
    host: &Host,
    helm: &Helm,
    words: Option<&[String]>,
    out: &Output,
    status: Option<Dict>,
) -> Outcome {
    let status = if host.check_mode() { Some(foreseen(status)) } else { status };
    Outcome::new()
        .with("stdout", out.stdout.as_str())
        .with("stderr", out.stderr.as_str())
        .with(
            "command",
            words.map_or_else(|| helm.line::<&str>(&[]).trim().to_string(), |words| helm.line(words)),
        )
        .with("status", status)
}

/// The status in check mode: the values now, and what is declared, which is the release as it stands.
fn foreseen(status: Option<Dict>) -> Dict {
    let current = status.as_ref().and_then(|status| status.get("release_values").cloned());
    let values = dict! {
        "current" => current.unwrap_or_else(|| Dict::new().into()),
        "declared" => status.unwrap_or_default(),
    };
    dict! { "values" => values.clone(), "release_values" => values }
}
