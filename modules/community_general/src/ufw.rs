//! `community.general.ufw`: rules, policies and state of the firewall.

use std::sync::{Mutex, PoisonError};

use rustible_sdk::{
    host::command::{quote, split},
    prelude::*,
};

use crate::support::ufw::{self, RULES, tuples};

/// `ufw` gives up when another one is at work; calls of one process wait for each other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Manage the firewall with UFW.
#[derive(Args)]
#[args(check = full)]
#[args(mutually_exclusive(name, proto, logging))]
#[args(mutually_exclusive(direction, interface_in))]
#[args(mutually_exclusive(direction, interface_out))]
#[args(required_one_of(state, default, rule, logging), required_by(interface => direction))]
#[expect(clippy::duplicated_attributes, reason = "one argument excludes two others")]
pub(crate) struct Args {
    /// Switch the firewall on or off, read its rules again, or forget them.
    state: Option<State>,
    /// What happens to traffic that no rule is for.
    #[arg(alias("policy"))]
    default: Option<Policy>,
    /// Level of logging.
    #[arg(choices("on", "off", "low", "medium", "high", "full"))]
    logging: Option<String>,
    /// Which way the traffic goes.
    #[arg(choices("in", "incoming", "out", "outgoing", "routed"))]
    direction: Option<String>,
    /// Remove the rule.
    #[arg(default = false)]
    delete: bool,
    /// Whether the rule is for traffic that is passed on.
    #[arg(default = false)]
    route: bool,
    /// Add the rule at this place.
    insert: Option<i64>,
    /// What the place is counted from.
    #[arg(default = "zero", choices("first-ipv4", "first-ipv6", "last-ipv4", "last-ipv6", "zero"))]
    insert_relative_to: String,
    /// Add a rule of this kind.
    rule: Option<RuleKind>,
    /// Log new connections that the rule is for.
    #[arg(default = false)]
    log: bool,
    /// Where the traffic comes from.
    #[arg(alias("from", "src"), default = "any")]
    from_ip: String,
    /// Port it comes from.
    from_port: Option<String>,
    /// Where the traffic goes.
    #[arg(alias("dest", "to"), default = "any")]
    to_ip: String,
    /// Port or ports it goes to.
    #[arg(alias("port"))]
    to_port: Option<String>,
    /// Its protocol.
    #[arg(alias("protocol"), choices("ah", "any", "esp", "ipv6", "tcp", "udp", "gre", "igmp", "vrrp"))]
    proto: Option<String>,
    /// An application profile instead of ports.
    #[arg(alias("app"))]
    name: Option<String>,
    /// The interface, in the given direction.
    #[arg(alias("if"))]
    interface: Option<String>,
    /// The interface traffic comes in by.
    #[arg(alias("if_in"))]
    interface_in: Option<String>,
    /// The interface traffic goes out by.
    #[arg(alias("if_out"))]
    interface_out: Option<String>,
    /// Comment of the rule.
    comment: Option<String>,
}

#[derive(Choice, Clone, Copy, PartialEq)]
pub(crate) enum State {
    Enabled,
    Disabled,
    Reloaded,
    Reset,
}

#[derive(Choice, Clone, Copy)]
pub(crate) enum Policy {
    Allow,
    Deny,
    Reject,
}

#[derive(Choice, Clone, Copy)]
pub(crate) enum RuleKind {
    Allow,
    Deny,
    Limit,
    Reject,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    args.check_directions()?;
    let (program, grep) = (host.need_program("ufw")?, host.need_program("grep")?);
    let mut ufw = Ufw { host, program, grep, commands: Vec::new() };
    let before = (ufw.say(&["status", "verbose"])?, ufw.rules()?);
    let mut changed = false;
    if let Some(state) = args.state {
        changed |= ufw.state(state, &before.0)?;
    }
    if let Some(policy) = args.default {
        changed |= ufw.policy(policy, args.direction.as_deref(), &before.0)?;
    }
    if let Some(rule) = args.rule {
        changed |= ufw.rule(&args, rule, &before.1)?;
    }
    if let Some(level) = &args.logging {
        changed |= ufw.logging(level, &before.0)?;
    }
    if ufw.host.check_mode() {
        return Ok(Outcome::new().with("commands", ufw.commands).changed(changed));
    }
    let status = ufw.say(&["status", "verbose"])?;
    if !changed {
        changed = before != (status.clone(), ufw.rules()?);
    }
    if args.state == Some(State::Enabled) {
        ufw.warn_of_lockout(&status)?;
    }
    Ok(Outcome::msg(status.trim_end()).with("commands", ufw.commands).changed(changed))
}

impl Args {
    fn check_directions(&self) -> Result<()> {
        let direction = self.direction.as_deref();
        if self.default.is_some() && !matches!(direction, None | Some("outgoing" | "incoming" | "routed")) {
            fail!(
                "For default, direction must be one of \"outgoing\", \"incoming\" and \"routed\", or direction must \
                 not be specified."
            );
        }
        if self.rule.is_some() && !matches!(direction, None | Some("in" | "out")) {
            fail!(
                "For rules, direction must be one of \"in\" and \"out\", or direction must not be specified."
            );
        }
        if self.rule.is_some() && !self.route && self.interface_in.is_some() && self.interface_out.is_some() {
            fail!("Only route rules can combine interface_in and interface_out");
        }
        Ok(())
    }

    /// The rule in the long form of `ufw`, without what stands before it.
    fn words(&self, kind: RuleKind) -> Vec<String> {
        let mut words = vec![kind.as_str().to_string()];
        words.extend(self.direction.clone());
        let interfaces =
            [("on", &self.interface), ("in on", &self.interface_in), ("out on", &self.interface_out)];
        words.extend(
            interfaces.iter().filter_map(|(w, name)| name.as_ref().map(|name| format!("{w} {name}"))),
        );
        words.extend(self.log.then(|| "log".to_string()));
        words.push(format!("from {}", self.from_ip));
        words.extend(self.from_port.as_ref().map(|port| format!("port {port}")));
        words.push(format!("to {}", self.to_ip));
        words.extend(self.to_port.as_ref().map(|port| format!("port {port}")));
        words.extend(self.proto.as_ref().map(|proto| format!("proto {proto}")));
        words.extend(self.name.as_ref().map(|name| format!("app {}", quoted(name))));
        words
    }
}

/// Between quotes always, as the commands are reported.
fn quoted(text: &str) -> String {
    if text.contains('\'') { quote(text) } else { format!("'{text}'") }
}

/// The firewall of a host, and what was said to it.
struct Ufw<'h> {
    host: &'h mut Host,
    program: String,
    grep: String,
    commands: Vec<Value>,
}

impl Ufw<'_> {
    /// Run `ufw` with these words, as a shell would split them.
    fn say(&mut self, words: &[&str]) -> Result<String> {
        let line = format!("{} {}", self.program, words.join(" "));
        let command = Command::new(split(&line)?).env("LANGUAGE", "C").env("LC_ALL", "C");
        self.commands.push(Value::from(line));
        let out = self.host.query(&command)?;
        if out.ok() {
            return Ok(out.stdout);
        }
        let msg = if out.stderr.is_empty() { out.stdout } else { out.stderr };
        Err(Failure::new(msg).with("commands", self.commands.clone()))
    }

    /// Rules as the files have them; reported as the command that would look.
    fn rules(&mut self) -> Result<String> {
        self.commands.push(Value::from(format!("{} -h '^### tuple' {}", self.grep, RULES.join(" "))));
        let mut all = String::new();
        for file in RULES {
            all.push_str(&tuples(&self.host.read_text(file)?.unwrap_or_default()));
        }
        Ok(all)
    }

    fn state(&mut self, state: State, status: &str) -> Result<bool> {
        if self.host.check_mode() {
            return Ok(match state {
                State::Enabled => !ufw::is_active(status),
                State::Disabled => ufw::is_active(status),
                State::Reloaded | State::Reset => true,
            });
        }
        let (word, changed) = match state {
            State::Enabled => ("enable", false),
            State::Disabled => ("disable", false),
            State::Reloaded => ("reload", true),
            State::Reset => ("reset", true),
        };
        self.say(&["-f", word])?;
        Ok(changed)
    }

    fn policy(&mut self, policy: Policy, direction: Option<&str>, status: &str) -> Result<bool> {
        let now = ufw::policy(status, direction.unwrap_or("incoming"));
        if now.is_some_and(|now| now == policy.as_str() || now == "disabled") {
            return Ok(false);
        }
        if self.host.check_mode() {
            return Ok(true);
        }
        let mut words = vec!["default", policy.as_str()];
        words.extend(direction);
        self.say(&words)?;
        Ok(false)
    }

    fn logging(&mut self, level: &str, status: &str) -> Result<bool> {
        if self.host.check_mode() {
            return Ok(ufw::logging_differs(status, level));
        }
        self.say(&["logging", level])?;
        Ok(false)
    }

    fn rule(&mut self, args: &Args, kind: RuleKind, before: &str) -> Result<bool> {
        let mut words = Vec::new();
        words.extend(self.host.check_mode().then(|| "--dry-run".to_string()));
        words.extend(args.route.then(|| "route".to_string()));
        words.extend(args.delete.then(|| "delete".to_string()));
        if let Some(place) = args.insert.filter(|_| !args.delete) {
            words.extend(self.place(place, &args.insert_relative_to)?.map(|at| format!("insert {at}")));
        }
        words.extend(args.words(kind));
        let said = self.say(&["--version"])?;
        let Some(version) = ufw::version(&said) else {
            fail!(rc = 0, out = said; "Failed to get ufw version.");
        };
        match &args.comment {
            Some(comment) if version >= (0, 35) => words.push(format!("comment {}", quoted(comment))),
            Some(_) => self.host.warn("this version of ufw has no comments: the rule has none"),
            None => {}
        }
        let said = self.say(&words.iter().map(String::as_str).collect::<Vec<_>>())?;
        if !self.host.check_mode() || said.lines().all(|line| line.contains("Skipping")) && !said.is_empty() {
            return Ok(false);
        }
        let after = tuples(&said);
        Ok(match ufw::family(&args.from_ip).or_else(|| ufw::family(&args.to_ip)) {
            Some(family) => ufw::of_family(before, family) != ufw::of_family(&after, family),
            None => before != after,
        })
    }

    /// Where a rule is inserted; `None` when that is behind all others.
    fn place(&mut self, offset: i64, relative: &str) -> Result<Option<i64>> {
        if relative == "zero" {
            return Ok(Some(offset));
        }
        let command = Command::new([self.program.as_str(), "status", "numbered"]).env("LC_ALL", "C");
        let list = self.host.query(&command)?.stdout;
        let (place, mixed) = ufw::insert_at(&list, offset, relative);
        if mixed {
            self.host.warn("ufw output could not be parsed correctly. ipv4 follows ipv6!");
        }
        Ok(place)
    }

    /// Whoever came over SSH wants to come back.
    fn warn_of_lockout(&mut self, status: &str) -> Result<()> {
        let connection = self.host.env("SSH_CONNECTION").unwrap_or_default();
        let Some(port) = connection.split(' ').nth(3).and_then(|port| port.parse().ok()) else {
            return Ok(());
        };
        let closed = ufw::policy(status, "incoming").is_some_and(|policy| policy != "allow");
        let mut rules = String::new();
        for file in RULES {
            rules.push_str(&tuples(&self.host.read_text(file)?.unwrap_or_default()));
        }
        if closed && !ufw::lets_in(&rules, port) {
            self.host.warn(format!(
                "the firewall is on, and no rule lets TCP port {port} in, by which this host is reached over SSH"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rustible_sdk::testing::{Script, run_rooted};

    use super::*;

    const STATUS: &str = "Status: active\nLogging: on (low)\n\
        Default: deny (incoming), allow (outgoing), disabled (routed)\nNew profiles: skip\n";

    fn run(args: Dict, check: bool, more: &[(&str, &str)]) -> (Dict, Vec<String>) {
        let said = |text: &str| Output { stdout: text.to_string(), ..Output::default() };
        let mut lines = vec![
            ("ufw status verbose".to_string(), said(STATUS)),
            ("ufw --version".to_string(), said("ufw 0.36.2\n")),
            ("grep".to_string(), said("")),
        ];
        lines.extend(more.iter().map(|(line, text)| ((*line).to_string(), said(text))));
        let script = Script::new(lines);
        let entry = crate::modules().iter().find(|e| (e.spec)().name.ends_with(".ufw")).unwrap();
        let reply = run_rooted(entry, Path::new("/nonexistent"), args, check, Some(script.clone()));
        (reply.result, script.asked())
    }

    #[test]
    fn a_rule_is_written_in_the_long_form() {
        let args =
            dict! { "rule" => "allow", "to_port" => "4244:4245", "proto" => "tcp", "comment" => "a b" };
        let line = "ufw allow from any to any port 4244:4245 proto tcp comment a b";
        let (result, asked) = run(args, false, &[(line, "Rule added\n")]);
        assert_eq!(result.get("changed"), Some(&Value::Bool(false)), "the files did not change");
        assert!(asked.iter().any(|asked| asked == line), "{asked:?}");
        assert_eq!(result.get("msg").and_then(Value::as_str), Some(STATUS.trim_end()));
    }

    #[test]
    fn check_mode_compares_what_would_be_written() {
        let rule = || dict! { "rule" => "allow", "to_port" => "22", "proto" => "tcp" };
        let line = "ufw --dry-run allow from any to any port 22 proto tcp";
        let skipped = "Skipping adding existing rule\nSkipping adding existing rule (v6)\n";
        assert_eq!(run(rule(), true, &[(line, skipped)]).0.get("changed"), Some(&Value::Bool(false)));
        let added = "*filter\n### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n";
        assert_eq!(run(rule(), true, &[(line, added)]).0.get("changed"), Some(&Value::Bool(true)));
    }

    #[test]
    fn policies_that_hold_are_not_set_again_and_directions_are_checked() {
        let (result, asked) = run(dict! { "default" => "deny", "direction" => "incoming" }, false, &[]);
        assert_eq!((result.get("changed"), asked.len()), (Some(&Value::Bool(false)), 2));
        let (result, _) = run(dict! { "rule" => "allow", "direction" => "incoming" }, false, &[]);
        assert!(
            result.get("msg").and_then(Value::as_str).unwrap().starts_with("For rules, direction must be")
        );
    }
}
