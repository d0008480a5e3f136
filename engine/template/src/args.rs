//! Arguments of filters, tests, functions and methods by position or name, as Python binds them.

use crate::rt::{Args, Res, Rt, fail};

/// Bound arguments in the order of the parameters.
pub(crate) struct Bound {
    function: &'static str,
    names: &'static [&'static str],
    values: Vec<Option<Rt>>,
}

/// Bind to parameters; too many or unknown ones are errors as in Python.
pub(crate) fn bind(function: &'static str, args: Args, names: &'static [&'static str]) -> Res<Bound> {
    if args.pos.len() > names.len() {
        let (want, got) = (names.len(), args.pos.len());
        let were = if got == 1 { "was" } else { "were" };
        return Err(fail(format!(
            "{function}() takes {want} positional argument{} but {got} {were} given",
            if want == 1 { "" } else { "s" }
        )));
    }
    let mut values: Vec<Option<Rt>> = args.pos.into_iter().map(Some).collect();
    values.resize_with(names.len(), || None);
    for (name, value) in args.kw {
        let Some(at) = names.iter().position(|n| *n == name) else {
            return Err(fail(format!("{function}() got an unexpected keyword argument '{name}'")));
        };
        if values[at].is_some() {
            return Err(fail(format!("{function}() got multiple values for argument '{name}'")));
        }
        values[at] = Some(value);
    }
    Ok(Bound { function, names, values })
}

impl Bound {
    /// The argument, when it was given and is not `None`.
    pub(crate) fn get(&self, at: usize) -> Option<&Rt> {
        self.values.get(at)?.as_ref().filter(|v| !v.is_null())
    }
    /// The argument as given, `None` included.
    pub(crate) fn given(&self, at: usize) -> Option<&Rt> {
        self.values.get(at)?.as_ref()
    }
    /// The argument, which must be there.
    pub(crate) fn need(&self, at: usize) -> Res<&Rt> {
        self.values[at].as_ref().ok_or_else(|| {
            let (function, name) = (self.function, self.names[at]);
            fail(format!("{function}() missing 1 required positional argument: '{name}'"))
        })
    }
    pub(crate) fn text(&self, at: usize, default: &str) -> Res<String> {
        self.get(at).map_or_else(|| Ok(default.to_string()), crate::repr::text)
    }
    pub(crate) fn opt_text(&self, at: usize) -> Res<Option<String>> {
        self.get(at).map(crate::repr::text).transpose()
    }
    /// A flag by Python's truth.
    pub(crate) fn flag(&self, at: usize, default: bool) -> Res<bool> {
        self.given(at).map_or(Ok(default), Rt::truthy)
    }
    pub(crate) fn int(&self, at: usize, default: i64) -> Res<i64> {
        match self.given(at) {
            None => Ok(default),
            Some(value) => integer(value),
        }
    }
    pub(crate) fn opt_int(&self, at: usize) -> Res<Option<i64>> {
        self.get(at).map(integer).transpose()
    }
}

/// An integer argument; text with digits is taken, as YAML often leaves it so.
pub(crate) fn integer(value: &Rt) -> Res<i64> {
    match value {
        Rt::Undef(fault) => Err(fault.clone()),
        Rt::Float(number) if number.fract() == 0.0 => Ok(*number as i64),
        Rt::Str(text) => {
            text.trim().parse().map_err(|_| fail(format!("invalid literal for int() with base 10: '{text}'")))
        }
        other => other.as_i64().ok_or_else(|| {
            fail(format!("'{}' object cannot be interpreted as an integer", other.type_name()))
        }),
    }
}
