//! The words of a rule, in the order in which the program reads them.

use super::Args;

/// A rule that is being written.
#[derive(Default)]
struct Words {
    all: Vec<String>,
    loaded: Vec<String>,
}

impl Words {
    /// An option with its value; `!` in front of the value negates.
    fn option(&mut self, flag: &str, value: Option<&str>) {
        let Some(value) = value else { return };
        match value.strip_prefix('!') {
            Some(value) => self.all.extend(["!".to_string(), flag.to_string(), value.to_string()]),
            None => self.all.extend([flag.to_string(), value.to_string()]),
        }
    }

    fn list(&mut self, flag: &str, values: &[String]) {
        if !values.is_empty() {
            self.all.extend([flag.to_string(), values.join(",")]);
        }
    }

    /// An extension, once, when something of it is used.
    fn load(&mut self, extension: &str, used: bool) {
        if used && !self.loaded.iter().any(|known| known == extension) {
            self.all.extend(["-m".to_string(), extension.to_string()]);
            self.loaded.push(extension.to_string());
        }
    }
}

impl Args {
    /// The words of the rule; none when no argument speaks of one. `version` is `ipv4`, `ipv6` or (to be shown) `both`.
    pub(super) fn rule(&self, version: &str) -> Vec<String> {
        let mut words = Words::default();
        for (flag, value) in [("-p", &self.protocol), ("-s", &self.source), ("-d", &self.destination)] {
            words.option(flag, value.as_deref());
        }
        for extension in &self.r#match {
            words.option("-m", Some(extension));
            words.loaded.push(extension.clone());
        }
        self.target(&mut words);
        self.packet(&mut words);
        self.extensions(&mut words);
        if self.jump.is_none() && self.reject_with.is_some() {
            words.option("-j", Some("REJECT"));
        }
        words.option("--reject-with", self.reject_with.as_deref());
        let icmp = match version {
            "ipv4" => "--icmp-type",
            "ipv6" => "--icmpv6-type",
            _ => "--icmp-type --icmpv6-type",
        };
        words.option(icmp, self.icmp_type.as_deref());
        words.load("comment", self.comment.as_ref().is_some_and(|text| !text.is_empty()));
        words.option("--comment", self.comment.as_deref());
        words.all
    }

    /// What is done with a packet.
    fn target(&self, words: &mut Words) {
        if let Some(flags) = &self.tcp_flags
            && let (Some(looked), Some(set)) = (&flags.flags, &flags.flags_set)
        {
            words.all.extend(["--tcp-flags".to_string(), looked.join(","), set.join(",")]);
        }
        words.option("-j", self.jump.as_deref());
        if self.jump.as_ref().is_some_and(|jump| jump.eq_ignore_ascii_case("tee")) {
            words.option("--gateway", self.gateway.as_deref());
        }
        words.option("--log-prefix", self.log_prefix.as_deref());
        words.option("--log-level", self.log_level.as_deref());
        words.option("--to-destination", self.to_destination.as_deref());
    }

    /// What a packet is.
    fn packet(&self, words: &mut Words) {
        words.load("multiport", !self.destination_ports.is_empty());
        words.list("--dports", &self.destination_ports);
        for (flag, value) in [
            ("--to-source", &self.to_source),
            ("-g", &self.goto),
            ("-i", &self.in_interface),
            ("-o", &self.out_interface),
            ("-f", &self.fragment),
            ("-c", &self.set_counters),
            ("--source-port", &self.source_port),
            ("--destination-port", &self.destination_port),
            ("--to-ports", &self.to_ports),
        ] {
            words.option(flag, value.as_deref());
        }
        let marks = self.jump.as_ref().is_some_and(|jump| jump.eq_ignore_ascii_case("dscp"));
        for (flag, value) in
            [("--set-dscp", &self.set_dscp_mark), ("--set-dscp-class", &self.set_dscp_mark_class)]
        {
            words.option(flag, value.as_deref());
            if value.is_some() && !marks {
                words.option("-j", Some("DSCP"));
            }
        }
        match self.syn.as_str() {
            "match" => words.all.push("--syn".to_string()),
            "negate" => words.all.extend(["!".to_string(), "--syn".to_string()]),
            _ => {}
        }
    }

    /// What extensions look at.
    fn extensions(&self, words: &mut Words) {
        let given = |name: &str| self.r#match.iter().any(|extension| extension == name);
        if given("state") && !given("conntrack") {
            words.list("--state", &self.ctstate);
        } else {
            words.load("conntrack", !self.ctstate.is_empty());
            words.list("--ctstate", &self.ctstate);
        }
        words.load("iprange", self.src_range.is_some() || self.dst_range.is_some());
        words.option("--src-range", self.src_range.as_deref());
        words.option("--dst-range", self.dst_range.as_deref());
        words.load("set", self.match_set.is_some());
        words.option("--match-set", self.match_set.as_deref());
        if self.match_set.is_some() || given("set") {
            words.all.extend(self.match_set_flags.clone());
        }
        words.load("limit", self.limit.is_some() || self.limit_burst.is_some());
        words.option("--limit", self.limit.as_deref());
        words.option("--limit-burst", self.limit_burst.as_deref());
        words.load("owner", self.uid_owner.is_some());
        words.option("--uid-owner", self.uid_owner.as_deref());
        words.load("owner", self.gid_owner.is_some());
        words.option("--gid-owner", self.gid_owner.as_deref());
    }
}
