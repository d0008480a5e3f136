//! What a look at a background job returns, whoever looked.

use rustible_protocol::{Dict, Value};

/// A job's state or result with what every look says of it; `found` is what the target answered.
#[must_use]
pub fn looked_at(id: &str, cleanup: bool, found: &Dict) -> Dict {
    let mut result = Dict::new();
    result.insert("started", !cleanup);
    result.insert("finished", false);
    for key in ["stdout", "stderr"] {
        result.insert(key, "");
    }
    for key in ["stdout_lines", "stderr_lines"] {
        result.insert(key, Vec::new());
    }
    result.insert("ansible_job_id", id);
    for (key, value) in found {
        result.insert(key.clone(), value.clone());
        // The lines belong to the text.
        if let (Some(stream @ ("stdout" | "stderr")), Value::Str(text)) = (key.as_str(), value) {
            let lines: Vec<Value> = text.lines().map(Value::from).collect();
            result.insert(format!("{stream}_lines"), lines);
        }
    }
    for key in ["started", "finished"] {
        let flag = result.get(key).is_some_and(Value::truthy);
        result.insert(key, flag);
    }
    result
}
