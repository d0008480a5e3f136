//! How a template text is read: delimiters, white space, backslashes.

use minijinja::syntax::SyntaxConfig;

/// Delimiters and white space rules of a template.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileOptions {
    /// `{%` and `%}`.
    pub block: (String, String),
    /// `{{` and `}}`.
    pub variable: (String, String),
    /// `{#` and `#}`.
    pub comment: (String, String),
    /// Prefix that makes a whole line a statement.
    pub line_statement_prefix: Option<String>,
    /// Prefix of a comment to the end of the line.
    pub line_comment_prefix: Option<String>,
    /// Drop the newline behind a block.
    pub trim_blocks: bool,
    /// Drop the blanks before a block.
    pub lstrip_blocks: bool,
    /// Keep the text's last newline while it is rendered. Newlines at the end of the text are put back behind a result
    /// that is text in any case.
    pub keep_trailing_newline: bool,
    /// The newline in the result: `\n`, `\r\n` or `\r`.
    pub newline_sequence: String,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self {
            block: ("{%".into(), "%}".into()),
            variable: ("{{".into(), "}}".into()),
            comment: ("{#".into(), "#}".into()),
            line_statement_prefix: None,
            line_comment_prefix: None,
            trim_blocks: true,
            lstrip_blocks: false,
            keep_trailing_newline: false,
            newline_sequence: "\n".into(),
        }
    }
}

impl FileOptions {
    /// Whether there is anything in the text besides text.
    pub(crate) fn marks(&self, source: &str) -> bool {
        let begins = [&self.block.0, &self.variable.0, &self.comment.0];
        let lines = self.line_statement_prefix.iter().chain(&self.line_comment_prefix);
        begins.into_iter().chain(lines).any(|mark| source.contains(mark.as_str()))
    }
}

/// Everything that decides how a text is parsed: part of the cache's key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Options {
    pub(crate) file: FileOptions,
    /// Backslashes in string literals inside `{{ }}` mean themselves.
    pub(crate) escape_backslashes: bool,
    /// The newline that is put back at the text's end: the caller's, whatever the text's own header says.
    pub(crate) tail: String,
}

impl Options {
    /// For a value of a YAML file.
    pub(crate) fn value() -> Self {
        Self { file: FileOptions::default(), escape_backslashes: true, tail: "\n".into() }
    }
    /// For a template file: its own options, and those that its caller gave.
    pub(crate) fn file(file: FileOptions, asked: &FileOptions) -> Self {
        Self { file, escape_backslashes: false, tail: asked.newline_sequence.clone() }
    }
    pub(crate) fn syntax(&self) -> Result<SyntaxConfig, String> {
        let file = &self.file;
        let mut builder = SyntaxConfig::builder();
        builder
            .block_delimiters(file.block.0.clone(), file.block.1.clone())
            .variable_delimiters(file.variable.0.clone(), file.variable.1.clone())
            .comment_delimiters(file.comment.0.clone(), file.comment.1.clone())
            .trim_blocks(file.trim_blocks)
            .lstrip_blocks(file.lstrip_blocks)
            .keep_trailing_newline(file.keep_trailing_newline);
        if let Some(prefix) = &file.line_statement_prefix {
            builder.line_statement_prefix(prefix.clone());
        }
        builder.build().map_err(|e| e.to_string())
    }
}

/// Take the `#jinja2: key:value, ...` line off a template's text.
///
/// # Errors
/// With the reference's words when the line is not understood.
pub(crate) fn header(text: &str, options: &FileOptions) -> Result<(FileOptions, usize), String> {
    const MARK: &str = "#jinja2:";
    let mut options = options.clone();
    if !text.starts_with(MARK) {
        return Ok((options, 0));
    }
    let Some(end) = text.find('\n') else {
        return Err(format!("Missing newline after '{MARK}' override."));
    };
    let line = &text[MARK.len()..end];
    let mut rest = line.trim();
    while !rest.is_empty() {
        let Some((key, after)) = rest.split_once(':') else {
            return Err(format!("Missing key-value separator `:` in '{MARK}' override pair '{rest}'."));
        };
        let after = after.trim_start();
        let (value, next) = value_of(after);
        apply(&mut options, key.trim(), &value)
            .map_err(|()| format!("Invalid '{MARK}' override key '{}'.", key.trim()))?;
        rest = next.trim_start().trim_start_matches(',').trim_start();
    }
    Ok((options, end + 1))
}

/// A Python literal up to the next comma.
fn value_of(text: &str) -> (String, &str) {
    if let Some(quote) = text.chars().next().filter(|c| matches!(c, '\'' | '"'))
        && let Some(end) = text[1..].find(quote)
    {
        let inner = crate::literal::unescape(&text[1..=end]);
        return (inner, &text[end + 2..]);
    }
    let end = text.find(',').unwrap_or(text.len());
    (text[..end].trim().to_string(), &text[end..])
}

fn apply(options: &mut FileOptions, key: &str, value: &str) -> Result<(), ()> {
    let flag = matches!(value, "True" | "true" | "yes" | "1");
    let optional = || (value != "None").then(|| value.to_string());
    match key {
        "block_start_string" => options.block.0 = value.into(),
        "block_end_string" => options.block.1 = value.into(),
        "variable_start_string" => options.variable.0 = value.into(),
        "variable_end_string" => options.variable.1 = value.into(),
        "comment_start_string" => options.comment.0 = value.into(),
        "comment_end_string" => options.comment.1 = value.into(),
        "line_statement_prefix" => options.line_statement_prefix = optional(),
        "line_comment_prefix" => options.line_comment_prefix = optional(),
        "trim_blocks" => options.trim_blocks = flag,
        "lstrip_blocks" => options.lstrip_blocks = flag,
        "keep_trailing_newline" => options.keep_trailing_newline = flag,
        "newline_sequence" => options.newline_sequence = value.into(),
        _ => return Err(()),
    }
    Ok(())
}
