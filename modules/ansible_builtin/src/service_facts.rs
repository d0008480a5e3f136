//! `ansible.builtin.service_facts`: services and their states as facts.

use rustible_sdk::prelude::*;

/// Tell the states of services as facts.
#[derive(Args)]
#[args(check = full)]
pub(crate) struct Args {}

/// States that say more than whether a unit file is enabled.
const BAD: [&str; 3] = ["not-found", "masked", "failed"];

pub(crate) fn run(_: Args, host: &mut Host) -> Result<Outcome> {
    let mut services = Dict::new();
    let others = ["chkconfig", "rc-status", "initctl"];
    if let Some(program) = host.find_program("service")
        && others.iter().all(|name| host.find_program(name).is_none())
    {
        let command = Command::new([program.to_string_lossy().as_ref(), "--status-all"]).plain_language();
        let output = host.query(&command)?;
        // Where there are no scripts at all, some versions end with 4.
        if !output.ok() && (output.rc != 4 || host.exists("/etc/init.d")?) {
            host.warn(format!("Unable to query 'service' tool ({}): {}", output.rc, output.stderr));
        }
        scripts(&output.stdout, &mut services);
    }
    if host.exists("/run/systemd/system")?
        && let Some(program) = host.find_program("systemctl")
    {
        units(&program.to_string_lossy(), host, &mut services)?;
    }
    if services.is_empty() {
        let said =
            "Failed to find any services. This can be due to privileges or some other configuration issue.";
        return Ok(Outcome::msg(said).with("skipped", true));
    }
    Ok(Outcome::facts(dict! { "services" => services }))
}

fn units(systemctl: &str, host: &mut Host, services: &mut Dict) -> Result<()> {
    let ask = |words: &[&str]| Command::new([systemctl]).args(words.iter().copied()).plain_language();
    let output = host.query(&ask(&["list-units", "--no-pager", "--type", "service", "--all", "--plain"]))?;
    if output.ok() {
        loaded(&output.stdout, services);
    } else {
        host.warn(format!("Could not list units from systemd: {}", output.stderr));
    }
    let output = host.query(&ask(&["list-unit-files", "--no-pager", "--type", "service", "--all"]))?;
    if !output.ok() {
        host.warn(format!("Could not get unit files data from systemd: {}", output.stderr));
        return Ok(());
    }
    let unknown = files(&output.stdout, services);
    if unknown.is_empty() {
        return Ok(());
    }
    // One question for all of them; an answer is a block with the unit's name.
    let mut words = vec!["show", "--property=Id,ActiveState"];
    words.extend(unknown.iter().map(|(name, _)| name.as_str()));
    let answer = host.query(&ask(&words))?;
    for (at, (name, status)) in unknown.iter().enumerate() {
        let block = answer.stdout.split("\n\n").nth(at).unwrap_or_default();
        let state = block.lines().find_map(|line| line.strip_prefix("ActiveState=")).unwrap_or("unknown");
        services.insert(name.as_str(), service(name, state, Some(status), "systemd"));
    }
    Ok(())
}

fn service(name: &str, state: &str, status: Option<&str>, source: &str) -> Value {
    let mut one = dict! { "name" => name, "state" => state };
    if let Some(status) = status {
        one.insert("status", status);
    }
    one.insert("source", source);
    Value::Dict(one)
}

/// What `service --status-all` says.
fn scripts(output: &str, services: &mut Dict) {
    for line in output.lines().map(str::trim_start) {
        let running = line.strip_prefix("[ + ]").map(|name| (name, "running"));
        if let Some((name, state)) = running.or_else(|| line.strip_prefix("[ - ]").map(|n| (n, "stopped"))) {
            services.insert(name.trim(), service(name.trim(), state, None, "sysv"));
        }
    }
}

/// What `systemctl list-units` says.
fn loaded(output: &str, services: &mut Dict) {
    for line in output.lines().filter(|line| line.contains(".service")) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [name, _, active, sub, ..] = fields.as_slice() else { continue };
        let told = fields.get(..fields.len() - 1).unwrap_or_default();
        let bad = BAD.iter().find(|bad| told.contains(bad));
        let state = if *sub == "running" { "running" } else { "stopped" };
        services.insert(*name, service(name, state, Some(bad.unwrap_or(active)), "systemd"));
    }
}

/// What `systemctl list-unit-files` says; those that are not loaded, with their status.
fn files(output: &str, services: &mut Dict) -> Vec<(String, String)> {
    let mut unknown = Vec::new();
    for line in output.lines().filter(|line| line.contains(".service")) {
        let mut words = line.split_whitespace();
        let (Some(name), Some(status)) = (words.next(), words.next()) else { continue };
        let Some(Value::Dict(known)) = services.get(name).cloned() else {
            unknown.push((name.to_string(), status.to_string()));
            continue;
        };
        let get = |key: &str| known.get(key).and_then(Value::as_str).unwrap_or_default();
        if !BAD.contains(&get("status")) {
            services.insert(name, service(name, get("state"), Some(status), "systemd"));
        }
    }
    unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_their_files_are_one_table() {
        let mut services = Dict::new();
        scripts(" [ + ]  cron\n [ - ]  ssh\n [ ? ]  x\n", &mut services);
        loaded(
            "UNIT LOAD ACTIVE SUB DESCRIPTION\ncron.service loaded active running Regular jobs\n\
             gone.service not-found inactive dead gone.service\nx.service loaded failed failed X\n",
            &mut services,
        );
        let listed = "cron.service enabled enabled\ngone.service enabled -\nidle@.service static -\n";
        assert_eq!(files(listed, &mut services), [("idle@.service".to_string(), "static".to_string())]);
        let said = rustible_sdk::json::dumps(&Value::Dict(services));
        assert!(said.contains(r#""cron": {"name": "cron", "state": "running", "source": "sysv"}"#), "{said}");
        assert!(said.contains(r#""state": "running", "status": "enabled", "source": "systemd"}"#), "{said}");
        assert!(
            said.contains(r#""status": "not-found""#) && said.contains(r#""status": "failed""#),
            "{said}"
        );
    }
}
