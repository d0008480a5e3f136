//! A last net: texts that are known to be secret never reach the terminal or a file.

use std::sync::{Arc, PoisonError, RwLock};

/// What stands in a secret's place.
const MASK: &str = "********";

/// Shorter texts would mask half of every line.
const SHORTEST: usize = 6;

/// Knows the secrets of a run. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Redactor(Arc<RwLock<Vec<String>>>);

impl Redactor {
    /// One more secret; short ones and words of every day are not taken.
    pub fn add(&self, secret: &str) {
        let mut secrets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut take = |text: &str| {
            if text.len() >= SHORTEST && !secrets.iter().any(|known| known == text) {
                secrets.push(text.to_string());
            }
        };
        take(secret.trim());
        // As JSON and `repr` write it.
        take(&secret.trim().replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"));
        secrets.sort_by_key(|text| std::cmp::Reverse(text.len()));
    }

    /// The text with every secret masked.
    #[must_use]
    pub fn mask<'a>(&self, text: &'a str) -> std::borrow::Cow<'a, str> {
        let secrets = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut masked = std::borrow::Cow::Borrowed(text);
        for secret in secrets.iter() {
            if masked.contains(secret.as_str()) {
                masked = masked.replace(secret.as_str(), MASK).into();
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
}
