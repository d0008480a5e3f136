//! `kubernetes.core.k8s_info`: objects as they are.

use rustible_sdk::prelude::*;

use crate::support::{
    auth::Auth,
    client::{Ask, Cluster},
    compare::without,
    definitions::encoded,
    discovery::Resource,
    wait::{Condition, Patience, is_ready},
};

/// Describe Kubernetes objects.
#[derive(Args)]
#[args(check = full)]
pub(crate) struct Args {
    #[arg(flatten)]
    auth: Auth,
    /// Version of the API.
    #[arg(alias("api", "version"), default = "v1")]
    api_version: String,
    /// Kind of the objects.
    kind: String,
    /// Name of one.
    name: Option<String>,
    /// The namespace; all of them when there is none.
    namespace: Option<String>,
    /// Labels they have.
    #[arg(default = List::default())]
    label_selectors: Vec<String>,
    /// Fields they have.
    #[arg(default = List::default())]
    field_selectors: Vec<String>,
    /// Fields that are left out.
    hidden_fields: Option<Vec<String>>,
    /// Only what describes the objects.
    #[arg(default = false)]
    metadata_only: bool,
    /// Wait until there are objects and they are ready.
    #[arg(default = false)]
    wait: bool,
    /// Seconds between two looks.
    #[arg(default = 5)]
    wait_sleep: i64,
    /// Seconds after which it is given up.
    #[arg(default = 120)]
    wait_timeout: i64,
    /// What they must be to be ready.
    wait_condition: Option<Condition>,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let cluster = args.auth.cluster(host)?;
    let patience = Patience::of(args.wait_sleep, if args.wait { args.wait_timeout } else { 0 });
    let found = patience.until(host, || match cluster.find(host, &args.api_version, &args.kind)? {
        None if args.wait => Ok(None),
        found => Ok(Some(found)),
    })?;
    let Some(resource) = found.0.flatten() else {
        let (version, kind) = (&args.api_version, &args.kind);
        let msg =
            format!("Failed to find API for resource with apiVersion \"{version}\" and kind \"{kind}\"");
        return Ok(Outcome::msg(msg)
            .with("resources", List::default())
            .with("api_found", false)
            .changed(false));
    };
    let mut objects = args.look(host, &cluster, &resource)?;
    if args.wait {
        let ready = |object: &Dict| {
            args.wait_condition.as_ref().map_or_else(|| is_ready(object), |c| c.holds(object))
        };
        let (found, _) = patience.until(host, || {
            let seen = args.look(host, &cluster, &resource)?;
            let done = !seen.is_empty() && seen.iter().all(ready);
            Ok(done.then_some(seen))
        })?;
        match found {
            Some(found) => objects = found,
            None => {
                let (kind, seconds) = (&resource.kind, args.wait_timeout);
                let text = format!(
                    "Failed to gather information about {kind}(s) even after waiting for {seconds} seconds"
                );
                return Err(Failure::new(text).hint(args.not_ready(&resource)));
            }
        }
    }
    let hidden = args.hidden_fields.unwrap_or_default();
    let objects: List = objects.iter().map(|object| Value::Dict(without(object, &hidden))).collect();
    Ok(Outcome::new().with("resources", objects).with("api_found", true).changed(false))
}

impl Args {
    /// Where to look when the objects do not become ready.
    fn not_ready(&self, resource: &Resource) -> String {
        let place = self.namespace.as_ref().map(|name| format!(" -n {name}")).unwrap_or_default();
        let name = self.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        let kind = resource.kind.to_lowercase();
        format!(
            "See what they wait for: kubectl{place} describe {kind}{name}; kubectl{place} get pods,events. If they only need longer, \
             give a longer wait_timeout, then run again."
        )
    }

    /// The objects that are there.
    fn look(&self, host: &Host, cluster: &Cluster, resource: &Resource) -> Result<Vec<Dict>> {
        let mut query = Vec::new();
        for (key, selectors) in
            [("labelSelector", &self.label_selectors), ("fieldSelector", &self.field_selectors)]
        {
            if !selectors.is_empty() {
                query.push(format!("{key}={}", encoded(&selectors.join(","))));
            }
        }
        let mut ask = Ask::get(resource.path(self.namespace.as_deref(), self.name.as_deref()));
        if !query.is_empty() {
            ask.path = format!("{}?{}", ask.path, query.join("&"));
        }
        if self.metadata_only {
            ask.accept = Some(match self.name {
                Some(_) => "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
                None => "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
            });
        }
        let answer = cluster.ask(host, &ask)?;
        if matches!(answer.status, 400 | 404) {
            return Ok(Vec::new());
        }
        if !answer.ok() {
            return Err(answer.failure(format!(
                "Exception '{}' raised while trying to get resource using {}",
                answer.body, ask.path
            )));
        }
        let object = answer.object()?;
        let Some(items) = object.get("items").and_then(Value::as_list) else { return Ok(vec![object]) };
        // Items of a list do not repeat what they are.
        let named = items.iter().filter_map(Value::as_dict).map(|item| {
            let mut item = item.clone();
            for (key, value) in [("apiVersion", &resource.api_version), ("kind", &resource.kind)] {
                if !item.contains_key(key) {
                    item.insert(key, value.as_str());
                }
            }
            item
        });
        Ok(named.collect())
    }
}
