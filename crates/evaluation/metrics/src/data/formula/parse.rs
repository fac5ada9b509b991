//! Reads formulas.

use super::{Factor, Formula, FormulaError, Term};

/// Highest power of a column: beyond it, powers of one column can hardly be told apart.
const HIGHEST_POWER: u32 = 6;

/// Whether a name needs no backticks.
pub(super) fn is_plain(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(starts_name) && letters.all(continues_name)
}

fn starts_name(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_' || letter == '.'
}

fn continues_name(letter: char) -> bool {
    starts_name(letter) || letter.is_numeric()
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    Number(String),
    Sign(char),
}

/// Tokens with the positions of their first characters, from 1.
fn tokens(text: &str) -> Result<Vec<(usize, Token)>, FormulaError> {
    let letters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let start = at;
        let letter = letters[at];
        let run = |from: usize, holds: &dyn Fn(char) -> bool| {
            let length = letters[from..].iter().take_while(|&&l| holds(l)).count();
            (
                letters[from..from + length].iter().collect::<String>(),
                from + length,
            )
        };
        let token = if letter.is_whitespace() {
            at += 1;
            continue;
        } else if letter == '`' {
            let (name, end) = run(at + 1, &|l| l != '`');
            if end == letters.len() || name.is_empty() {
                return fault(start + 1, "expected a name between two backticks");
            }
            at = end + 1;
            Token::Name(name)
        } else if starts_name(letter)
            && !(letter == '.' && letters.get(at + 1).is_none_or(|l| !continues_name(*l)))
        {
            let (name, end) = run(at, &continues_name);
            at = end;
            Token::Name(name)
        } else if letter.is_ascii_digit() {
            let (number, end) = run(at, &|l| l.is_ascii_digit() || l == '.');
            at = end;
            Token::Number(number)
        } else {
            at += 1;
            Token::Sign(letter)
        };
        found.push((start + 1, token));
    }
    Ok(found)
}

fn fault<T>(position: usize, rule: &'static str) -> Result<T, FormulaError> {
    Err(FormulaError { position, rule })
}

struct Reader {
    tokens: Vec<(usize, Token)>,
    at: usize,
    end: usize,
}

pub(super) fn formula(text: &str) -> Result<Formula, FormulaError> {
    let mut reader = Reader {
        tokens: tokens(text)?,
        at: 0,
        end: text.chars().count() + 1,
    };
    let response = reader.name("expected the name of the response column")?;
    if !reader.sign('~') {
        return fault(reader.position(), "expected `~` after the response");
    }
    let (intercept, mut terms) = reader.sum(&response)?;
    // Main effects first, as every analyst reads them.
    terms.sort_by_key(|term| term.0.len());
    let mut formula = Formula {
        response,
        intercept,
        terms,
        absorbed: Vec::new(),
        cluster: None,
    };
    if reader.sign('|') {
        formula.absorbed = reader.names()?;
    }
    if reader.sign('|') {
        formula.cluster = Some(reader.name("expected the name of the cluster column")?);
    }
    match reader.peek() {
        None => Ok(formula),
        Some(_) => fault(reader.position(), "expected the end, `+`, `*`, `:` or `|`"),
    }
}

impl Reader {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn position(&self) -> usize {
        self.tokens
            .get(self.at)
            .map_or(self.end, |&(position, _)| position)
    }

    fn sign(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(&Token::Sign(wanted));
        self.at += usize::from(found);
        found
    }

    fn number(&mut self) -> Option<String> {
        let Some(Token::Number(number)) = self.peek() else {
            return None;
        };
        let number = number.clone();
        self.at += 1;
        Some(number)
    }

    fn name(&mut self, rule: &'static str) -> Result<String, FormulaError> {
        let Some(Token::Name(name)) = self.peek() else {
            return fault(self.position(), rule);
        };
        let name = name.clone();
        self.at += 1;
        Ok(name)
    }

    /// Names joined by `+`, or a single `0`.
    fn names(&mut self) -> Result<Vec<String>, FormulaError> {
        if self.peek() == Some(&Token::Number("0".to_owned())) {
            self.at += 1;
            return Ok(Vec::new());
        }
        let mut names: Vec<String> = Vec::new();
        loop {
            let name = self.name("expected the name of a fixed effect, or 0")?;
            if !names.contains(&name) {
                names.push(name);
            }
            if !self.sign('+') {
                return Ok(names);
            }
        }
    }

    /// Whether there is an intercept, and the terms.
    fn sum(&mut self, response: &str) -> Result<(bool, Vec<Term>), FormulaError> {
        let (mut intercept, mut terms): (bool, Vec<Term>) = (true, Vec::new());
        let mut minus = self.sign('-');
        loop {
            let position = self.position();
            match self.number() {
                Some(number) if number == "0" && !minus => intercept = false,
                Some(number) if number == "1" => intercept = !minus,
                Some(_) => return fault(position, "expected 0 or 1, or the name of a column"),
                None if minus => return fault(position, "only `1` can be taken away"),
                None => {
                    for term in self.product()? {
                        if term.0.iter().any(|factor| factor.column == response) {
                            return fault(position, "the response cannot explain itself");
                        }
                        if !terms.iter().any(|known| known.same(&term)) {
                            terms.push(term);
                        }
                    }
                }
            }
            minus = false;
            if self.sign('-') {
                minus = true;
            } else if !self.sign('+') {
                return Ok((intercept, terms));
            }
        }
    }

    /// `a*b:c`: every product of some of its parts.
    fn product(&mut self) -> Result<Vec<Term>, FormulaError> {
        let mut found = vec![self.interaction()?];
        while self.sign('*') {
            let next = self.interaction()?;
            let with: Vec<Term> = found
                .iter()
                .map(|term| {
                    let mut factors = term.0.clone();
                    for factor in &next.0 {
                        if !factors.contains(factor) {
                            factors.push(factor.clone());
                        }
                    }
                    Term(factors)
                })
                .collect();
            found.push(next);
            found.extend(with);
        }
        Ok(found)
    }

    fn interaction(&mut self) -> Result<Term, FormulaError> {
        let mut factors = vec![self.factor()?];
        while self.sign(':') {
            let next = self.factor()?;
            if !factors.contains(&next) {
                factors.push(next);
            }
        }
        Ok(Term(factors))
    }

    fn factor(&mut self) -> Result<Factor, FormulaError> {
        const RULE: &str = "expected the name of a column";
        let column = self.name(RULE)?;
        // `I(a^2)` as R spells it.
        if column == "I" && self.sign('(') {
            let column = self.name(RULE)?;
            let power = self.power()?;
            if !self.sign(')') {
                return fault(self.position(), "expected `)`");
            }
            return Ok(Factor { column, power });
        }
        Ok(Factor {
            column,
            power: self.power()?,
        })
    }

    fn power(&mut self) -> Result<u32, FormulaError> {
        if !self.sign('^') {
            return Ok(1);
        }
        let position = self.position();
        let power = self.number().and_then(|number| number.parse::<u32>().ok());
        match power.filter(|power| (1..=HIGHEST_POWER).contains(power)) {
            Some(power) => Ok(power),
            None => fault(position, "expected a whole power from 1 to 6"),
        }
    }
}
