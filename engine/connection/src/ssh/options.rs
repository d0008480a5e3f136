//! Options of the `ssh` command, as they stand in `ansible_ssh_common_args` and its like.

use super::{config, directives::Directives};
use crate::args;

/// What a command line's options say: directives, and the configuration file named by `-F`.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) config: Option<String>,
}

/// Options without a value that change nothing for us.
const SILENT: &str = "46ACTaknqtvxX";

impl Options {
    /// Read a line of options into `directives`. What is not understood makes it foreign.
    ///
    /// # Errors
    /// When a quote does not end, or a value is missing.
    pub(crate) fn read(&mut self, line: &str, directives: &mut Directives) -> Result<(), String> {
        let mut words = args::split(line)?.into_iter();
        while let Some(word) = words.next() {
            let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
                directives.foreign.get_or_insert(word);
                continue;
            };
            let chars = letters.char_indices();
            for (at, letter) in chars {
                if letter == 'A' {
                    directives.put("forwardagent", &["yes".to_string()]);
                } else if letter == '4' || letter == '6' {
                    let family = if letter == '4' { "inet" } else { "inet6" };
                    directives.put("addressfamily", &[family.to_string()]);
                } else if SILENT.contains(letter) {
                    continue;
                } else {
                    let rest = &letters[at + letter.len_utf8()..];
                    let value = if rest.is_empty() { words.next() } else { Some(rest.to_string()) };
                    let value = value.ok_or_else(|| format!("option requires an argument -- {letter}"))?;
                    self.valued(letter, value, directives)?;
                    break;
                }
            }
        }
        Ok(())
    }

    fn valued(&mut self, letter: char, value: String, directives: &mut Directives) -> Result<(), String> {
        let word = match letter {
            'o' => {
                if let Some((word, values)) = config::directive(&value)? {
                    directives.put(&word, &values);
                }
                return Ok(());
            }
            'F' => {
                self.config = Some(value);
                return Ok(());
            }
            'p' => "port",
            'i' => "identityfile",
            'l' => "user",
            'J' => "proxyjump",
            'b' => "bindaddress",
            // Algorithms that are merely preferred, the escape character, and where `ssh` writes its own log.
            'c' | 'm' | 'e' | 'E' | 'S' => return Ok(()),
            _ => {
                directives.foreign.get_or_insert(format!("-{letter}"));
                return Ok(());
            }
        };
        directives.put(word, &[value]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_together_apart_and_with_their_value_attached() {
        let mut directives = Directives::default();
        let mut options = Options::default();
        let line = "-C -o ControlMaster=auto -o 'ProxyCommand=ssh -W %h:%p jump' -p2022 -vvi /k -F /dev/null -oUser=bob";
        options.read(line, &mut directives).unwrap();
        assert_eq!(directives.first("proxycommand"), Some("ssh -W %h:%p jump"));
        assert_eq!((directives.first("port"), directives.first("user")), (Some("2022"), Some("bob")));
        assert_eq!(
            (directives.first("identityfile"), options.config.as_deref()),
            (Some("/k"), Some("/dev/null"))
        );
        assert_eq!(directives.foreign, None);
        options.read("-L 80:x:80", &mut directives).unwrap();
        assert_eq!(directives.foreign.as_deref(), Some("-L"));
    }
}
