//! Faults: what a site does wrong on demand.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::record::locked;

/// One rule: which requests go wrong, how often, how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// The method, or every method.
    #[serde(default)]
    pub method: Option<String>,
    /// The path, decoded; `*` stands for any text.
    pub path: String,
    /// How many matching requests pass first.
    #[serde(default)]
    pub skip: u32,
    /// How many requests fail; all of them when absent.
    #[serde(default)]
    pub count: Option<u32>,
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What can go wrong.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// Another status, without the request being carried out.
    Status {
        /// The status code.
        status: u16,
        /// The text in the status line.
        #[serde(default)]
        reason: Option<String>,
        /// The body; a JSON `{"data":null}` when absent.
        #[serde(default)]
        body: Option<String>,
        /// More headers, such as `Retry-After`.
        #[serde(default)]
        headers: Vec<(String, String)>,
    },
    /// The connection is reset before the request is carried out.
    Reset,
    /// The request is carried out, then the connection is reset: the answer is lost.
    LostReply,
    /// The request is carried out after a pause.
    Delay {
        /// How long.
        millis: u64,
    },
    /// 200 with bytes that no client can read.
    Garbage,
    /// The request's body is read up to this many bytes, then the connection is reset.
    CutBody {
        /// After how many bytes.
        bytes: u64,
    },
    /// The answer's body ends after this many bytes although more was promised.
    CutReply {
        /// After how many bytes.
        bytes: u64,
    },
}

impl Kind {
    /// The name as it is written in a fault list.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Reset => "reset",
            Self::LostReply => "lost_reply",
            Self::Delay { .. } => "delay",
            Self::Garbage => "garbage",
            Self::CutBody { .. } => "cut_body",
            Self::CutReply { .. } => "cut_reply",
        }
    }
}

/// The faults of one site, in order; the first that matches a request is used.
#[derive(Default)]
pub struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    /// Adds a fault at the end.
    pub fn add(&self, fault: Fault) {
        locked(&self.0).push(fault);
    }

    /// Removes all.
    pub fn clear(&self) {
        locked(&self.0).clear();
    }

    /// What is still to come.
    pub fn list(&self) -> Vec<Fault> {
        locked(&self.0).clone()
    }

    /// The fault for this request, if one is due; counts it.
    pub(super) fn due(&self, method: &str, path: &str) -> Option<Kind> {
        let mut faults = locked(&self.0);
        let position = faults.iter_mut().position(|fault| {
            let wanted = fault.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
            if !wanted || !fits(&fault.path, path) {
                return false;
            }
            let passes = fault.skip > 0;
            fault.skip = fault.skip.saturating_sub(1);
            !passes
        })?;
        let kind = faults.get(position)?.kind.clone();
        let left = faults.get_mut(position).and_then(|fault| {
            fault.count = fault.count.map(|count| count.saturating_sub(1));
            fault.count
        });
        if left == Some(0) {
            faults.remove(position);
        }
        Some(kind)
    }
}

/// Whether `text` is `pattern`, where `*` stands for any text.
pub fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(tail) = text.strip_prefix(head) else { return false };
    (0..=tail.len()).filter(|at| tail.is_char_boundary(*at)).any(|at| fits(rest, &tail[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_passes_over_the_first_requests_and_ends_after_its_count() {
        let faults = Faults::default();
        let fault = r#"{"path": "/nodes/*/qemu", "method": "post", "skip": 1, "count": 1, "kind": "reset"}"#;
        faults.add(serde_json::from_str(fault).expect("a fault"));
        assert!(faults.due("GET", "/nodes/pve/qemu").is_none());
        assert!(faults.due("POST", "/nodes/pve/qemu").is_none());
        assert!(faults.due("POST", "/nodes/pve/qemu/100").is_none());
        assert!(matches!(faults.due("POST", "/nodes/pve/qemu"), Some(Kind::Reset)));
        assert!(faults.due("POST", "/nodes/pve/qemu").is_none());
    }
}
