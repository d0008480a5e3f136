//! Reading the sources again while a run goes on (`meta: refresh_inventory`).

use rustible_protocol::Dict;
use rustible_source::Diagnostic;

use crate::{model::Inventory, plugin::Evaluate};

/// What tasks added, to be added again after the sources were read anew.
#[derive(Debug, Clone)]
pub(crate) enum Addition {
    Host { name: String, groups: Vec<String>, vars: Dict },
    Group { host: String, group: String, parents: Vec<String> },
}

impl Inventory {
    /// Read all sources again. What tasks added stays; hosts that tasks grouped and that are gone stay gone.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn refresh(&mut self, evaluate: Option<&dyn Evaluate>) -> Result<(), Diagnostic> {
        let mut new = Self::load(&self.sources, self.settings.clone(), self.decrypt.clone(), evaluate)?;
        new.limit = self.limit.take();
        new.play_dirs = std::mem::take(&mut self.play_dirs);
        for addition in std::mem::take(&mut self.additions) {
            match addition {
                Addition::Host { name, groups, vars } => {
                    new.add_host(&name, &groups, &vars)?;
                }
                Addition::Group { host, group, parents } if new.resolve_host(&host).is_some() => {
                    new.add_to_group(&host, &group, &parents)?;
                }
                Addition::Group { .. } => {}
            }
        }
        self.take_warnings().into_iter().for_each(|warning| new.warn(warning));
        new.deprecations.append(&mut self.deprecations);
        *self = new;
        Ok(())
    }
}
