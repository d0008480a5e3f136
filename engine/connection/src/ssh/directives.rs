//! Which `ssh_config` words this client honours, which do not concern it, and which need the system's `ssh`.

use std::collections::BTreeMap;

/// Words that collect their values; of all others the first value counts.
const COLLECTED: &[&str] = &["identityfile", "certificatefile"];

/// Words that this client acts on.
const HONOURED: &[&str] = &[
    "addressfamily",
    "batchmode",
    "bindaddress",
    "certificatefile",
    "checkhostip",
    "connectionattempts",
    "connecttimeout",
    "globalknownhostsfile",
    "hashknownhosts",
    "hostkeyalias",
    "hostname",
    "identitiesonly",
    "identityagent",
    "identityfile",
    "kbdinteractiveauthentication",
    "challengeresponseauthentication",
    "nohostauthenticationforlocalhost",
    "passwordauthentication",
    "port",
    "preferredauthentications",
    "proxycommand",
    "proxyjump",
    "pubkeyauthentication",
    "serveralivecountmax",
    "serveraliveinterval",
    "stricthostkeychecking",
    "user",
    "userknownhostsfile",
    "numberofpasswordprompts",
    "loglevel",
];

/// Words that change nothing for a stream of frames: sharing of connections by `ssh` processes, terminals, what `ssh`
/// prints, algorithms that are merely preferred.
const HARMLESS: &[&str] = &[
    "addkeystoagent",
    "canonicaldomains",
    "canonicalizefallbacklocal",
    "canonicalizehostname",
    "canonicalizemaxdots",
    "casignaturealgorithms",
    "ciphers",
    "clearallforwardings",
    "compression",
    "controlmaster",
    "controlpath",
    "controlpersist",
    "enableescapecommandline",
    "enablesshkeysign",
    "escapechar",
    "exitonforwardfailure",
    "fingerprinthash",
    "forkafterauthentication",
    "forwardagent",
    "forwardx11",
    "forwardx11timeout",
    "forwardx11trusted",
    "gatewayports",
    "gssapiauthentication",
    "gssapidelegatecredentials",
    "gssapikeyexchange",
    "gssapirenewalforcesrekey",
    "gssapitrustdns",
    "hostkeyalgorithms",
    "ignoreunknown",
    "ipqos",
    "kexalgorithms",
    "logverbose",
    "macs",
    "obscurekeystroketiming",
    "permitlocalcommand",
    "pubkeyacceptedalgorithms",
    "pubkeyacceptedkeytypes",
    "rekeylimit",
    "requesttty",
    "requiredrsasize",
    "sendenv",
    "setenv",
    "stdinnull",
    "streamlocalbindmask",
    "streamlocalbindunlink",
    "syslogfacility",
    "tcpkeepalive",
    "updatehostkeys",
    "usekeychain",
    "visualhostkey",
    "xauthlocation",
    "tag",
];

/// What was said, first value first.
#[derive(Debug, Default)]
pub(crate) struct Directives {
    values: BTreeMap<String, Vec<Vec<String>>>,
    /// The first word that needs the system's `ssh`.
    pub(crate) foreign: Option<String>,
}

impl Directives {
    /// Take one directive, unless an earlier one of that name counts already.
    pub(crate) fn put(&mut self, word: &str, values: &[String]) {
        let word = word.to_ascii_lowercase();
        let first = values.first().map(String::as_str).unwrap_or_default();
        if is_foreign(&word, first) {
            self.foreign.get_or_insert(word);
            return;
        }
        if !HONOURED.contains(&word.as_str()) {
            return;
        }
        let collected = COLLECTED.contains(&word.as_str());
        // A jump and a command exclude each other: whichever was said first.
        let rival = match word.as_str() {
            "proxyjump" => self.values.contains_key("proxycommand"),
            "proxycommand" => self.values.contains_key("proxyjump"),
            _ => false,
        };
        let word = if word == "challengeresponseauthentication" {
            "kbdinteractiveauthentication".into()
        } else {
            word
        };
        let held = self.values.entry(word).or_default();
        if (held.is_empty() && !rival) || (collected && !held.iter().any(|old| old.as_slice() == values)) {
            held.push(values.to_vec());
        }
    }

    /// The first argument of a word; `none` for words of a file or command is said as it is.
    pub(crate) fn first(&self, word: &str) -> Option<&str> {
        self.all(word).next()
    }

    /// All arguments of a word's only value.
    pub(crate) fn arguments(&self, word: &str) -> Option<&[String]> {
        self.values.get(word).and_then(|values| values.first()).map(Vec::as_slice)
    }

    /// First arguments of a word that collects.
    pub(crate) fn all<'a>(&'a self, word: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let values = self.values.get(word).map(Vec::as_slice).unwrap_or_default();
        values.iter().filter_map(|value| value.first().map(String::as_str))
    }

    /// `yes` or `true`; `None` when nothing was said.
    pub(crate) fn flag(&self, word: &str) -> Option<bool> {
        self.first(word).map(|value| matches!(value.to_ascii_lowercase().as_str(), "yes" | "true"))
    }
}

/// Whether only the system's `ssh` can do this.
fn is_foreign(word: &str, value: &str) -> bool {
    let yes = matches!(value.to_ascii_lowercase().as_str(), "yes" | "true" | "always");
    match word {
        "canonicalizehostname" | "forwardagent" | "hostbasedauthentication" | "verifyhostkeydns" => {
            yes || (word == "forwardagent" && value.starts_with(['/', '$', '~'])) || value == "ask"
        }
        "pkcs11provider" | "securitykeyprovider" | "knownhostscommand" | "bindinterface" | "localcommand" => {
            !value.eq_ignore_ascii_case("none") && !value.is_empty()
        }
        "localforward" | "remoteforward" | "dynamicforward" | "permitremoteopen" | "revokedhostkeys"
        | "proxyusefdpass" | "remotecommand" | "sessiontype" | "tunnel" | "tunneldevice"
        | "channeltimeout" => !matches!(value, "no" | "none" | "default"),
        "preferredauthentications" => value.contains("gssapi") && !value.contains("publickey"),
        _ => !HONOURED.contains(&word) && !HARMLESS.contains(&word),
    }
}
