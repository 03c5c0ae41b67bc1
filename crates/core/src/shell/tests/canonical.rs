//! Trees without what printing does not keep: lines, texts, and what bash writes in another way.

use std::sync::Arc;

use crate::shell::tree::*;

pub(super) fn script(found: &mut Script) {
    for item in &mut found.items {
        item.text = Arc::default();
        pipeline(&mut item.first);
        item.rest.iter_mut().for_each(|(_, found)| pipeline(found));
    }
}

fn pipeline(found: &mut Pipeline) {
    found.commands.iter_mut().for_each(command);
}

fn all(words: &mut Option<Vec<Word>>) {
    let everything = Parameter {
        name: b"@".to_vec(),
        index: None,
        indirect: false,
        operation: Operation::Value,
    };
    let everything = Part::Double(vec![Part::Parameter(Box::new(everything))]);
    words.get_or_insert(vec![Word(vec![everything])]).iter_mut().for_each(word);
}

fn alone(command: Command) -> Script {
    let first = Pipeline { negated: false, timed: None, commands: vec![command] };
    let item = Item { first, rest: Vec::new(), background: false, text: Arc::default() };
    Script { items: vec![item] }
}

fn command(found: &mut Command) {
    found.line = 0;
    match &mut found.kind {
        CommandKind::Simple { assignments, words } => {
            assignments.iter_mut().for_each(assignment);
            for found in words {
                match found {
                    Argument::Word(found) => word(found),
                    Argument::Assignment(found) => assignment(found),
                }
            }
        }
        CommandKind::Group(found) => script(found),
        CommandKind::Subshell(found) => script(Arc::make_mut(found)),
        CommandKind::If { arms, otherwise } => {
            // An `elif` is written as an `if` in an `else`.
            while arms.len() > 1 {
                let arms = vec![arms.pop().unwrap()];
                let kind = CommandKind::If { arms, otherwise: otherwise.take() };
                *otherwise = Some(alone(Command { kind, redirects: Vec::new(), line: 0 }));
            }
            for (condition, body) in arms {
                script(condition);
                script(body);
            }
            otherwise.iter_mut().for_each(script);
        }
        CommandKind::Loop { condition, body, .. } => {
            script(condition);
            script(body);
        }
        CommandKind::For { words, body, .. } | CommandKind::Select { words, body, .. } => {
            all(words);
            script(body);
        }
        CommandKind::ForArithmetic { parts, body } => {
            for part in parts {
                word(part);
                if part.0.is_empty() {
                    part.0.push(Part::Literal(b"1".to_vec()));
                }
            }
            script(body);
        }
        CommandKind::Case { word: found, arms } => {
            word(found);
            for arm in arms {
                arm.patterns.iter_mut().for_each(word);
                script(&mut arm.body);
            }
        }
        CommandKind::Function { body, .. } => {
            let body = Arc::make_mut(body);
            if !matches!(body.kind, CommandKind::Group(_)) {
                let kind = CommandKind::Group(alone(body.clone()));
                *body = Command { kind, redirects: Vec::new(), line: 0 };
            }
            command(body);
        }
        CommandKind::Coproc { body, .. } => command(Arc::make_mut(body)),
        CommandKind::Arithmetic(found) => word(found),
        CommandKind::Condition(found) => condition(found),
    }
    for redirect in &mut found.redirects {
        match &mut redirect.kind {
            RedirectKind::Read(found)
            | RedirectKind::Write(found)
            | RedirectKind::Clobber(found)
            | RedirectKind::Append(found)
            | RedirectKind::ReadWrite(found)
            | RedirectKind::WriteBoth(found)
            | RedirectKind::AppendBoth(found)
            | RedirectKind::DupIn(found)
            | RedirectKind::DupOut(found)
            | RedirectKind::HereDoc(found)
            | RedirectKind::HereString(found) => word(found),
        }
    }
}

fn condition(found: &mut Condition) {
    match found {
        Condition::Word(inner) => {
            word(inner);
            *found = Condition::Unary(b'n', inner.clone());
        }
        Condition::Unary(_, inner) => word(inner),
        Condition::Binary(left, _, right) => {
            word(left);
            word(right);
        }
        Condition::Not(inner) => condition(inner),
        Condition::And(left, right) | Condition::Or(left, right) => {
            condition(left);
            condition(right);
        }
    }
}

fn assignment(found: &mut Assignment) {
    found.index.iter_mut().for_each(word);
    match &mut found.value {
        Value::Scalar(found) => word(found),
        Value::Array(elements) => {
            for (index, value) in elements {
                index.iter_mut().for_each(word);
                word(value);
            }
        }
    }
}

fn word(found: &mut Word) {
    parts(&mut found.0);
}

fn parts(found: &mut [Part]) {
    for part in found {
        match part {
            Part::Literal(_) | Part::Quoted(_) => {}
            Part::Double(inner) => parts(inner),
            Part::Parameter(found) => parameter(found),
            Part::Command(found) | Part::Process { script: found, .. } => {
                script(Arc::make_mut(found));
            }
            Part::Arithmetic(found) => word(found),
            Part::Broken { wrong, .. } => *wrong = Arc::new(Wrong::TooMuch),
        }
    }
}

fn parameter(found: &mut Parameter) {
    found.index.iter_mut().for_each(word);
    match &mut found.operation {
        Operation::Value
        | Operation::Length
        | Operation::Names { .. }
        | Operation::Keys { .. }
        | Operation::Transform(_)
        | Operation::Bad(_) => {}
        Operation::Default { word: found, .. }
        | Operation::Assign { word: found, .. }
        | Operation::Error { word: found, .. }
        | Operation::Alternative { word: found, .. }
        | Operation::Trim { pattern: found, .. }
        | Operation::Case { pattern: found, .. } => word(found),
        Operation::Slice { offset, length } => {
            word(offset);
            length.iter_mut().for_each(word);
        }
        Operation::Replace { pattern, with, .. } => {
            word(pattern);
            word(with);
        }
    }
}
