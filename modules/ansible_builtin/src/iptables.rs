//! `ansible.builtin.iptables`: rules, chains and policies of the kernel's packet filter.

mod rule;

use rustible_sdk::prelude::*;

/// Keep a rule, a chain or a policy of the packet filter.
#[derive(Args)]
#[args(check = full)]
#[args(mutually_exclusive(set_dscp_mark, set_dscp_mark_class), mutually_exclusive(flush, policy))]
#[args(required_by(set_dscp_mark => jump), required_by(set_dscp_mark_class => jump))]
#[args(required_if(jump = "TEE" => gateway), required_if(jump = "tee" => gateway))]
#[args(required_if(flush = false => chain))]
pub(crate) struct Args {
    /// The table.
    #[arg(default = "filter", choices("filter", "nat", "mangle", "raw", "security"))]
    table: String,
    /// Whether the rule is to be there.
    #[arg(default = "present")]
    state: State,
    /// Where a new rule goes: `append` or `insert`.
    #[arg(default = "append", choices("append", "insert"))]
    action: String,
    /// Which protocol's filter.
    #[arg(default = "ipv4", choices("ipv4", "ipv6", "both"))]
    ip_version: String,
    /// The chain.
    chain: Option<String>,
    /// The place of an inserted rule.
    rule_num: Option<String>,
    /// The protocol of a packet.
    protocol: Option<String>,
    /// Seconds to wait for the lock.
    wait: Option<String>,
    /// Where it is from.
    source: Option<String>,
    /// New source.
    to_source: Option<String>,
    /// Where it goes to.
    destination: Option<String>,
    /// New destination.
    to_destination: Option<String>,
    /// Extensions.
    #[arg(default = Vec::<Value>::new())]
    r#match: Vec<String>,
    /// Flags of TCP that are looked at, and which of them are set.
    tcp_flags: Option<TcpFlags>,
    /// What is done.
    jump: Option<String>,
    /// Where a copy goes.
    gateway: Option<String>,
    /// What logged lines begin with.
    log_prefix: Option<String>,
    /// How important logged lines are.
    #[arg(choices(
        "0", "1", "2", "3", "4", "5", "6", "7", "emerg", "alert", "crit", "error", "warning", "notice",
        "info", "debug"
    ))]
    log_level: Option<String>,
    /// The chain to go on in.
    goto: Option<String>,
    /// Where it comes in.
    in_interface: Option<String>,
    /// Where it goes out.
    out_interface: Option<String>,
    /// Whether it is a further fragment.
    fragment: Option<String>,
    /// First values of the counters.
    set_counters: Option<String>,
    /// Port it is from.
    source_port: Option<String>,
    /// Port it goes to.
    destination_port: Option<String>,
    /// Ports it goes to.
    #[arg(default = Vec::<Value>::new())]
    destination_ports: Vec<String>,
    /// New ports.
    to_ports: Option<String>,
    /// New mark of service.
    set_dscp_mark: Option<String>,
    /// New class of service.
    set_dscp_mark_class: Option<String>,
    /// A remark.
    comment: Option<String>,
    /// States of connections.
    #[arg(default = Vec::<Value>::new())]
    ctstate: Vec<String>,
    /// Addresses it is from.
    src_range: Option<String>,
    /// Addresses it goes to.
    dst_range: Option<String>,
    /// A set of addresses.
    match_set: Option<String>,
    /// Which side the set is of.
    #[arg(choices("src", "dst", "src,dst", "dst,src", "src,src", "dst,dst"))]
    match_set_flags: Option<String>,
    /// How many in a time.
    limit: Option<String>,
    /// How many at once.
    limit_burst: Option<String>,
    /// User of the process.
    uid_owner: Option<String>,
    /// Group of the process.
    gid_owner: Option<String>,
    /// The answer to what is rejected.
    reject_with: Option<String>,
    /// Kind of ICMP.
    icmp_type: Option<String>,
    /// Whether it opens a connection.
    #[arg(default = "ignore", choices("ignore", "match", "negate"))]
    syn: String,
    /// Remove all rules of the chain, or of the table.
    #[arg(default = false)]
    flush: bool,
    /// What is done when no rule matches.
    #[arg(choices("ACCEPT", "DROP", "QUEUE", "RETURN"))]
    policy: Option<String>,
    /// Make and remove chains when no rule is given.
    #[arg(default = false)]
    chain_management: bool,
    /// Do not look up names when chains are listed.
    #[arg(default = false)]
    numeric: bool,
}

#[derive(Choice, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    Present,
}

/// Flags of TCP.
#[derive(Args)]
#[args(check = full)]
pub(crate) struct TcpFlags {
    /// Flags that are looked at.
    flags: Option<Vec<String>>,
    /// Flags that must be set.
    flags_set: Option<Vec<String>>,
}

pub(crate) fn run(mut args: Args, host: &mut Host) -> Result<Outcome> {
    let shown = args.rule(&args.ip_version).join(" ");
    let out = Outcome::new()
        .with("failed", false)
        .with("ip_version", args.ip_version.as_str())
        .with("table", args.table.as_str())
        .with("chain", args.chain.clone())
        .with("flush", args.flush)
        .with("rule", shown.as_str())
        .with("state", args.state.as_str())
        .with("chain_management", args.chain_management)
        .with("wait", args.wait.clone());
    if args.log_prefix.is_some() || args.log_level.is_some() {
        match args.jump.as_deref() {
            None => args.jump = Some("LOG".to_string()),
            Some("LOG") => {}
            Some(_) => fail!("Logging options can only be used with the LOG jump target."),
        }
    }
    let versions: &[&str] = match args.ip_version.as_str() {
        "ipv4" => &["ipv4"],
        "ipv6" => &["ipv6"],
        _ => &["ipv4", "ipv6"],
    };
    let mut changed = false;
    for version in versions {
        let program = host.need_program(if *version == "ipv4" { "iptables" } else { "ip6tables" })?;
        let said = ran(host.query(&Command::new([program.as_str(), "--version"]))?)?;
        if !waits(&said.stdout) {
            args.wait = None;
        }
        let filter = Filter { program, version, args: &args };
        changed |= filter.settled(shown.is_empty(), host)?;
    }
    Ok(out.changed(changed))
}

/// Whether the program of that version takes seconds to wait for the lock, which came with 1.6.0.
fn waits(said: &str) -> bool {
    let version = said.split_once('v').map_or("", |(_, rest)| rest.split_whitespace().next().unwrap_or(""));
    let mut numbers = version.split('.').map(|n| n.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (1, 6)
}

fn ran(output: Output) -> Result<Output> {
    output.or_fail(|output| output.stderr.trim_end().to_string())
}

/// The filter of one protocol.
struct Filter<'a> {
    program: String,
    version: &'a str,
    args: &'a Args,
}

impl Filter<'_> {
    /// Bring about what the arguments ask for; whether it was not so before.
    fn settled(&self, no_rule: bool, host: &mut Host) -> Result<bool> {
        let args = self.args;
        let present = args.state == State::Present;
        if args.flush {
            ran(host.change(&self.command("-F", false))?)?;
            return Ok(true);
        }
        if let Some(policy) = &args.policy {
            let listed = ran(host.query(&self.listing())?)?;
            let first = listed.stdout.lines().next().unwrap_or_default();
            let now =
                first.split_once("(policy ").map(|(_, rest)| rest.split([' ', ')']).next().unwrap_or(""));
            let Some(now) = now.filter(|now| !now.is_empty()) else { fail!("Can't detect current policy") };
            if now == policy {
                return Ok(false);
            }
            ran(host.change(&self.command("-P", false).arg(policy.as_str()))?)?;
            return Ok(true);
        }
        let (there, todo) = if no_rule {
            let action = if present { "-N" } else { "-X" };
            (host.query(&self.listing())?.ok(), args.chain_management.then(|| self.command(action, false)))
        } else {
            let action = match (present, args.action.as_str()) {
                (false, _) => "-D",
                (true, "insert") => "-I",
                (true, _) => "-A",
            };
            (host.query(&self.command("-C", true))?.ok(), Some(self.command(action, true)))
        };
        if there == present {
            return Ok(false);
        }
        if let Some(todo) = todo {
            ran(host.change(&todo)?)?;
        }
        Ok(true)
    }

    fn listing(&self) -> Command {
        let command = self.command("-L", false);
        if self.args.numeric { command.arg("--numeric") } else { command }
    }

    fn command(&self, action: &str, with_rule: bool) -> Command {
        let args = self.args;
        let mut command = Command::new([self.program.as_str(), "-t", &args.table, action]);
        command.argv.extend(args.chain.clone());
        if action == "-I" {
            command.argv.extend(args.rule_num.clone().filter(|number| !number.is_empty()));
        }
        if let Some(wait) = args.wait.as_deref().filter(|wait| !wait.is_empty()) {
            command = command.args(["-w", wait]);
        }
        if with_rule { command.args(args.rule(self.version)) } else { command }
    }
}

#[cfg(test)]
mod tests {
    use rustible_sdk::testing::{Script, run_rooted};

    use super::*;

    fn output(rc: i32, stdout: &str) -> Output {
        Output { rc, stdout: stdout.to_string(), ..Output::default() }
    }

    fn asked(args: Dict, answers: &[(&str, i32, &str)]) -> (Dict, Vec<String>) {
        let version = ("iptables --version".to_string(), output(0, "iptables v1.8.9 (nf_tables)\n"));
        let others = answers.iter().map(|(line, rc, text)| ((*line).to_string(), output(*rc, text)));
        let script = Script::new(others.chain([version]).collect());
        let reply = run_rooted(
            crate::entry("iptables"),
            Path::new("/nonexistent"),
            args,
            false,
            Some(script.clone()),
        );
        (reply.result, script.asked())
    }

    #[test]
    fn a_rule_that_is_missing_is_inserted_at_its_place() {
        let (result, asked) = asked(
            dict! {
                "chain" => "INPUT", "protocol" => "tcp", "destination_port" => "80", "source" => "!10.0.0.0/8",
                "jump" => "ACCEPT", "action" => "insert", "rule_num" => "2", "wait" => "5", "comment" => "web",
            },
            &[
                (
                    "iptables -t filter -C INPUT -w 5 -p tcp ! -s 10.0.0.0/8 -j ACCEPT --destination-port 80 \
                     -m comment --comment web",
                    1,
                    "",
                ),
                (
                    "iptables -t filter -I INPUT 2 -w 5 -p tcp ! -s 10.0.0.0/8 -j ACCEPT --destination-port 80 \
                     -m comment --comment web",
                    0,
                    "",
                ),
            ],
        );
        assert_eq!(result.get("changed"), Some(&Value::Bool(true)), "{result:?}");
        assert_eq!(asked.len(), 3);
    }

    #[test]
    fn a_policy_that_holds_is_left_alone() {
        let (result, _) = asked(
            dict! { "chain" => "FORWARD", "policy" => "DROP", "numeric" => true },
            &[("iptables -t filter -L FORWARD --numeric", 0, "Chain FORWARD (policy DROP 0 packets)\n")],
        );
        assert_eq!(result.get("changed"), Some(&Value::Bool(false)), "{result:?}");
    }

    #[test]
    fn a_refusal_of_the_program_is_the_message() {
        let (result, _) = asked(dict! { "flush" => true }, &[("iptables -t filter -F", 4, "")]);
        assert_eq!(result.get("failed"), Some(&Value::Bool(true)), "{result:?}");
        assert_eq!(result.get("rc"), Some(&Value::from(4)));
    }
}
