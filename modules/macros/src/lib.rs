//! `derive(Args)` and `derive(Choice)`: a module's interface from its structs.

mod args;
mod choice;
mod docs;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// A struct of arguments: its spec, and itself from validated arguments.
///
/// On the struct, `#[args(...)]`: `check = full|partial|none`, `diff = full|none`, `free_form`, `open`,
/// `mutually_exclusive(a, b)`, `required_together(a, b)`, `required_one_of(a, b)`, `required_by(a => b, c)`,
/// `required_if(a = "x" => b, c)` (all of them), `required_if_any(a = "x" => b, c)`.
/// On fields, `#[arg(...)]`: `name = "type"`, `alias("a", "b")`, `default = literal`, `choices("a", "b")`, `no_log`,
/// `required`, `env("VAR")`, `flatten`.
#[proc_macro_derive(Args, attributes(args, arg))]
pub fn derive_args(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    args::expand(&input).unwrap_or_else(|e| e.to_compile_error()).into()
}

/// An enum of words: `Present` is `present`, `AbsentFromFstab` is `absent_from_fstab`; `#[choice("4")]` says another.
#[proc_macro_derive(Choice, attributes(choice))]
pub fn derive_choice(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    choice::expand(&input).unwrap_or_else(|e| e.to_compile_error()).into()
}
