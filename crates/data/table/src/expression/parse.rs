//! From text to a tree of operations. Nothing is known about columns here.

use super::ExpressionError;

/// An expression as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Number(f64),
    Text(String),
    Truth(bool),
    Nothing,
    Column(String),
    Negative(Box<Self>),
    Not(Box<Self>),
    Binary(Operator, Box<Self>, Box<Self>),
    OneOf(Box<Self>, Vec<Self>),
    Call(String, Vec<Self>),
}

impl Tree {
    /// Adds the names of columns in it, in order.
    fn names<'a>(&'a self, names: &mut Vec<&'a str>) {
        match self {
            Self::Number(_) | Self::Text(_) | Self::Truth(_) | Self::Nothing => {}
            Self::Column(name) => names.push(name),
            Self::Negative(held) | Self::Not(held) => held.names(names),
            Self::Binary(_, left, right) => {
                left.names(names);
                right.names(names);
            }
            Self::OneOf(left, list) => {
                left.names(names);
                list.iter().for_each(|value| value.names(names));
            }
            Self::Call(_, arguments) => arguments.iter().for_each(|value| value.names(names)),
        }
    }
}

/// An operation with two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
}

/// Expressions within expressions, and words and signs in all: limits that keep a hostile text from
/// using up the stack.
const MAX_DEPTH: usize = 100;
const MAX_TOKENS: usize = 1_000;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Text(String),
    /// A word; `true` if it stood in back quotes and can only be a column.
    Word(String, bool),
    Sign(&'static str),
}

const SIGNS: [&str; 15] = [
    "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "(", ")", ",", "[", "]",
];

/// Reads a whole text.
pub(super) fn parse(text: &str) -> Result<Tree, ExpressionError> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        next: 0,
        depth: 0,
        end: text.chars().count() + 1,
    };
    let tree = parser.either()?;
    match parser.tokens.get(parser.next) {
        Some((at, _)) => Err(ExpressionError::new(*at, "is not expected here")),
        None => Ok(tree),
    }
}

/// The tokens and the sign (from 1) each begins at.
fn tokens(text: &str) -> Result<Vec<(usize, Token)>, ExpressionError> {
    let signs: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut next = 0;
    while let Some(&sign) = signs.get(next) {
        let start = next;
        if tokens.len() == MAX_TOKENS {
            return Err(ExpressionError::new(
                start + 1,
                "is longer than 1000 words and signs",
            ));
        }
        let token = match sign {
            _ if sign.is_whitespace() => {
                next += 1;
                continue;
            }
            '"' | '\'' | '`' => {
                let end = signs[next + 1..].iter().position(|&other| other == sign);
                let end = end.ok_or_else(|| ExpressionError::new(start + 1, "has no end"))?;
                let held: String = signs[next + 1..next + 1 + end].iter().collect();
                next += end + 2;
                if sign == '`' {
                    Token::Word(held, true)
                } else {
                    Token::Text(held)
                }
            }
            '0'..='9' | '.' => {
                while let Some(&digit) = signs.get(next) {
                    let exponent = matches!(digit, '+' | '-')
                        && matches!(signs[next - usize::from(next > start)], 'e' | 'E');
                    if !(digit.is_ascii_digit() || matches!(digit, '.' | 'e' | 'E') || exponent) {
                        break;
                    }
                    next += 1;
                }
                let held: String = signs[start..next].iter().collect();
                let number = held.parse().ok().filter(|number: &f64| number.is_finite());
                Token::Number(
                    number.ok_or_else(|| ExpressionError::new(start + 1, "is not a number"))?,
                )
            }
            _ if sign.is_alphabetic() || sign == '_' => {
                while signs
                    .get(next)
                    .is_some_and(|&s| s.is_alphanumeric() || matches!(s, '_' | '.'))
                {
                    next += 1;
                }
                Token::Word(signs[start..next].iter().collect(), false)
            }
            _ => {
                let fits = |known: &&&str| {
                    known
                        .chars()
                        .enumerate()
                        .all(|(at, s)| signs.get(next + at) == Some(&s))
                };
                let known = SIGNS.iter().find(fits);
                let known = known.ok_or_else(|| {
                    ExpressionError::new(start + 1, "is not a sign of the language")
                })?;
                next += known.len();
                Token::Sign(known)
            }
        };
        tokens.push((start + 1, token));
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: &'a [(usize, Token)],
    next: usize,
    depth: usize,
    end: usize,
}

impl Parser<'_> {
    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn take_sign(&mut self, wanted: &[&str]) -> Option<&'static str> {
        match self.tokens.get(self.next) {
            Some((_, Token::Sign(sign))) if wanted.contains(sign) => {
                self.next += 1;
                Some(sign)
            }
            _ => None,
        }
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.tokens.get(self.next), Some((_, Token::Word(word, false))) if word == wanted);
        self.next += usize::from(found);
        found
    }

    fn need(&mut self, sign: &'static str, problem: &'static str) -> Result<(), ExpressionError> {
        match self.take_sign(&[sign]) {
            Some(_) => Ok(()),
            None => Err(ExpressionError::new(self.at(), problem)),
        }
    }

    fn either(&mut self) -> Result<Tree, ExpressionError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ExpressionError::new(self.at(), "is nested too deeply"));
        }
        let mut left = self.both()?;
        while self.take_word("or") {
            left = Tree::Binary(Operator::Or, left.into(), self.both()?.into());
        }
        self.depth -= 1;
        Ok(left)
    }

    fn both(&mut self) -> Result<Tree, ExpressionError> {
        let mut left = self.not()?;
        while self.take_word("and") {
            left = Tree::Binary(Operator::And, left.into(), self.not()?.into());
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Tree, ExpressionError> {
        let mut negated = false;
        while self.take_word("not") {
            negated = !negated;
        }
        let held = self.comparison()?;
        Ok(if negated {
            Tree::Not(held.into())
        } else {
            held
        })
    }

    fn comparison(&mut self) -> Result<Tree, ExpressionError> {
        let left = self.sum()?;
        if self.take_word("in") {
            let close = match self.take_sign(&["(", "["]) {
                Some("(") => ")",
                Some(_) => "]",
                None => {
                    return Err(ExpressionError::new(
                        self.at(),
                        "must be a list in brackets",
                    ));
                }
            };
            let list = self.list(close)?;
            return Ok(Tree::OneOf(left.into(), list));
        }
        let operator = match self.take_sign(&["==", "!=", "<", "<=", ">", ">="]) {
            Some("==") => Operator::Equal,
            Some("!=") => Operator::Unequal,
            Some("<") => Operator::Less,
            Some("<=") => Operator::LessOrEqual,
            Some(">") => Operator::Greater,
            Some(_) => Operator::GreaterOrEqual,
            None => return Ok(left),
        };
        let right = self.sum()?;
        let at = self.at();
        if self
            .take_sign(&["==", "!=", "<", "<=", ">", ">="])
            .is_some()
        {
            return Err(ExpressionError::new(
                at,
                "compares a third time; join comparisons with `and`",
            ));
        }
        Ok(Tree::Binary(operator, left.into(), right.into()))
    }

    fn sum(&mut self) -> Result<Tree, ExpressionError> {
        let mut left = self.product()?;
        while let Some(sign) = self.take_sign(&["+", "-"]) {
            let operator = if sign == "+" {
                Operator::Add
            } else {
                Operator::Subtract
            };
            left = Tree::Binary(operator, left.into(), self.product()?.into());
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Tree, ExpressionError> {
        let mut left = self.factor()?;
        while let Some(sign) = self.take_sign(&["*", "/"]) {
            let operator = if sign == "*" {
                Operator::Multiply
            } else {
                Operator::Divide
            };
            left = Tree::Binary(operator, left.into(), self.factor()?.into());
        }
        Ok(left)
    }

    fn factor(&mut self) -> Result<Tree, ExpressionError> {
        let mut negative = false;
        while let Some(sign) = self.take_sign(&["-", "+"]) {
            negative ^= sign == "-";
        }
        let held = self.primary()?;
        Ok(if negative {
            Tree::Negative(held.into())
        } else {
            held
        })
    }

    fn primary(&mut self) -> Result<Tree, ExpressionError> {
        let at = self.at();
        let Some((_, token)) = self.tokens.get(self.next) else {
            return Err(ExpressionError::new(at, "ends too early"));
        };
        self.next += 1;
        match token {
            Token::Number(number) => Ok(Tree::Number(*number)),
            Token::Text(text) => Ok(Tree::Text(text.clone())),
            Token::Sign("(") => {
                let held = self.either()?;
                self.need(")", "must be a closing bracket")?;
                Ok(held)
            }
            Token::Word(word, false) if self.take_sign(&["("]).is_some() => {
                Ok(Tree::Call(word.clone(), self.list(")")?))
            }
            Token::Word(word, false) if word == "true" || word == "false" => {
                Ok(Tree::Truth(word == "true"))
            }
            Token::Word(word, false) if word == "nothing" => Ok(Tree::Nothing),
            Token::Word(word, _) => Ok(Tree::Column(word.clone())),
            Token::Sign(_) => Err(ExpressionError::new(
                at,
                "must be a value, a column or a bracket",
            )),
        }
    }

    fn list(&mut self, close: &'static str) -> Result<Vec<Tree>, ExpressionError> {
        let mut list = Vec::new();
        if self.take_sign(&[close]).is_some() {
            return Ok(list);
        }
        loop {
            list.push(self.either()?);
            if self.take_sign(&[close]).is_some() {
                return Ok(list);
            }
            self.need(",", "must be a comma or a closing bracket")?;
        }
    }
}

/// Returns the names of the columns in a text, in order; they need not exist.
///
/// # Errors
/// The text is not an expression.
pub(crate) fn names(text: &str) -> Result<Vec<&str>, ExpressionError> {
    let tree = parse(text)?;
    let mut names = Vec::new();
    tree.names(&mut names);
    // A name appears in the text as it is, if not always where it is found first.
    let spelled = names.into_iter().filter_map(|name| {
        let at = text.find(name)?;
        Some(&text[at..at + name.len()])
    });
    Ok(spelled.collect())
}
