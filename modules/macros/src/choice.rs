//! `derive(Choice)`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, LitStr, Result};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "only an enum can be a choice"));
    };
    let name = &input.ident;
    let (mut variants, mut words) = (Vec::new(), Vec::new());
    for variant in &data.variants {
        let mut word = snake(&variant.ident.to_string());
        for attribute in variant.attrs.iter().filter(|a| a.path().is_ident("choice")) {
            word = attribute.parse_args::<LitStr>()?.value();
        }
        variants.push(&variant.ident);
        words.push(word);
    }
    Ok(quote! {
        impl #name {
            /// The word that stands for it.
            #[must_use]
            #[allow(dead_code, reason = "not every module needs the word back")]
            pub fn as_str(&self) -> &'static str {
                match self { #(Self::#variants => #words),* }
            }
        }
        impl ::rustible_sdk::FromArg for #name {
            const KIND: ::rustible_sdk::Kind = ::rustible_sdk::Kind::Str;
            fn choices() -> Vec<::rustible_sdk::Value> {
                vec![#(::rustible_sdk::Value::str(#words)),*]
            }
            fn from_arg(value: &::rustible_sdk::Value) -> Result<Self, String> {
                match value.as_str() {
                    #(Some(#words) => Ok(Self::#variants),)*
                    _ => Err(format!("{value:?} is not one of its choices")),
                }
            }
        }
    })
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for (i, c) in name.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}
