//! `%h` and its like, `~` and `${NAME}` in settings.

use sha1::{Digest, Sha1};

/// What tokens stand for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tokens {
    /// `%n`: the name as it was asked for.
    pub(crate) original: String,
    /// `%h`: the name or address that is connected to.
    pub(crate) host: String,
    /// `%k`: the name in `known_hosts`.
    pub(crate) key_alias: String,
    /// `%p`.
    pub(crate) port: u16,
    /// `%r`: user there.
    pub(crate) user: String,
    /// `%u`: user here.
    pub(crate) local_user: String,
    /// `%d`: folder of the user here.
    pub(crate) home: String,
    /// `%l`: name of this machine.
    pub(crate) local_host: String,
    /// `%j`: the `ProxyJump` setting.
    pub(crate) jump: String,
}

impl Tokens {
    /// Put in what the tokens stand for.
    ///
    /// # Errors
    /// When a token is unknown; the text names it.
    pub(crate) fn expand(&self, text: &str) -> Result<String, String> {
        let mut out = String::with_capacity(text.len());
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            match chars.next() {
                Some('%') => out.push('%'),
                Some('h') => out.push_str(&self.host),
                Some('n') => out.push_str(&self.original),
                Some('k') => out.push_str(&self.key_alias),
                Some('p') => out.push_str(&self.port.to_string()),
                Some('r') => out.push_str(&self.user),
                Some('u') => out.push_str(&self.local_user),
                Some('d') => out.push_str(&self.home),
                Some('i') => out.push_str(&rustix::process::getuid().as_raw().to_string()),
                Some('j') => out.push_str(&self.jump),
                Some('l') => out.push_str(&self.local_host),
                Some('L') => out.push_str(self.local_host.split('.').next().unwrap_or_default()),
                Some('C') => out.push_str(&self.connection_hash()),
                Some(other) => return Err(format!("unknown token %{other}")),
                None => return Err("a % at the end".to_string()),
            }
        }
        Ok(out)
    }

    /// [`Tokens::expand`], then `~` in front and `${NAME}` anywhere.
    ///
    /// # Errors
    /// As there, or when a variable is not set.
    pub(crate) fn path(&self, text: &str) -> Result<String, String> {
        let text = self.home_of(text);
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, behind) = after.split_once('}').ok_or("a ${ without }")?;
            let value = std::env::var(name).map_err(|_| format!("the variable {name} is not set"))?;
            // What a variable holds is no template.
            out.push_str(&self.expand(before)?);
            out.push_str(&value);
            rest = behind;
        }
        out.push_str(&self.expand(rest)?);
        Ok(out)
    }

    fn home_of(&self, text: &str) -> String {
        match text.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                format!("{}{rest}", self.home.replace('%', "%%"))
            }
            _ => text.to_string(),
        }
    }

    fn connection_hash(&self) -> String {
        let text = format!("{}{}{}{}{}", self.local_host, self.host, self.port, self.user, self.jump);
        Sha1::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_home_are_put_in_and_unknown_ones_are_named() {
        let tokens = Tokens {
            host: "h".into(),
            port: 22,
            user: "me".into(),
            home: "/root".into(),
            ..Tokens::default()
        };
        assert_eq!(tokens.path("~/.ssh/%r@%h:%p%%").unwrap(), "/root/.ssh/me@h:22%");
        assert_eq!(tokens.expand("%Z").unwrap_err(), "unknown token %Z");
    }
}
