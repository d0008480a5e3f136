//! Settings of plugins for connections and rights, which are no settings of the configuration's own: private keys, and
//! `sudo`, `su` and `doas`, with what is said of all of them and of each by itself.

use super::{Config, Setting};

/// Settings of one of them; of two places of a kind the one that speaks of it alone counts.
pub(crate) struct Rights {
    /// Its name.
    pub(crate) method: &'static str,
    pub(crate) user: Setting,
    pub(crate) exe: Setting,
    pub(crate) flags: Setting,
    pub(crate) password: Setting,
}

macro_rules! rights {
    ($($method:literal, $upper:literal;)*) => {
        &[$(Rights {
            method: $method,
            user: rights!($upper, $method, "USER", "user", "become_user", "root"),
            exe: rights!($upper, $method, "EXE", "executable", "become_exe", ""),
            flags: rights!($upper, $method, "FLAGS", "flags", "become_flags", ""),
            password: Setting {
                name: "become_pass",
                env: &[concat!("ANSIBLE_", $upper, "_PASS"), "ANSIBLE_BECOME_PASS"],
                ini: &[(concat!($method, "_become_plugin"), "password")],
                default: "",
            },
        },)*]
    };
    ($upper:literal, $method:literal, $env:literal, $key:literal, $name:literal, $default:literal) => {
        Setting {
            name: $name,
            env: &[concat!("ANSIBLE_", $upper, "_", $env), concat!("ANSIBLE_BECOME_", $env)],
            ini: &[(concat!($method, "_become_plugin"), $key), ("privilege_escalation", $name)],
            default: $default,
        }
    };
}

/// Those of every method.
pub(crate) const RIGHTS: &[Rights] = rights! {
    "sudo", "SUDO";
    "su", "SU";
    "doas", "DOAS";
};

/// Where `sudo` is called from.
pub(crate) const FOLDER: Setting = Setting {
    name: "sudo_chdir",
    env: &["ANSIBLE_SUDO_CHDIR"],
    ini: &[("sudo_become_plugin", "chdir")],
    default: "",
};

const fn only(name: &'static str, env: &'static [&'static str]) -> Setting {
    Setting { name, env, ini: &[], default: "" }
}

/// A private key itself.
pub(crate) const KEY: Setting = only("private_key", &["ANSIBLE_PRIVATE_KEY"]);
/// What opens the private key.
pub(crate) const KEY_PASSPHRASE: Setting =
    only("private_key_passphrase", &["ANSIBLE_PRIVATE_KEY_PASSPHRASE"]);

impl Config {
    /// What a setting that is in no table says, its default when nobody set it; empty text is nothing.
    pub(crate) fn text_of(&self, setting: &Setting) -> Option<String> {
        let found = self.raw_of(setting).map(|(value, _)| value);
        found.or_else(|| Some(setting.default.to_string())).filter(|text| !text.is_empty())
    }
}
