//! How deep a template may be: what is beyond is an error ahead of parsing, because every level takes stack.

use minijinja::{
    machinery::{Token, tokenize},
    syntax::SyntaxConfig,
};

/// Operators, filters and brackets around one another, and `elif` after `elif`; Python gives up near here as well.
const MOST: usize = 300;
/// Levels of expressions that are being evaluated, those of the templates in variables and of macros included.
pub(crate) const LEVELS: usize = 1200;
/// What is said then.
pub(crate) const TOO_DEEP: &str = "maximum recursion depth exceeded";

/// Whether a text is too deep; what cannot be cut into words is left to the parser.
pub(crate) fn exceeded(source: &str, in_expression: bool, syntax: &SyntaxConfig) -> bool {
    // Each level takes a character at least.
    if source.len() <= MOST {
        return false;
    }
    let mut depth = Depth { levels: vec![0], branches: Vec::new(), tag: false };
    tokenize(source, in_expression, syntax.clone())
        .map_while(Result::ok)
        .any(|(token, _)| depth.exceeds(&token))
}

struct Depth {
    /// For each open bracket how deep the expression in it is so far, from the outermost on.
    levels: Vec<usize>,
    /// For each open `if` its `elif`s.
    branches: Vec<usize>,
    /// A tag has just begun.
    tag: bool,
}

impl Depth {
    fn exceeds(&mut self, token: &Token<'_>) -> bool {
        let tag = std::mem::replace(&mut self.tag, matches!(token, Token::BlockStart));
        match token {
            Token::VariableStart | Token::BlockStart => self.levels = vec![0],
            Token::BracketOpen | Token::ParenOpen | Token::BraceOpen => {
                let above = self.deeper();
                self.levels.push(above);
                return above > MOST;
            }
            Token::BracketClose | Token::ParenClose | Token::BraceClose if self.levels.len() > 1 => {
                self.levels.pop();
            }
            Token::Comma => {
                let above = self.levels.iter().rev().nth(1).copied().unwrap_or(0);
                if let Some(level) = self.levels.last_mut() {
                    *level = above;
                }
            }
            Token::Ident("if") if tag => self.branches.push(0),
            Token::Ident("endif") if tag => drop(self.branches.pop()),
            Token::Ident("elif") if tag => {
                let Some(branches) = self.branches.last_mut() else { return false };
                *branches += 1;
                return *branches > MOST;
            }
            Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div
            | Token::FloorDiv
            | Token::Pow
            | Token::Mod => {
                return self.deeper() > MOST;
            }
            Token::Dot | Token::Tilde | Token::Pipe => return self.deeper() > MOST,
            Token::Eq | Token::Ne | Token::Gt | Token::Gte | Token::Lt | Token::Lte => {
                return self.deeper() > MOST;
            }
            Token::Ident("not" | "and" | "or" | "is" | "in" | "if" | "else") => return self.deeper() > MOST,
            _ => {}
        }
        false
    }

    fn deeper(&mut self) -> usize {
        let Some(level) = self.levels.last_mut() else { return 0 };
        *level += 1;
        *level
    }
}
