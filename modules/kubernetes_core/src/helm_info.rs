//! `kubernetes.core.helm_info`: a release as it is.

use rustible_sdk::prelude::*;

use crate::support::{
    helm::{Helm, HelmArgs},
    yaml,
};

/// Get information about a Helm release.
#[derive(Args)]
#[args(check = full, mutually_exclusive(context, ca_cert))]
pub(crate) struct Args {
    #[arg(flatten)]
    helm: HelmArgs,
    /// The release.
    #[arg(alias("name"))]
    release_name: String,
    /// Its namespace.
    #[arg(alias("namespace"))]
    release_namespace: String,
    /// States it may be in; deployed or failed without any.
    #[arg(default = List::default())]
    release_state: Vec<String>,
    /// Values of the chart as well as given ones.
    #[arg(default = false)]
    get_all_values: bool,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let helm = Helm::new(&args.helm, Some(&args.release_namespace), host)?;
    let states: Vec<String> = args.release_state.iter().map(|state| format!("--{state}")).collect();
    let states: Vec<&str> = states.iter().map(String::as_str).collect();
    let name = args.release_name.as_str();
    let Some(mut status) = helm.status(host, name, &states, args.get_all_values)? else {
        return Ok(Outcome::new().changed(false));
    };
    let documents = |text: &str| -> Result<List> {
        let documents = yaml::documents(text).map_err(|e| Failure::new(format!("helm: {e}")))?;
        Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
    };
    let manifest = helm.query(host, &["get", "manifest", name])?.stdout;
    status.insert("manifest", documents(&manifest)?);
    status.insert("notes", helm.query(host, &["get", "notes", name])?.stdout);
    let hooks = helm.query(host, &["get", "hooks", name])?.stdout;
    status.insert("hooks", documents(&hooks)?);
    Ok(Outcome::new().changed(false).with("status", status))
}
