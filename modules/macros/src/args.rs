//! `derive(Args)`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Attribute, Data, DeriveInput, Error, Fields, Ident, Lit, LitStr, Result, Token, parenthesized,
    parse::ParseStream, punctuated::Punctuated,
};

use crate::docs;

/// What `#[arg(...)]` says of a field.
#[derive(Default)]
struct FieldSays {
    name: Option<String>,
    aliases: Vec<String>,
    choices: Vec<String>,
    env: Vec<String>,
    default: Option<TokenStream>,
    no_log: bool,
    required: bool,
    flatten: bool,
}

/// What `#[args(...)]` says of a struct.
struct StructSays {
    check: Ident,
    diff: bool,
    free_form: bool,
    open: bool,
    rules: Vec<TokenStream>,
}

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "arguments are a struct"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new_spanned(&input.ident, "arguments have names"));
    };
    let says = struct_says(&input.attrs)?;
    let (mut specs, mut reads) = (Vec::new(), Vec::new());
    for field in &fields.named {
        let Some(ident) = &field.ident else { continue };
        let ty = &field.ty;
        let own = field_says(&field.attrs)?;
        if own.flatten {
            specs.push(quote!(fields.extend(<#ty as ::rustible_sdk::Arguments>::fields());));
            reads.push(quote!(#ident: <#ty as ::rustible_sdk::Arguments>::from_args(args)?));
            continue;
        }
        let name = own.name.unwrap_or_else(|| ident.to_string().trim_start_matches("r#").to_string());
        let doc = docs::text(&field.attrs);
        let (aliases, choices, env, no_log, must) =
            (own.aliases, own.choices, own.env, own.no_log, own.required);
        let default = match own.default {
            Some(value) => quote!(Some(::rustible_sdk::Value::from(#value))),
            None => quote!(None),
        };
        specs.push(quote!(fields.push(::rustible_sdk::args::field::<#ty>(::rustible_sdk::args::Said {
            name: #name, doc: #doc, aliases: &[#(#aliases),*], choices: &[#(#choices),*], env: &[#(#env),*],
            default: #default, no_log: #no_log, required: #must,
        }));));
        reads.push(quote!(#ident: ::rustible_sdk::args::take(args, #name)?));
    }
    let (name, doc) = (&input.ident, docs::text(&input.attrs));
    let StructSays { check, diff, free_form, open, rules } = says;
    Ok(quote! {
        impl ::rustible_sdk::Arguments for #name {
            fn fields() -> Vec<::rustible_sdk::Field> {
                let mut fields = Vec::new();
                #(#specs)*
                fields
            }
            fn rules() -> Vec<::rustible_sdk::Rule> {
                vec![#(#rules),*]
            }
            fn spec(name: &'static str) -> ::rustible_sdk::Spec {
                ::rustible_sdk::args::spec(name, #doc, <Self as ::rustible_sdk::Arguments>::fields(),
                    <Self as ::rustible_sdk::Arguments>::rules(),
                    ::rustible_sdk::args::Claims {
                        check: ::rustible_sdk::CheckMode::#check, diff: #diff, free_form: #free_form, open: #open,
                    })
            }
            fn from_args(args: &::rustible_sdk::Dict) -> Result<Self, ::rustible_sdk::ArgError> {
                Ok(Self { #(#reads),* })
            }
        }
        impl ::rustible_sdk::FromArg for #name {
            const KIND: ::rustible_sdk::Kind = ::rustible_sdk::Kind::Dict;
            fn options() -> Option<Vec<::rustible_sdk::Field>> {
                Some(<Self as ::rustible_sdk::Arguments>::fields())
            }
            fn option_rules() -> Vec<::rustible_sdk::Rule> {
                <Self as ::rustible_sdk::Arguments>::rules()
            }
            fn from_arg(value: &::rustible_sdk::Value) -> Result<Self, String> {
                let dict = value.as_dict().ok_or("a mapping is needed")?;
                <Self as ::rustible_sdk::Arguments>::from_args(dict).map_err(|e| e.msg)
            }
        }
    })
}

fn struct_says(attributes: &[Attribute]) -> Result<StructSays> {
    let mut says = StructSays {
        check: format_ident!("Full"),
        diff: false,
        free_form: false,
        open: false,
        rules: Vec::new(),
    };
    for attribute in attributes.iter().filter(|a| a.path().is_ident("args")) {
        attribute.parse_nested_meta(|meta| {
            let Some(key) = meta.path.get_ident().map(ToString::to_string) else {
                return Err(meta.error("a word is needed"));
            };
            match key.as_str() {
                "check" => {
                    let word: Ident = meta.value()?.parse()?;
                    says.check = match word.to_string().as_str() {
                        "full" => format_ident!("Full"),
                        "partial" => format_ident!("Partial"),
                        "none" => format_ident!("None"),
                        _ => return Err(meta.error("full, partial or none")),
                    };
                }
                "diff" => says.diff = meta.value()?.parse::<Ident>()? == "full",
                "free_form" => says.free_form = true,
                "open" => says.open = true,
                rule => {
                    let content;
                    parenthesized!(content in meta.input);
                    says.rules.push(parse_rule(rule, &content)?);
                }
            }
            Ok(())
        })?;
    }
    Ok(says)
}

fn words(content: ParseStream<'_>) -> Result<Vec<String>> {
    let idents = Punctuated::<Ident, Token![,]>::parse_terminated_with(content, |input| {
        use syn::ext::IdentExt;
        Ident::parse_any(input)
    })?;
    Ok(idents.iter().map(|i| i.to_string().trim_start_matches("r#").to_string()).collect())
}

fn parse_rule(rule: &str, content: ParseStream<'_>) -> Result<TokenStream> {
    let list = |variant: &str| -> Result<TokenStream> {
        let (variant, names) = (format_ident!("{variant}"), words(content)?);
        Ok(quote!(::rustible_sdk::Rule::#variant(vec![#(#names),*])))
    };
    match rule {
        "mutually_exclusive" => list("MutuallyExclusive"),
        "required_together" => list("RequiredTogether"),
        "required_one_of" => list("RequiredOneOf"),
        "required_by" => {
            let arg = content.parse::<Ident>()?.to_string();
            content.parse::<Token![=>]>()?;
            let names = words(content)?;
            Ok(quote!(::rustible_sdk::Rule::RequiredBy(#arg, vec![#(#names),*])))
        }
        "required_if" | "required_if_any" => {
            let arg = content.parse::<Ident>()?.to_string();
            content.parse::<Token![=]>()?;
            let value: Lit = content.parse()?;
            content.parse::<Token![=>]>()?;
            let (names, any) = (words(content)?, rule == "required_if_any");
            Ok(quote!(::rustible_sdk::Rule::RequiredIf {
                arg: #arg, value: ::rustible_sdk::Value::from(#value), required: vec![#(#names),*], any: #any,
            }))
        }
        other => Err(content.error(format!("no such rule: {other}"))),
    }
}

fn field_says(attributes: &[Attribute]) -> Result<FieldSays> {
    let mut says = FieldSays::default();
    for attribute in attributes.iter().filter(|a| a.path().is_ident("arg")) {
        attribute.parse_nested_meta(|meta| {
            let list = |meta: &syn::meta::ParseNestedMeta<'_>| -> Result<Vec<String>> {
                let content;
                parenthesized!(content in meta.input);
                let all = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
                Ok(all.iter().map(LitStr::value).collect())
            };
            match meta.path.get_ident().map(ToString::to_string).as_deref() {
                Some("name") => says.name = Some(meta.value()?.parse::<LitStr>()?.value()),
                Some("alias") => says.aliases = list(&meta)?,
                Some("choices") => says.choices = list(&meta)?,
                Some("env") => says.env = list(&meta)?,
                Some("default") => {
                    let value: syn::Expr = meta.value()?.parse()?;
                    says.default = Some(quote!(#value));
                }
                Some("no_log") => says.no_log = true,
                Some("required") => says.required = true,
                Some("flatten") => says.flatten = true,
                _ => return Err(meta.error("no such word for an argument")),
            }
            Ok(())
        })?;
    }
    Ok(says)
}
