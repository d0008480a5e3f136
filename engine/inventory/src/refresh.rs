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
    /// Add what tasks added to an older state of the same inventory; hosts that tasks grouped and that are gone stay gone.
    ///
    /// # Errors
    /// When an addition does not go together with what is there now.
    pub fn inherit(&mut self, older: &Self) -> Result<(), Diagnostic> {
        for addition in &older.additions {
            match addition {
                Addition::Host { name, groups, vars } => {
                    self.add_host(name, groups, vars)?;
                }
                Addition::Group { host, group, parents } if self.resolve_host(host).is_some() => {
                    self.add_to_group(host, group, parents)?;
                }
                Addition::Group { .. } => {}
            }
        }
        Ok(())
    }

    /// Read all sources again. What tasks added stays; hosts that tasks grouped and that are gone stay gone.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn refresh(&mut self, evaluate: Option<&dyn Evaluate>) -> Result<(), Diagnostic> {
        let mut new = Self::load(&self.sources, self.settings.clone(), self.decrypt.clone(), evaluate)?;
        new.limit = self.limit.take();
        new.play_dirs = std::mem::take(&mut self.play_dirs);
        new.inherit(self)?;
        self.take_warnings().into_iter().for_each(|warning| new.warn(warning));
        new.deprecations.append(&mut self.deprecations);
        *self = new;
        Ok(())
    }
}
