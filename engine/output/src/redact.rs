//! A last net: texts that are known to be secret never reach the terminal or a file.

use std::{
    borrow::Cow,
    sync::{Arc, PoisonError, RwLock},
};

/// What stands in a secret's place.
const MASK: &str = "********";

/// Shorter texts would mask half of every line.
const SHORTEST: usize = 6;

/// Knows the secrets of a run. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Redactor(Arc<RwLock<Vec<Secret>>>);

#[derive(Debug)]
struct Secret {
    text: String,
    /// The user gave it to this run by hand.
    given: bool,
}

impl Redactor {
    /// One more secret; short ones and words of every day are not taken.
    pub fn add(&self, secret: &str) {
        self.take(secret, false);
    }

    /// A secret that the user gave to this run alone, a password at a prompt for one: a `debug` of theirs shows it on the
    /// terminal, nothing else does.
    pub fn add_given(&self, secret: &str) {
        self.take(secret, true);
    }

    fn take(&self, secret: &str, given: bool) {
        let mut secrets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut take = |text: &str| {
            match secrets.iter_mut().find(|known| known.text == text) {
                // What is secret for another reason as well stays so.
                Some(known) => known.given &= given,
                None if text.len() >= SHORTEST => secrets.push(Secret { text: text.to_string(), given }),
                None => {}
            }
        };
        take(secret.trim());
        // As JSON and `repr` write it.
        take(&secret.trim().replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"));
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.text.len()));
    }

    /// The text with every secret masked.
    #[must_use]
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.masked(text, |_| true)
    }

    /// The text with every secret masked but those that the user gave to this run.
    #[must_use]
    pub(crate) fn mask_but_given<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.masked(text, |secret| !secret.given)
    }

    fn masked<'a>(&self, text: &'a str, which: impl Fn(&Secret) -> bool) -> Cow<'a, str> {
        let secrets = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut masked = Cow::Borrowed(text);
        for secret in secrets.iter().filter(|secret| which(secret)) {
            if masked.contains(secret.text.as_str()) {
                masked = masked.replace(secret.text.as_str(), MASK).into();
            }
        }
        masked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand_and_short_ones_are_not_taken() {
        let redactor = Redactor::default();
        redactor.add("s3cr\"et-word");
        redactor.add("no");
        assert_eq!(redactor.mask("a s3cr\"et-word b s3cr\\\"et-word no"), "a ******** b ******** no");
    }

    #[test]
    fn what_the_user_gave_by_hand_is_shown_where_they_ask_for_it_unless_it_is_secret_elsewhere_too() {
        let redactor = Redactor::default();
        redactor.add_given("typed-in");
        redactor.add_given("both-ways");
        redactor.add("both-ways");
        assert_eq!(redactor.mask("typed-in both-ways"), "******** ********");
        assert_eq!(redactor.mask_but_given("typed-in both-ways"), "typed-in ********");
    }
}
