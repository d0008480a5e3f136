//! Waiting until objects are as they should be.

use std::{
    thread,
    time::{Duration, Instant},
};

use rustible_sdk::{Args, Choice, Dict, Host, Result, Value};

/// A condition in the status of an object.
#[derive(Args, Debug, Clone)]
pub(crate) struct Condition {
    /// Its type.
    #[arg(name = "type")]
    kind: Option<String>,
    /// What it should be.
    #[arg(default = "True")]
    status: Truth,
    /// The reason it should give.
    reason: Option<String>,
}

#[derive(Choice, Debug, Clone, Copy, PartialEq)]
pub(crate) enum Truth {
    #[choice("True")]
    True,
    #[choice("False")]
    False,
    #[choice("Unknown")]
    Unknown,
}

impl Condition {
    /// Whether the object has it.
    pub(crate) fn holds(&self, object: &Dict) -> bool {
        let conditions =
            at(object, &["status", "conditions"]).and_then(Value::as_list).cloned().unwrap_or_default();
        conditions.iter().any(|found| {
            let text = |key: &str| found.get(key).and_then(Value::as_str);
            text("type") == self.kind.as_deref()
                && text("status").is_some_and(|status| status.eq_ignore_ascii_case(self.status.as_str()))
                && self.reason.as_deref().is_none_or(|reason| text("reason") == Some(reason))
        })
    }
}

/// How long is waited, and for what.
#[derive(Debug, Clone)]
pub(crate) struct Patience {
    /// Between two looks.
    pub(crate) sleep: Duration,
    /// Until it is given up.
    pub(crate) timeout: Duration,
}

impl Patience {
    /// Of seconds.
    pub(crate) fn of(sleep: i64, timeout: i64) -> Self {
        let seconds = |n: i64| Duration::from_secs(n.try_into().unwrap_or(0));
        Self { sleep: seconds(sleep), timeout: seconds(timeout) }
    }

    /// Look until `look` finds something (`Ok(Some)`), or time is over (`None`). The second is how long it took, in
    /// seconds. What cannot be looked at now is looked at again.
    pub(crate) fn until<T>(
        &self,
        host: &Host,
        mut look: impl FnMut() -> Result<Option<T>>,
    ) -> Result<(Option<T>, i64)> {
        let begun = Instant::now();
        let took = || i64::try_from(begun.elapsed().as_secs()).unwrap_or(i64::MAX);
        loop {
            let seen = look();
            let late = begun.elapsed() >= self.timeout;
            match seen {
                Ok(Some(found)) => return Ok((Some(found), took())),
                Err(problem) if late => return Err(problem),
                Ok(None) if late => return Ok((None, took())),
                Ok(None) | Err(_) => {}
            }
            let mut left =
                self.sleep.min(self.timeout.saturating_sub(begun.elapsed())).max(Duration::from_millis(20));
            while !left.is_zero() {
                host.still_wanted()?;
                let step = left.min(Duration::from_millis(200));
                thread::sleep(step);
                left -= step;
            }
        }
    }
}

/// The value at a path of keys.
pub(crate) fn at<'o>(object: &'o Dict, path: &[&str]) -> Option<&'o Value> {
    let (last, folders) = path.split_last()?;
    let mut here = object;
    for key in folders {
        here = here.get(key)?.as_dict()?;
    }
    here.get(last)
}

fn number(object: &Dict, path: &[&str]) -> Option<i64> {
    at(object, path).and_then(Value::as_int)
}

/// Whether an object of this kind is ready.
pub(crate) fn is_ready(object: &Dict) -> bool {
    let status = |key: &str| number(object, &["status", key]);
    let current = status("observedGeneration") == number(object, &["metadata", "generation"]);
    match object.get("kind").and_then(Value::as_str).unwrap_or_default() {
        "Deployment" => {
            let wanted = number(object, &["spec", "replicas"]).unwrap_or(0);
            current
                && status("replicas").unwrap_or(0) == wanted
                && status("availableReplicas").unwrap_or(0) == wanted
                && status("unavailableReplicas").unwrap_or(0) == 0
        }
        "DaemonSet" => {
            let wanted = status("desiredNumberScheduled");
            wanted.is_some()
                && current
                && status("updatedNumberScheduled").unwrap_or(0) == wanted.unwrap_or(0)
                && status("numberReady") == wanted
                && status("numberUnavailable").unwrap_or(0) == 0
        }
        "StatefulSet" => {
            let wanted = number(object, &["spec", "replicas"]).unwrap_or(0);
            let strategy = at(object, &["spec", "updateStrategy", "type"]).and_then(Value::as_str);
            let counts = current
                && status("readyReplicas").unwrap_or(0) == wanted
                && status("replicas").unwrap_or(0) == wanted;
            let rolled = status("updatedReplicas").unwrap_or(0) == wanted
                && at(object, &["status", "updateRevision"]) == at(object, &["status", "currentRevision"]);
            counts && (strategy == Some("OnDelete") || rolled)
        }
        "Pod" => {
            at(object, &["status", "containerStatuses"]).and_then(Value::as_list).is_some_and(|containers| {
                !containers.is_empty()
                    && containers.iter().all(|c| c.get("ready") == Some(&Value::Bool(true)))
            })
        }
        "Job" => condition(object, "Complete", "True") || condition(object, "Failed", "True"),
        "ClusterOperator" => {
            condition(object, "Available", "True")
                && condition(object, "Degraded", "False")
                && condition(object, "Progressing", "False")
        }
        _ => true,
    }
}

fn condition(object: &Dict, kind: &str, status: &str) -> bool {
    let conditions =
        at(object, &["status", "conditions"]).and_then(Value::as_list).cloned().unwrap_or_default();
    conditions.iter().any(|c| {
        c.get("type").and_then(Value::as_str) == Some(kind)
            && c.get("status").and_then(Value::as_str) == Some(status)
    })
}

#[cfg(test)]
mod tests {
    use rustible_sdk::json;

    use super::*;

    fn ready(text: &str) -> bool {
        is_ready(json::read(text).unwrap().as_dict().unwrap())
    }

    #[test]
    fn a_deployment_is_ready_when_its_present_generation_is_available() {
        let deployment = |observed, available| {
            format!(
                r#"{{"kind": "Deployment", "metadata": {{"generation": 2}}, "spec": {{"replicas": 2}}, "status":
                {{"observedGeneration": {observed}, "replicas": 2, "availableReplicas": {available}}}}}"#
            )
        };
        assert!(ready(&deployment(2, 2)));
        assert!(!ready(&deployment(1, 2)) && !ready(&deployment(2, 1)));
    }

    #[test]
    fn kinds_have_their_own_readiness() {
        assert!(!ready(r#"{"kind": "Pod", "status": {}}"#));
        assert!(ready(r#"{"kind": "Pod", "status": {"containerStatuses": [{"ready": true}]}}"#));
        assert!(ready(
            r#"{"kind": "Job", "status": {"conditions": [{"type": "Failed", "status": "True"}]}}"#
        ));
        assert!(ready(r#"{"kind": "ConfigMap"}"#));
        assert!(!ready(r#"{"kind": "DaemonSet", "metadata": {"generation": 1}, "status": {}}"#));
    }
}
